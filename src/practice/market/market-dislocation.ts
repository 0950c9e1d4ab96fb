/**
 * Moves one pair at a time out of line with the others, for a short while: what a rehearsal trades on. It stands between
 * the recording and the market and works by ordinary book messages. All levels of the pair are moved by the same number
 * of ticks, and so are the recording's changes of it meanwhile; then all are moved back. What was taken in between
 * stays taken. Injected, and reported as such: no market was ever like this.
 */

import { isObject, lexemeOf, textOf } from '../../net/exact-json.ts';
import type { Chance } from '../../platform/chance.ts';
import type { CancelTimer, Clock } from '../../platform/clock.ts';
import { roundedUp } from '../exchange/pair-rules.ts';
import type { Market } from './market.ts';
import type { MarketBook, MarketSide } from './market-book.ts';
import { type Level, level } from './market-level.ts';
import type { BookEvent, MarketEvent } from './market-tape.ts';

/** A pair was moved, or is back. */
export interface DislocationReport {
  readonly symbol: string;
  /** Signed: up or down. */
  readonly bps: number;
  readonly isOver: boolean;
}

export interface DislocationPorts {
  readonly market: Market;
  readonly clock: Clock;
  readonly chance: Chance;
  /** How far a pair is moved at least, in basis points of its best bid; it is rounded up to the pair's price step. */
  readonly bps: number;
  readonly onDislocation: (report: DislocationReport) => void;
}

/** Least and most of the time between two dislocations, and of how long one lasts. */
const PAUSE_MS = [150, 600] as const;
const HOLD_MS = [300, 900] as const;
const BPS = 10_000n;

interface Shift {
  readonly symbol: string;
  readonly bps: number;
  /** In ticks of the book's scale. */
  readonly offset: bigint;
}

export class MarketDislocation {
  readonly #ports: DislocationPorts;
  #shift: Shift | undefined;
  #count = 0;
  #cancel: CancelTimer = () => {};

  constructor(ports: DislocationPorts) {
    this.#ports = ports;
  }

  /** Dislocations so far. */
  get count(): number {
    return this.#count;
  }

  start(): void {
    this.#after(PAUSE_MS, () => this.#begin());
  }

  stop(): void {
    this.#cancel();
  }

  /** Plays an event of the recording, moved when its pair is. */
  play(event: MarketEvent): void {
    const shift = this.#shift;
    const isMoved = event.kind === 'book' && event.symbol === shift?.symbol;
    this.#ports.market.play(isMoved ? movedEvent(event, shift.offset) : event);
  }

  #begin(): void {
    const { market, chance, bps } = this.#ports;
    const books = booksOnCycles(market);
    const book = books[chance.integer(Math.max(1, books.length))];
    const direction = chance.integer(2) === 0 ? 1 : -1;
    const shift = book && shiftOf(book, direction * bps, market);
    if (book !== undefined && shift !== undefined) {
      this.#shift = shift;
      this.#count++;
      this.#move(book, shift.offset);
      this.#ports.onDislocation({ symbol: shift.symbol, bps: shift.bps, isOver: false });
    }
    this.#after(HOLD_MS, () => this.#end());
  }

  #end(): void {
    const shift = this.#shift;
    const book = shift && this.#ports.market.books.get(shift.symbol);
    this.#shift = undefined;
    if (shift !== undefined && book !== undefined) {
      this.#move(book, -shift.offset);
      this.#ports.onDislocation({ symbol: shift.symbol, bps: shift.bps, isOver: true });
    }
    this.#after(PAUSE_MS, () => this.#begin());
  }

  /** One message: every level goes, and comes again elsewhere. */
  #move(book: MarketBook, offset: bigint): void {
    const side = (name: MarketSide): Level[] => {
      const levels = book.marketLevels(name);
      return [...levels.map(({ price }) => level(price, 0n)), ...movedLevels(levels, offset)];
    };
    const event = { kind: 'book', offsetMs: 0, symbol: book.symbol, snapshot: false } as const;
    this.#ports.market.play({ ...event, bids: side('bid'), asks: side('ask') });
  }

  #after([least, most]: readonly [number, number], run: () => void): void {
    this.#cancel = this.#ports.clock.after(least + this.#ports.chance.integer(most - least + 1), run);
  }
}

const movedLevels = (levels: readonly Level[], offset: bigint): Level[] =>
  levels.map(({ price, qty }) => level(price + offset, qty));

function movedEvent(event: BookEvent, offset: bigint): BookEvent {
  return { ...event, bids: movedLevels(event.bids, offset), asks: movedLevels(event.asks, offset) };
}

/** Undefined when the book has no price, or the lowest would not stay above zero. */
function shiftOf(book: MarketBook, bps: number, market: Market): Shift | undefined {
  const best = book.marketLevels('bid')[0]?.price;
  const lowest = book.marketLevels('bid').at(-1)?.price;
  if (best === undefined || lowest === undefined) return undefined;
  const step = priceStep(book, market);
  const steps = (best * BigInt(Math.abs(bps)) + BPS * step - 1n) / (BPS * step);
  const offset = BigInt(Math.sign(bps)) * steps * step;
  return lowest + offset > 0n ? { symbol: book.symbol, bps, offset } : undefined;
}

function priceStep(book: MarketBook, market: Market): bigint {
  const step = lexemeOf(market.entry(book.symbol)?.['price_increment']);
  const ticks = step === undefined ? 1n : roundedUp(step, book.scale.price);
  return ticks > 0n ? ticks : 1n;
}

/** Books with both sides whose pair is online and closes a cycle of three with two others of the kind. */
function booksOnCycles(market: Market): MarketBook[] {
  const pairs = market.entries.pairs.filter(isObject).flatMap((entry) => {
    const book = market.books.get(textOf(entry, 'symbol') ?? '');
    const hasBoth = book !== undefined && book.bids.length > 0 && book.asks.length > 0;
    if (!hasBoth || (textOf(entry, 'status') ?? 'online') !== 'online') return [];
    return [{ book, base: textOf(entry, 'base') ?? '', quote: textOf(entry, 'quote') ?? '' }];
  });
  const neighbours = new Map<string, Set<string>>();
  const join = (one: string, other: string) => neighbours.set(one, (neighbours.get(one) ?? new Set()).add(other));
  for (const { base, quote } of pairs) {
    join(base, quote);
    join(quote, base);
  }
  const closes = (base: string, quote: string) =>
    [...(neighbours.get(base) ?? [])].some((third) => neighbours.get(quote)?.has(third));
  return pairs.filter(({ base, quote }) => closes(base, quote)).map(({ book }) => book);
}
