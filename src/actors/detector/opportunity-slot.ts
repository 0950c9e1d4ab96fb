/** Writes an opportunity as the fixed-size message of `opportunity-message.ts`. */

import { assetSpent } from '../../market/asset-graph.ts';
import type { InstrumentIndex } from '../../market/instrument.ts';
import type { LegFill, LegTouch } from '../../market/legs/leg.ts';
import { LEG, OPPORTUNITY } from '../../messages/opportunity-message.ts';
import { RECORD_KIND } from '../../messages/record-messages.ts';
import { INT64_MAX, smaller } from '../../money/money.ts';
import { writeAmount } from '../../shared/amount-field.ts';
import type { Opportunity } from '../../strategies/strategy.ts';

/** The market message an opportunity follows from. */
export interface Trigger {
  readonly instrument: InstrumentIndex;
  readonly seq: number;
  readonly recvIndex: number;
  readonly stampNs: number;
  readonly wallNs: bigint;
}

/** Which strategy an opportunity is of, and its number within what follows from one market message. */
export interface Place {
  /** Index into `STRATEGY_NAMES`. */
  readonly strategy: number;
  readonly ordinal: number;
}

/** Fills the message at `offset` of `view`. Its record number is set where it is recorded. */
export function writeOpportunity(
  view: DataView,
  offset: number,
  trigger: Trigger,
  { cycle, legs, touch, size }: Opportunity,
  place: Place,
): void {
  for (let at = 0; at < OPPORTUNITY.SIZE; at += 8) view.setFloat64(offset + at, 0, true);
  view.setUint8(offset + OPPORTUNITY.kind, RECORD_KIND.OPPORTUNITY);
  view.setUint8(offset + OPPORTUNITY.legCount, legs.length);
  view.setUint8(offset + OPPORTUNITY.strategy, place.strategy);
  view.setUint8(offset + OPPORTUNITY.sized, size === undefined ? 0 : 1);
  writeTrigger(view, offset, trigger);
  view.setFloat64(offset + OPPORTUNITY.grossMultiplier, touch.grossMultiplier, true);
  view.setFloat64(offset + OPPORTUNITY.netMultiplier, touch.netMultiplier, true);
  writeAmount(view, offset + OPPORTUNITY.touchStartUnits, smaller(touch.startUnits, INT64_MAX));
  writeAmount(view, offset + OPPORTUNITY.startUnits, size?.startUnits ?? 0n);
  writeAmount(view, offset + OPPORTUNITY.endUnits, size?.endUnits ?? 0n);
  view.setUint16(offset + OPPORTUNITY.startAsset, startAsset(legs), true);
  view.setUint16(offset + OPPORTUNITY.ordinal, place.ordinal, true);
  view.setUint32(offset + OPPORTUNITY.cycle, cycle, true);
  for (const [index, leg] of legs.entries()) {
    const turn = size === undefined ? index : (index - size.firstLeg + legs.length) % legs.length;
    writeLeg(view, offset + OPPORTUNITY.legs + index * LEG.SIZE, leg, turn, size?.fills[turn]);
  }
}

function writeTrigger(view: DataView, offset: number, trigger: Trigger): void {
  view.setUint32(offset + OPPORTUNITY.instrument, trigger.instrument, true);
  view.setBigInt64(offset + OPPORTUNITY.wallNs, trigger.wallNs, true);
  view.setFloat64(offset + OPPORTUNITY.seq, trigger.seq, true);
  view.setFloat64(offset + OPPORTUNITY.recvIndex, trigger.recvIndex, true);
  view.setFloat64(offset + OPPORTUNITY.stampNs, trigger.stampNs, true);
}

function writeLeg(view: DataView, offset: number, leg: LegTouch, turn: number, fill: LegFill | undefined): void {
  view.setUint16(offset + LEG.instrument, leg.terms.instrument.index, true);
  view.setUint8(offset + LEG.side, leg.terms.side);
  view.setUint8(offset + LEG.turn, turn);
  view.setUint32(offset + LEG.feePpm, leg.terms.feePpm, true);
  writeAmount(view, offset + LEG.priceTicks, fill?.priceTicks ?? leg.priceTicks);
  writeAmount(view, offset + LEG.qtyLots, fill?.qtyLots ?? 0n);
  writeAmount(view, offset + LEG.costUnits, fill?.costUnits ?? 0n);
  writeAmount(view, offset + LEG.feeUnits, fill?.feeUnits ?? 0n);
}

function startAsset(legs: readonly LegTouch[]): number {
  const { instrument, side } = (legs[0] as LegTouch).terms;
  return assetSpent(instrument, side);
}
