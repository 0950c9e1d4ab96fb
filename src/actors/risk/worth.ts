/**
 * What an amount would bring of another asset right now, at the touch of a pair of the two: for people to see, no limit
 * hangs on it. Undefined where no such pair has a verified book.
 */
import { type BookCopy, type BookTable, createBookCopy, VALID } from '../../shared/book-table.ts';
import { powerOfTen } from '../../shared/cycle-leg.ts';
import type { Asset, Instrument, InstrumentDirectory } from '../../shared/instrument.ts';
import { divideDown } from '../../shared/money.ts';

const SCRATCH: BookCopy = createBookCopy(1);

/** Units of `into` for `units` of `asset`; negative for what is owed, at the price of buying it back. Rounded down. */
export function worthOf(
  units: bigint,
  asset: Asset,
  into: Asset,
  directory: InstrumentDirectory,
  books: BookTable,
): bigint | undefined {
  if (asset.index === into.index) return units;
  for (const pair of directory.instruments) {
    const isBase = pair.base === asset.index && pair.quote === into.index;
    const isQuote = pair.quote === asset.index && pair.base === into.index;
    if (!isBase && !isQuote) continue;
    const ticks = touch(books, pair, isBase === units > 0n ? 'bids' : 'asks');
    if (ticks === undefined) continue;
    const [up, down] = powerOfTen(into.precision - asset.precision);
    const [tickUp, tickDown] = powerOfTen(pair.pricePrecision);
    // Base into quote is times the price, quote into base is divided by it.
    const [times, over] = isBase ? [ticks, tickUp] : [tickUp, ticks];
    return divideDown(units * times * up, over * down * tickDown);
  }
  return undefined;
}

function touch(books: BookTable, { index }: Instrument, side: 'bids' | 'asks'): bigint | undefined {
  if (books.validity(index) !== VALID || !books.readNewest(index, SCRATCH)) return undefined;
  const levels = SCRATCH[side];
  return levels.count > 0 ? levels.priceTicks[0] : undefined;
}
