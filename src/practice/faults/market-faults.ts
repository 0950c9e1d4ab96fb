/** What goes wrong with the market as a whole, drawn once a second: states of the system and of pairs, the clock. */
import type { Clock } from '../../platform/clock.ts';
import type { ExchangeClock } from '../exchange/exchange-clock.ts';
import type { TradeRecord } from '../exchange/exchange-types.ts';
import type { Market } from '../market/market.ts';
import type { FaultDraws } from './fault-plan.ts';
import type { FaultName } from './faults.ts';

/** How long a state that a fault brought about lasts. */
const STATE_FAULT_MS = 5_000;
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

/** @param followed the symbols with at least one subscriber: only those have faults. */
export function strikeMarket(
  market: Market,
  clock: ExchangeClock,
  faults: FaultDraws,
  followed: readonly string[],
): void {
  for (const [fault, system] of SYSTEM_FAULTS) {
    if (!faults.strikes(fault)) continue;
    market.setSystem(system);
    clock.after(STATE_FAULT_MS, () => market.setSystem('online'));
  }
  if (faults.strikes('clock-skew')) {
    clock.setSkew(SKEW_MAX_MS - faults.choose('clock-skew', 2 * SKEW_MAX_MS));
    clock.after(SKEW_FAULT_MS, () => clock.setSkew(0));
  }
  strikePair(faults, followed, 'instrument-status', (symbol) => {
    market.setPairStatus(symbol, 'cancel_only');
    clock.after(STATE_FAULT_MS, () => market.setPairStatus(symbol, 'online'));
  });
  strikePair(faults, followed, 'instrument-precision', (symbol) => toggleDecimal(market, symbol));
}

const BOUGHT_FAULTS = [
  ['pair-delisted', 'delisted'],
  ['pair-reduce-only', 'reduce_only'],
] as const;

/** After a trade: another pair of the asset that it brought, where a plan would go on, goes out of reach for a while. */
export function strikeBought(
  market: Market,
  clock: Clock,
  faults: FaultDraws,
  { order: { pair, side } }: TradeRecord,
): void {
  const bought = side === 'buy' ? pair.base.id : pair.quote.id;
  const others = [...market.books.keys()].filter(
    (symbol) => symbol !== pair.symbol && symbol.split('/').includes(bought),
  );
  for (const [fault, status] of BOUGHT_FAULTS) {
    strikePair(faults, others, fault, (symbol) => {
      // Not in the middle of the trade that is being sent.
      clock.after(0, () => market.setPairStatus(symbol, status));
      clock.after(STATE_FAULT_MS, () => market.setPairStatus(symbol, 'online'));
    });
  }
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
