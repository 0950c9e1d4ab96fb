/** Records as actors write them, for tests that play the actor. */

import {
  type AssetIndex,
  assetIndex,
  type InstrumentChanges,
  type InstrumentIndex,
  instrumentIndex,
} from '../../src/market/instrument.ts';
import { EXECUTION } from '../../src/messages/execution-message.ts';
import { LEG, OPPORTUNITY } from '../../src/messages/opportunity-message.ts';
import { PORTFOLIO, RECORD_KIND } from '../../src/messages/record-messages.ts';
import { lots, ticks, units } from '../../src/money/money.ts';
import type { Side } from '../../src/money/side.ts';
import type { RecordWriter } from '../../src/runtime/records/record-writer.ts';

/** Three assets and the three pairs between them; precisions differ on purpose. */
export const TRIANGLE: InstrumentChanges = {
  assets: [
    { index: assetIndex(0), id: 'USD', precision: 4 },
    { index: assetIndex(1), id: 'BTC', precision: 10 },
    { index: assetIndex(2), id: 'ETH', precision: 18 },
  ],
  instruments: [pair(0, 'BTC/USD', 1, 0, 1, 8), pair(1, 'ETH/BTC', 2, 1, 5, 8), pair(2, 'ETH/USD', 2, 0, 2, 8)],
};

function pair(index: number, symbol: string, base: number, quote: number, price: number, qty: number) {
  return {
    index: instrumentIndex(index),
    symbol,
    base: assetIndex(base),
    quote: assetIndex(quote),
    status: 'online' as const,
    pricePrecision: price,
    qtyPrecision: qty,
    costPrecision: 5,
    priceIncrement: ticks(1n),
    qtyIncrement: lots(1n),
    qtyMin: lots(1n),
    costMin: units(1n),
  };
}

export interface LegFields {
  readonly instrument: InstrumentIndex;
  readonly side: Side;
  readonly turn: number;
  readonly feePpm: number;
  readonly price: bigint;
  readonly qty: bigint;
  readonly cost: bigint;
  readonly fee: bigint;
}

export interface OpportunityFields {
  readonly seq: number;
  readonly ordinal: number;
  readonly recvIndex: number;
  readonly sized: boolean;
  readonly instrument: InstrumentIndex;
  readonly startAsset: AssetIndex;
  readonly gross: number;
  readonly net: number;
  readonly touchStart: bigint;
  readonly start: bigint;
  readonly end: bigint;
  readonly wallNs: bigint;
  readonly legs: readonly LegFields[];
}

export function writeOpportunity(records: RecordWriter, fields: OpportunityFields): boolean {
  return records.tryWrite(RECORD_KIND.OPPORTUNITY, (view, offset) => {
    view.setUint8(offset + OPPORTUNITY.legCount, fields.legs.length);
    view.setUint8(offset + OPPORTUNITY.sized, fields.sized ? 1 : 0);
    view.setUint32(offset + OPPORTUNITY.instrument, fields.instrument, true);
    view.setBigInt64(offset + OPPORTUNITY.wallNs, fields.wallNs, true);
    view.setFloat64(offset + OPPORTUNITY.seq, fields.seq, true);
    view.setFloat64(offset + OPPORTUNITY.recvIndex, fields.recvIndex, true);
    view.setFloat64(offset + OPPORTUNITY.grossMultiplier, fields.gross, true);
    view.setFloat64(offset + OPPORTUNITY.netMultiplier, fields.net, true);
    view.setBigInt64(offset + OPPORTUNITY.touchStartUnits, fields.touchStart, true);
    view.setBigInt64(offset + OPPORTUNITY.startUnits, fields.start, true);
    view.setBigInt64(offset + OPPORTUNITY.endUnits, fields.end, true);
    view.setUint16(offset + OPPORTUNITY.startAsset, fields.startAsset, true);
    view.setUint16(offset + OPPORTUNITY.ordinal, fields.ordinal, true);
    view.setUint32(offset + OPPORTUNITY.cycle, 0xffff_ffff, true);
    fields.legs.forEach((leg, index) => {
      writeLeg(view, offset + OPPORTUNITY.legs + index * LEG.SIZE, leg);
    });
  });
}

function writeLeg(view: DataView, offset: number, leg: LegFields): void {
  view.setUint16(offset + LEG.instrument, leg.instrument, true);
  view.setUint8(offset + LEG.side, leg.side);
  view.setUint8(offset + LEG.turn, leg.turn);
  view.setUint32(offset + LEG.feePpm, leg.feePpm, true);
  view.setBigInt64(offset + LEG.priceTicks, leg.price, true);
  view.setBigInt64(offset + LEG.qtyLots, leg.qty, true);
  view.setBigInt64(offset + LEG.costUnits, leg.cost, true);
  view.setBigInt64(offset + LEG.feeUnits, leg.fee, true);
}

/** Writes an execution; integer fields by the names of {@link EXECUTION}. Bigints are 64 bits wide. */
export function writeExecution(
  records: RecordWriter,
  bytes: Partial<Record<ByteExecutionField, number>>,
  shorts: Partial<Record<ShortExecutionField, number>>,
  doubles: Partial<Record<'plan' | 'seq' | 'executionSeq' | 'instrumentsSeq' | 'runMs', number>>,
  wide: Partial<Record<WideExecutionField, bigint>>,
  instrument = 0,
  texts: Partial<Record<'clOrdId' | 'venueOrderId' | 'execId', string>> = {},
): boolean {
  return records.tryWrite(RECORD_KIND.EXECUTION, (view, offset) => {
    view.setUint32(offset + EXECUTION.instrument, instrument, true);
    for (const [name, value] of entriesOf(bytes)) view.setUint8(offset + EXECUTION[name], value);
    for (const [name, value] of entriesOf(shorts)) view.setUint16(offset + EXECUTION[name], value, true);
    for (const [name, value] of entriesOf(doubles)) view.setFloat64(offset + EXECUTION[name], value, true);
    for (const [name, value] of entriesOf(wide)) view.setBigInt64(offset + EXECUTION[name], value, true);
    for (const [name, text] of entriesOf(texts)) {
      for (const [index, byte] of Buffer.from(text).entries()) view.setUint8(offset + EXECUTION[name] + index, byte);
    }
  });
}

type ByteExecutionField = 'event' | 'side' | 'leg' | 'outcome' | 'attempt' | 'orderOutcome' | 'exposureReason';
type ShortExecutionField = 'feeAsset' | 'startAsset' | 'spentAsset' | 'receivedAsset' | 'reason' | 'ordinal';

type WideExecutionField =
  | 'priceTicks'
  | 'qtyLots'
  | 'costUnits'
  | 'feeUnits'
  | 'startUnits'
  | 'endUnits'
  | 'profitUnits'
  | 'qtyWantedLots'
  | 'limitTicks'
  | 'spentUnits'
  | 'receivedUnits'
  | 'amountUnits'
  | 'markUnits';

export function writePortfolio(
  records: RecordWriter,
  asset: AssetIndex,
  snapshot: number,
  wide: Readonly<Record<'balanceUnits' | 'reservedUnits' | 'realisedUnits' | 'drawdownUnits', bigint>>,
): boolean {
  return records.tryWrite(RECORD_KIND.PORTFOLIO, (view, offset) => {
    view.setUint16(offset + PORTFOLIO.asset, asset, true);
    view.setFloat64(offset + PORTFOLIO.snapshot, snapshot, true);
    for (const [name, value] of entriesOf(wide)) view.setBigInt64(offset + PORTFOLIO[name], value, true);
  });
}

function entriesOf<K extends string, V>(fields: Partial<Record<K, V>>): [K, V][] {
  return Object.entries(fields) as [K, V][];
}
