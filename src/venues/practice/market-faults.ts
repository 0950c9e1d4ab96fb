/** What goes wrong with the market as a whole, drawn once a second: states of the system and of pairs, the clock. */
import type { FaultDraws } from './fault-plan.ts';
import type { FaultName } from './faults.ts';
import type { Market } from './market.ts';
import type { SkewedClock } from './skewed-clock.ts';

/** How long a state that a fault brought about lasts. */
export const STATE_FAULT_MS = 5_000;
/** System states that a fault brings about (protocol reference 1.5). */
const SYSTEM_FAULTS = [
  ['status', 'maintenance'],
  ['system-cancel-only', 'cancel_only'],
  ['system-post-only', 'post_only'],
  ['system-limit-only', 'limit_only'],
] as const;
/** How far off the venue's clock is by a fault, at most and in either direction, and for how long. */
const SKEW_MAX_MS = 8_000;
const SKEW_FAULT_MS = 30_000;

/** @param followed the symbols that somebody follows: only those have faults. @param after runs something later. */
export function strikeMarket(
  market: Market,
  clock: SkewedClock,
  faults: FaultDraws,
  followed: readonly string[],
  after: (delayMs: number, run: () => void) => void,
): void {
  for (const [fault, system] of SYSTEM_FAULTS) {
    if (!faults.strikes(fault)) continue;
    market.setSystem(system);
    after(STATE_FAULT_MS, () => market.setSystem('online'));
  }
  if (faults.strikes('clock-skew')) {
    clock.setSkew(SKEW_MAX_MS - faults.choose('clock-skew', 2 * SKEW_MAX_MS));
    after(SKEW_FAULT_MS, () => clock.setSkew(0));
  }
  strikePair(faults, followed, 'instrument-status', (symbol) => {
    market.setPairStatus(symbol, 'cancel_only');
    after(STATE_FAULT_MS, () => market.setPairStatus(symbol, 'online'));
  });
  strikePair(faults, followed, 'instrument-precision', (symbol) => toggleDecimal(market, symbol));
}

function strikePair(
  faults: FaultDraws,
  followed: readonly string[],
  fault: FaultName,
  strike: (symbol: string) => void,
): void {
  const chosen = followed[faults.choose(fault, Math.max(1, followed.length))];
  if (chosen !== undefined && faults.strikes(fault, chosen)) strike(chosen);
}

/** One more decimal of the price than recorded, or back. */
function toggleDecimal(market: Market, symbol: string): void {
  const book = market.books.get(symbol);
  if (book === undefined) return;
  const { scale, wire } = book;
  market.setPricePrecision(symbol, wire.price > scale.price ? scale.price : scale.price + 1);
}
