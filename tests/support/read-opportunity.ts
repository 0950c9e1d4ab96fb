/** Decodes OPPORTUNITY messages as tests find them on a ring. */

import { assetReceived, assetSpent, spellCycle } from '../../src/market/asset-graph.ts';
import type { InstrumentDirectory } from '../../src/market/instrument.ts';
import { LEG, OPPORTUNITY } from '../../src/messages/opportunity-message.ts';
import { units } from '../../src/money/money.ts';
import { BUY, SELL } from '../../src/money/side.ts';
import type { Amount, Opportunity, OpportunityLeg } from '../../src/trading/opportunity-json.ts';

/**
 * Reads the OPPORTUNITY message at `offset`. `directory` is the one it was decided with, or any later: indices are
 * never re-used, and a change of precision voids what came before. Names that are not known are written `?`.
 */
export function readOpportunity(view: DataView, offset: number, directory: InstrumentDirectory): Opportunity {
  const legs = Array.from({ length: view.getUint8(offset + OPPORTUNITY.legCount) }, (_, index) =>
    readLeg(view, offset + OPPORTUNITY.legs + index * LEG.SIZE, directory),
  );
  const start = directory.assets[view.getUint16(offset + OPPORTUNITY.startAsset, true)];
  const instrument = directory.instruments[view.getUint32(offset + OPPORTUNITY.instrument, true)];
  return {
    recvIndex: BigInt(view.getFloat64(offset + OPPORTUNITY.recvIndex, true)),
    ns: view.getBigInt64(offset + OPPORTUNITY.wallNs, true),
    symbol: instrument?.symbol ?? '?',
    cycle: spellCycle(legs.map((leg) => ({ ...leg, side: leg.side === 'buy' ? BUY : SELL }))),
    startAsset: start?.id ?? '?',
    grossMultiplier: view.getFloat64(offset + OPPORTUNITY.grossMultiplier, true),
    netMultiplier: view.getFloat64(offset + OPPORTUNITY.netMultiplier, true),
    touchStart: amount(view, offset + OPPORTUNITY.touchStartUnits, start?.precision),
    size: view.getUint8(offset + OPPORTUNITY.sized) === 0 ? null : readSize(view, offset, directory, legs),
    legs,
  };
}

interface ReadLeg extends OpportunityLeg {
  /** Place in trading order. */
  readonly turn: number;
  readonly spends: number;
}

function readLeg(view: DataView, offset: number, directory: InstrumentDirectory): ReadLeg {
  const side = view.getUint8(offset + LEG.side) === BUY ? BUY : SELL;
  const instrument = directory.instruments[view.getUint16(offset + LEG.instrument, true)];
  const quote = instrument && directory.assets[instrument.quote];
  const received = instrument && directory.assets[assetReceived(instrument, side)];
  return {
    symbol: instrument?.symbol ?? '?',
    side: side === BUY ? 'buy' : 'sell',
    price: amount(view, offset + LEG.priceTicks, instrument?.pricePrecision),
    qty: amount(view, offset + LEG.qtyLots, instrument?.qtyPrecision),
    cost: amount(view, offset + LEG.costUnits, quote?.precision),
    fee: amount(view, offset + LEG.feeUnits, received?.precision),
    turn: view.getUint8(offset + LEG.turn),
    spends: instrument === undefined ? -1 : assetSpent(instrument, side),
  };
}

function readSize(view: DataView, offset: number, directory: InstrumentDirectory, legs: readonly ReadLeg[]) {
  const asset = directory.assets[legs.find(({ turn }) => turn === 0)?.spends ?? -1];
  return {
    asset: asset?.id ?? '?',
    start: amount(view, offset + OPPORTUNITY.startUnits, asset?.precision),
    end: amount(view, offset + OPPORTUNITY.endUnits, asset?.precision),
  };
}

function amount(view: DataView, offset: number, decimals = 0): Amount {
  return { units: units(view.getBigInt64(offset, true)), decimals };
}
