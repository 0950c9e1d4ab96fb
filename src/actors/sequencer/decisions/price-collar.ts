/** The worst price a leg is taken at: the decided one, and some basis points beyond it. */

import type { Instrument } from '../../../market/instrument.ts';
import { divideDown, divideUp, type Ticks, ticks } from '../../../money/money.ts';
import { BUY, type Side } from '../../../money/side.ts';

const BPS = 10_000n;

/**
 * `decidedTicks` plus (buy) or minus (sell) `slippageBps`, on the instrument's price step. Rounded towards the decided
 * price, but never to its better side: a collar of 0 is the decided price itself.
 */
export function priceCollar(instrument: Instrument, side: Side, decidedTicks: Ticks, slippageBps: number): Ticks {
  const step = instrument.priceIncrement > 0n ? instrument.priceIncrement : 1n;
  const slip = BigInt(slippageBps);
  if (side === BUY) {
    const limit = divideDown(decidedTicks * (BPS + slip), BPS * step) * step;
    return limit < decidedTicks ? decidedTicks : ticks(limit);
  }
  const limit = divideUp(decidedTicks * (BPS - slip), BPS * step) * step;
  return limit > decidedTicks ? decidedTicks : ticks(limit);
}
