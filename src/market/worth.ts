/**
 * What an amount would come to at the touch of the books, without fees: over one pair, or over the pairs of a cycle. Exact
 * integers; it reads the newest books, so it is a mark and decides nothing that a replay has to repeat.
 */

import { divideDown, type Units, units } from '../money/money.ts';
import { powerOfTen } from '../money/rational.ts';
import { type BookCopy, type BookTable, createBookCopy, VALID } from './book-table.ts';
import type { Asset, AssetIndex, Instrument, InstrumentDirectory } from './instrument.ts';

const SCRATCH: BookCopy = createBookCopy(1);

/** Units of `into` for `units` of `asset`; negative for what is owed, at the price of buying it back. Rounded down. */
export function worthOf(
  units: Units,
  asset: Asset,
  into: Asset,
  directory: InstrumentDirectory,
  books: BookTable,
): Units | undefined {
  if (asset.index === into.index) return units;
  for (const pair of directory.instruments) {
    const worth = overPair(units, asset, into, pair, books);
    if (worth !== undefined) return worth;
  }
  return undefined;
}

/**
 * As {@link worthOf}, over the best route that leads through `pairs`, each used once: what is held, or owed, in the middle of
 * a cycle by the cycle's own pairs. Undefined when no route has valid books throughout.
 */
export function worthWithin(
  units: Units,
  asset: AssetIndex,
  into: AssetIndex,
  pairs: readonly Instrument[],
  { assets }: Pick<InstrumentDirectory, 'assets'>,
  books: BookTable,
): Units | undefined {
  if (asset === into || units === 0n) return units;
  let best: Units | undefined;
  for (const pair of pairs) {
    if (pair.base !== asset && pair.quote !== asset) continue;
    const from = assets[asset];
    const next = assets[pair.base === asset ? pair.quote : pair.base];
    const step = from && next && overPair(units, from, next, pair, books);
    if (next === undefined || step === undefined) continue;
    const others = pairs.filter((one) => one !== pair);
    const worth = worthWithin(step, next.index, into, others, { assets }, books);
    if (worth !== undefined && (best === undefined || worth > best)) best = worth;
  }
  return best;
}

function overPair(amount: Units, asset: Asset, into: Asset, pair: Instrument, books: BookTable): Units | undefined {
  const isBase = pair.base === asset.index && pair.quote === into.index;
  const isQuote = pair.quote === asset.index && pair.base === into.index;
  if (!isBase && !isQuote) return undefined;
  const ticks = touch(books, pair, isBase === amount > 0n ? 'bids' : 'asks');
  if (ticks === undefined) return undefined;
  const [up, down] = powerOfTen(into.precision - asset.precision);
  const [tickUp, tickDown] = powerOfTen(pair.pricePrecision);
  // Base into quote is times the price, quote into base is divided by it.
  const [times, over] = isBase ? [ticks, tickUp] : [tickUp, ticks];
  return units(divideDown(amount * times * up, over * down * tickDown));
}

function touch(books: BookTable, { index }: Instrument, side: 'bids' | 'asks'): bigint | undefined {
  if (books.validity(index) !== VALID || !books.readNewest(index, SCRATCH)) return undefined;
  const levels = SCRATCH[side];
  return levels.count > 0 ? levels.priceTicks[0] : undefined;
}
