/**
 * A market by a seed: a trading day pressed into what matters. A few assets whose pairs form several triangles, prices
 * that wander and sometimes jump, thin and thick books, quiet times, and dislocations: for a moment one pair or
 * some are quoted away from what the others say, by more than three fees. The same seed gives the same tape, to the byte.
 *
 * Prices are drawn in floats and rounded to ticks before anyone sees them, by the four basic operations only, which are
 * the same on every machine. It is the weather, not money.
 */

import { type JsonObject, rawNumber } from '../../net/exact-json.ts';
import { type Chance, seededChance } from '../../platform/chance.ts';
import { GeneratedBook } from './generated-book.ts';
import type { InstrumentEntries } from './instrument-entries.ts';
import type { BookEvent, MarketTape, TapeSymbol } from './market-tape.ts';

export interface MadeMarketSettings {
  readonly seed: number;
  /** Times that a pair is quoted away from the others. */
  readonly dislocations: number;
  /** Three fees in basis points: dislocations reach from half of it to several times as much. */
  readonly feesBps: number;
}

interface AssetTraits {
  readonly id: string;
  /** Decimals of the venue's ledger. */
  readonly precision: number;
  /** What it is worth at the start, in US dollars. */
  readonly dollars: number;
  /** Smallest order of a pair based on it. */
  readonly qtyMin: string;
  /** Decimals that quantities of it are written with. */
  readonly qtyDecimals: number;
}

/** Assets of the kinds the venue has: cash of few decimals, coins of many, cheap ones with coarse lots. */
const ASSETS: readonly AssetTraits[] = [
  { id: 'USD', precision: 4, dollars: 1, qtyMin: '5', qtyDecimals: 8 },
  { id: 'EUR', precision: 4, dollars: 1.08, qtyMin: '0.5', qtyDecimals: 8 },
  { id: 'BTC', precision: 10, dollars: 60_000, qtyMin: '0.00005', qtyDecimals: 8 },
  { id: 'ETH', precision: 10, dollars: 3_000, qtyMin: '0.001', qtyDecimals: 8 },
  { id: 'SOL', precision: 8, dollars: 150, qtyMin: '0.02', qtyDecimals: 5 },
  { id: 'DOGE', precision: 8, dollars: 0.12, qtyMin: '13', qtyDecimals: 2 },
];

/** What every market has, so that there are triangles; the rest is drawn. */
const ALWAYS = ['EUR/USD', 'BTC/USD', 'BTC/EUR', 'ETH/USD', 'ETH/BTC'];
const SOMETIMES = ['ETH/EUR', 'SOL/USD', 'SOL/BTC', 'SOL/EUR', 'DOGE/USD', 'DOGE/BTC', 'DOGE/EUR'];

/** Significant digits of a price: coarse pairs have ticks of several basis points. */
const PRICE_DIGITS = [4, 5, 6];
/** At once: mostly one, now and then so many that several plans want the same money. */
const PAIRS_THAT_STRAY = [1, 1, 1, 2, 2, 6];
const MILLISECONDS_OF_QUIET = [1_000, 5_000, 20_000];

/** Makes the tape. */
export function makeMarket(settings: MadeMarketSettings): MarketTape {
  return new MarketMaker(settings).make();
}

interface MadePair {
  readonly symbol: string;
  readonly base: AssetTraits;
  readonly quote: AssetTraits;
  readonly priceDecimals: number;
  readonly book: GeneratedBook;
  /** Quoted price over what the assets are worth: 1 unless dislocated. */
  offset: number;
  thin: number;
}

class MarketMaker {
  readonly #settings: MadeMarketSettings;
  readonly #chance: Chance;
  readonly #worth: Map<string, number>;
  readonly #pairs: readonly MadePair[];
  readonly #events: BookEvent[] = [];
  #nowMs = 0;

  constructor(settings: MadeMarketSettings) {
    this.#settings = settings;
    this.#chance = seededChance(settings.seed ^ 0x6d61726b);
    this.#worth = new Map(ASSETS.map(({ id, dollars }) => [id, dollars * (0.7 + 0.6 * this.#chance.unit())]));
    const symbols = [...ALWAYS, ...SOMETIMES.filter(() => this.#chance.integer(5) < 2)];
    this.#pairs = symbols.map((symbol) => this.#pair(symbol));
  }

  make(): MarketTape {
    const symbols = this.#pairs.map((pair) => this.#open(pair));
    for (let count = 0; count < this.#settings.dislocations; count++) {
      this.#wander(2 + this.#chance.integer(12));
      if (this.#chance.integer(6) === 0) this.#jump();
      if (this.#chance.integer(8) === 0) this.#nowMs += this.#oneOf(MILLISECONDS_OF_QUIET);
      this.#dislocate();
    }
    this.#wander(5);
    return {
      events: this.#events,
      symbols,
      entries: entriesOf(this.#pairs),
      lengthMs: this.#nowMs,
      checksums: { verified: 0, failed: 0 },
      notes: [`made by seed ${this.#settings.seed}: dislocations are injected`],
    };
  }

  #pair(symbol: string): MadePair {
    const [base, quote] = symbol.split('/').map((id) => ASSETS.find((asset) => asset.id === id));
    if (base === undefined || quote === undefined) throw new Error(`${symbol} is no pair of known assets`);
    const price = this.#value(base) / this.#value(quote);
    const priceDecimals = Math.max(0, this.#oneOf(PRICE_DIGITS) - wholeDigits(price));
    const ticks = price * 10 ** priceDecimals;
    const lotsPerDollar = 10 ** base.qtyDecimals / this.#value(base);
    const traits = {
      step: Math.max(1, Math.floor(ticks * 0.0001 * (1 + 5 * this.#chance.unit()))),
      spread: Math.max(1, Math.floor(ticks * 0.0002 * this.#chance.unit())),
      usualLots: Math.floor(lotsPerDollar * (200 + 3_000 * this.#chance.unit())),
      leastLots: 1,
    };
    const thin = this.#chance.integer(4) === 0 ? 20 : 1;
    return { symbol, base, quote, priceDecimals, book: new GeneratedBook(traits, this.#chance), offset: 1, thin };
  }

  #open(pair: MadePair): TapeSymbol {
    const { symbol, base, priceDecimals } = pair;
    const changes = pair.book.move(this.#ticks(pair), pair.thin);
    const opening: BookEvent = { kind: 'book', offsetMs: 0, symbol, snapshot: true, ...changes };
    this.#events.push(opening);
    const scale = { price: priceDecimals, qty: base.qtyDecimals };
    return { symbol, depth: 25, scale, wire: scale, opening };
  }

  /** Life between dislocations: worth drifts, books follow, quantities change, liquidity comes and goes. */
  #wander(events: number): void {
    for (let event = 0; event < events; event++) {
      this.#nowMs += this.#chance.integer(10) === 0 ? this.#chance.integer(2_000) : this.#chance.integer(120);
      const pair = this.#oneOf(this.#pairs);
      const what = this.#chance.integer(10);
      if (what < 6) this.#publish(pair, pair.book.resize(pair.thin));
      else if (what < 9) this.#drift(this.#oneOf(ASSETS), 0.0002);
      else pair.thin = this.#oneOf([1, 1, 4, 40]);
    }
  }

  #jump(): void {
    this.#drift(this.#oneOf(ASSETS), 0.03);
  }

  /** An asset's worth moves by up to `most` of itself, and all its pairs with it. */
  #drift(asset: AssetTraits, most: number): void {
    this.#worth.set(asset.id, this.#value(asset) * (1 + most * (2 * this.#chance.unit() - 1)));
    for (const pair of this.#pairs) {
      if (pair.base === asset || pair.quote === asset)
        this.#publish(pair, pair.book.move(this.#ticks(pair), pair.thin));
    }
  }

  /** Pairs stray for a while, mostly long enough to be traded, sometimes only just; then they come back. */
  #dislocate(): void {
    const strays = Array.from({ length: this.#oneOf(PAIRS_THAT_STRAY) }, () => this.#oneOf(this.#pairs));
    for (const pair of strays) {
      const bps = this.#settings.feesBps * (0.5 + 2.5 * this.#chance.unit());
      this.#quoteAt(pair, this.#chance.integer(2) === 0 ? 1 + bps / 1e4 : 1 - bps / 1e4);
    }
    this.#nowMs += this.#chance.integer(5) === 0 ? this.#chance.integer(30) : 50 + this.#chance.integer(700);
    if (this.#chance.integer(3) === 0) this.#wander(3);
    for (const pair of strays) this.#quoteAt(pair, 1);
  }

  #quoteAt(pair: MadePair, offset: number): void {
    pair.offset = offset;
    this.#publish(pair, pair.book.move(this.#ticks(pair), pair.thin));
  }

  #publish({ symbol }: MadePair, changes: Pick<BookEvent, 'bids' | 'asks'>): void {
    if (changes.bids.length === 0 && changes.asks.length === 0) return;
    this.#events.push({ kind: 'book', offsetMs: this.#nowMs, symbol, snapshot: false, ...changes });
  }

  #ticks({ base, quote, priceDecimals, offset }: MadePair): number {
    return Math.floor((this.#value(base) / this.#value(quote)) * offset * 10 ** priceDecimals);
  }

  #value({ id }: AssetTraits): number {
    return this.#worth.get(id) ?? 1;
  }

  #oneOf<T>(list: readonly [T, ...T[]] | readonly T[]): T {
    const chosen = list[this.#chance.integer(list.length)];
    if (chosen === undefined) throw new Error('nothing to choose from');
    return chosen;
  }
}

/** Digits before the point; below 1, less one for every zero behind it. */
function wholeDigits(price: number): number {
  let digits = 0;
  for (let rest = price; rest >= 1; rest /= 10) digits++;
  if (digits > 0) return digits;
  for (let rest = price; rest < 0.1; rest *= 10) digits--;
  return digits;
}

function entriesOf(pairs: readonly MadePair[]): InstrumentEntries {
  const ids = new Set(pairs.flatMap(({ base, quote }) => [base, quote]));
  return { assets: [...ids].map(assetEntry), pairs: pairs.map(pairEntry) };
}

function assetEntry({ id, precision }: AssetTraits): JsonObject {
  return {
    id,
    status: 'enabled',
    precision: rawNumber(String(precision)),
    precision_display: rawNumber(String(Math.min(precision, 5))),
    borrowable: false,
    collateral_value: rawNumber('0.0'),
  };
}

function pairEntry({ symbol, base, quote, priceDecimals }: MadePair): JsonObject {
  const increment = (decimals: number) => rawNumber(decimals === 0 ? '1' : `0.${'0'.repeat(decimals - 1)}1`);
  return {
    symbol,
    base: base.id,
    quote: quote.id,
    status: 'online',
    qty_precision: rawNumber(String(base.qtyDecimals)),
    qty_increment: increment(base.qtyDecimals),
    price_precision: rawNumber(String(priceDecimals)),
    cost_precision: rawNumber(String(Math.min(quote.precision, 10))),
    marginable: false,
    has_index: true,
    cost_min: rawNumber(quote.dollars >= 1_000 ? '0.00002' : '0.5'),
    tick_size: increment(priceDecimals),
    price_increment: increment(priceDecimals),
    qty_min: rawNumber(base.qtyMin),
  };
}
