/**
 * A market that is full of profitable cycles, as a capture of Kraken v2 frames: twelve pairs of six assets, each book a
 * few ticks around a price that wanders by itself. Checksums are right. By a seed.
 */
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type Chance, seededChance } from '../../src/platform/chance.ts';
import { bookChecksum } from '../../src/venues/kraken/market/checksum.ts';

const ASSETS = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE', 'FFF'] as const;
const DEPTH = 10;
const PRICE_DECIMALS = 5;
const QTY_DECIMALS = 8;
/** Of every pair. */
export const MADE_PRECISION = { price: PRICE_DECIMALS, qty: QTY_DECIMALS };
const START_TICKS = 100_000; // 1.00000: every asset is worth the same
/** How far a pair's price strays from 1, in ticks: up to 0.1 %. */
const STRAY_TICKS = 100;

type Side = Map<number, number>;

class MadeBook {
  readonly symbol: string;
  readonly #bids: Side = new Map();
  readonly #asks: Side = new Map();
  #mid: number = START_TICKS;

  constructor(symbol: string) {
    this.symbol = symbol;
  }

  /** Moves the price and makes the levels anew. @returns the frame of what has changed. */
  move(chance: Chance, type: 'snapshot' | 'update'): string {
    const before = [new Map(this.#bids), new Map(this.#asks)] as const;
    this.#mid = START_TICKS + chance.integer(2 * STRAY_TICKS + 1) - STRAY_TICKS;
    if (type === 'update' && chance.integer(3) > 0) this.#resize(chance);
    else this.#rebuild(chance);
    const bids = changes(before[0], this.#bids);
    const asks = changes(before[1], this.#asks);
    const levels = (list: readonly (readonly [number, number])[]) =>
      `[${list.map(([price, qty]) => `{"price":${decimal(price, PRICE_DECIMALS)},"qty":${decimal(qty, QTY_DECIMALS)}}`).join(',')}]`;
    const checksum = bookChecksum(ladder(this.#asks, 1), ladder(this.#bids, -1));
    return `{"channel":"book","type":"${type}","data":[{"symbol":"${this.symbol}","bids":${levels(bids)},"asks":${levels(asks)},"checksum":${checksum},"timestamp":"2026-08-02T00:00:00.000000Z"}]}`;
  }

  #rebuild(chance: Chance): void {
    this.#bids.clear();
    this.#asks.clear();
    for (let level = 0; level < DEPTH; level++) {
      this.#bids.set(this.#mid - 1 - 3 * level, quantity(chance));
      this.#asks.set(this.#mid + 1 + 3 * level, quantity(chance));
    }
  }

  #resize(chance: Chance): void {
    const side = chance.integer(2) === 0 ? this.#bids : this.#asks;
    const prices = [...side.keys()];
    side.set(prices[chance.integer(prices.length)] as number, quantity(chance));
  }
}

const quantity = (chance: Chance): number => 10_000_000 + chance.integer(900_000_000); // 0.1 … 9.1

function changes(before: Side, after: Side): (readonly [number, number])[] {
  const gone = [...before.keys()].filter((price) => !after.has(price)).map((price) => [price, 0] as const);
  return [...gone, ...[...after].filter(([price, qty]) => before.get(price) !== qty)];
}

const ladder = (side: Side, direction: 1 | -1) =>
  [...side].sort(([a], [b]) => (a - b) * direction).map(([price, qty]) => ({ price, qty }));

function decimal(scaled: number, decimals: number): string {
  const digits = String(scaled).padStart(decimals + 1, '0');
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** The first twelve pairs of the assets. */
export const MADE_SYMBOLS: readonly string[] = ASSETS.flatMap((base, index) =>
  ASSETS.slice(index + 1).map((quote) => `${base}/${quote}`),
).slice(0, 12);

/** Writes `frames` book messages after the opening ones; packed when the name ends in `.gz`. */
export function writeMadeMarket(file: string, seed: number, frames: number): void {
  const chance = seededChance(seed);
  const books = MADE_SYMBOLS.map((symbol) => new MadeBook(symbol));
  const texts = [
    '{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":1}]}',
    instruments(),
    ...MADE_SYMBOLS.map(
      (symbol) =>
        `{"method":"subscribe","result":{"channel":"book","depth":${DEPTH},"snapshot":true,"symbol":"${symbol}"},"success":true,"time_in":"2026-08-02T00:00:00.000000Z","time_out":"2026-08-02T00:00:00.000001Z"}`,
    ),
    ...books.map((book) => book.move(chance, 'snapshot')),
  ];
  for (let frame = 0; frame < frames; frame++) {
    texts.push((books[chance.integer(books.length)] as MadeBook).move(chance, 'update'));
  }
  const rows = texts.map((data, index) =>
    JSON.stringify({ t: 'recv', conn: 'A', ns: `${1_785_628_800_000_000_000n + BigInt(index) * 1_000_000n}`, data }),
  );
  const text = ['{"t":"header","venue":"kraken","api":"ws-v2"}', ...rows, ''].join('\n');
  writeFileSync(file, file.endsWith('.gz') ? gzipSync(text) : text);
}

function instruments(): string {
  const assets = ASSETS.map(
    (id) =>
      `{"id":"${id}","status":"enabled","precision":10,"precision_display":8,"borrowable":false,"collateral_value":0.0}`,
  );
  const pairs = MADE_SYMBOLS.map((symbol) => {
    const [base, quote] = symbol.split('/');
    return `{"symbol":"${symbol}","base":"${base}","quote":"${quote}","status":"online","qty_precision":${QTY_DECIMALS},"qty_increment":1e-${QTY_DECIMALS},"price_precision":${PRICE_DECIMALS},"cost_precision":10,"marginable":false,"has_index":false,"cost_min":0.0001,"price_increment":0.00001,"qty_min":0.0001}`;
  });
  return `{"channel":"instrument","type":"snapshot","data":{"assets":[${assets.join(',')}],"pairs":[${pairs.join(',')}]}}`;
}
