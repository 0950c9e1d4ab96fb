/**
 * The `instrument` channel (protocol reference 1.6): assets and pairs, checked and turned into integers. Its numbers are
 * read by `JSON.parse` and written back as the shortest decimal, which is what the venue sent: increments and minima have
 * few digits.
 *
 * An asset's unit is fixed when it is first announced: the finest of the ledger's precision, of the cost precision of the
 * pairs quoted in it and of the quantity precision of the pairs based on it. A later pair that needs a finer one is
 * refused by name, for amounts already counted in the old unit cannot change under those who hold them.
 */
import { z } from 'zod';
import { reasonOf } from '../../shared/errors.ts';
import {
  type Asset,
  INSTRUMENT_STATUSES,
  type Instrument,
  type InstrumentChanges,
  type InstrumentDirectory,
  type InstrumentStatus,
} from '../../shared/instrument.ts';
import { lots, parseDecimal, ticks, units } from '../../shared/money.ts';

/** Decimals the venue can use at most: an amount must fit 64 bits with room for its whole part. */
const DECIMALS_MAX = 18;
const decimals = z.int().min(0).max(DECIMALS_MAX);
const amount = z.union([z.number().min(0), z.string().regex(/^\d+(\.\d+)?$/)]);

const ASSET = z.object({ id: z.string().min(1).max(32), precision: decimals });
const PAIR = z.object({
  symbol: z.string().min(3).max(65),
  base: z.string().min(1).max(32),
  quote: z.string().min(1).max(32),
  status: z.string(),
  qty_precision: decimals,
  qty_increment: amount,
  price_precision: decimals,
  price_increment: amount,
  cost_precision: decimals,
  cost_min: amount.nullish(),
  qty_min: amount,
});
type PairEntry = z.infer<typeof PAIR>;

const MESSAGE = z.object({
  channel: z.literal('instrument'),
  type: z.enum(['snapshot', 'update']),
  data: z.object({ assets: z.array(z.unknown()).default([]), pairs: z.array(z.unknown()).default([]) }),
});

/** An entry that could not be taken over, and why. */
export interface RefusedEntry {
  readonly name: string;
  readonly reason: string;
}

export interface InstrumentMessage {
  readonly changes: InstrumentChanges;
  readonly refused: readonly RefusedEntry[];
}

/** How many assets and instruments memory was laid out for. */
export interface InstrumentLimits {
  readonly instrumentsMax: number;
  readonly assetsMax: number;
}

/**
 * Reads a parsed frame against what is known so far. Undefined when it is no instrument message. Entries that changed
 * nothing are left out; an unknown status means not tradable.
 */
export function instrumentMessageOf(
  frame: unknown,
  known: InstrumentDirectory,
  limits: InstrumentLimits,
): InstrumentMessage | undefined {
  const message = MESSAGE.safeParse(frame);
  if (!message.success) return undefined;
  return new MessageReader(known, limits).read(message.data.data.assets, message.data.data.pairs);
}

class MessageReader {
  readonly #known: InstrumentDirectory;
  readonly #limits: InstrumentLimits;
  readonly #assets = new Map<string, Asset>();
  readonly #instruments: Instrument[] = [];
  readonly #refused: RefusedEntry[] = [];
  #assetCount: number;
  #instrumentCount: number;

  constructor(known: InstrumentDirectory, limits: InstrumentLimits) {
    this.#known = known;
    this.#limits = limits;
    this.#assetCount = known.assets.length;
    this.#instrumentCount = known.instruments.length;
  }

  read(assetEntries: readonly unknown[], pairEntries: readonly unknown[]): InstrumentMessage {
    const pairs = this.#checked(PAIR, pairEntries, 'symbol');
    const ledger = new Map(this.#checked(ASSET, assetEntries, 'id').map((asset) => [asset.id, asset.precision]));
    for (const id of new Set([...ledger.keys(), ...pairs.flatMap((pair) => [pair.base, pair.quote])])) {
      this.#announceAsset(id, ledger.get(id) ?? 0, pairs);
    }
    for (const pair of pairs) this.#takePair(pair);
    return {
      changes: { assets: [...this.#assets.values()], instruments: this.#instruments },
      refused: this.#refused,
    };
  }

  #checked<T>(schema: z.ZodType<T>, entries: readonly unknown[], nameKey: string): T[] {
    return entries.flatMap((entry) => {
      const checked = schema.safeParse(entry);
      if (checked.success) return [checked.data];
      const issue = checked.error.issues[0];
      this.#refused.push({ name: nameOf(entry, nameKey), reason: `${issue?.path.join('.')}: ${issue?.message}` });
      return [];
    });
  }

  #announceAsset(id: string, ledgerPrecision: number, pairs: readonly PairEntry[]): void {
    if (this.#known.assetNamed(id) !== undefined) return;
    if (this.#assetCount >= this.#limits.assetsMax) {
      this.#refused.push({ name: id, reason: `more than limits.assets_max ${this.#limits.assetsMax} assets` });
      return;
    }
    const needed = pairs.map((pair) => Math.max(precisionNeeded(pair, id), 0));
    const precision = Math.max(ledgerPrecision, ...needed);
    this.#assets.set(id, { index: this.#assetCount++, id, precision });
  }

  #takePair(entry: PairEntry): void {
    try {
      const pair = this.#instrumentOf(entry);
      const before = this.#known.instruments[pair.index];
      if (before === undefined || !sameInstrument(before, pair)) this.#instruments.push(pair);
    } catch (thrown) {
      this.#refusePair(entry, reasonOf(thrown));
    }
  }

  /** A pair that cannot be computed with exactly any more stays known, but is not traded. */
  #refusePair(entry: PairEntry, reason: string): void {
    this.#refused.push({ name: entry.symbol, reason });
    const before = this.#known.instrumentNamed(entry.symbol);
    if (before !== undefined && before.status !== 'unknown') this.#instruments.push({ ...before, status: 'unknown' });
  }

  #instrumentOf(entry: PairEntry): Instrument {
    const base = this.#asset(entry.base);
    const quote = this.#asset(entry.quote);
    for (const asset of [base, quote]) {
      const needed = precisionNeeded(entry, asset.id);
      if (needed > asset.precision) {
        throw new RangeError(`${asset.id} is counted with ${asset.precision} decimals, this pair needs ${needed}`);
      }
    }
    const scaled = (key: keyof PairEntry, places: number) => scale(entry, key, places);
    const known = this.#known.instrumentNamed(entry.symbol);
    const instrument: Instrument = {
      index: known?.index ?? this.#instrumentCount,
      symbol: entry.symbol,
      base: base.index,
      quote: quote.index,
      status: statusOf(entry.status),
      pricePrecision: entry.price_precision,
      qtyPrecision: entry.qty_precision,
      costPrecision: entry.cost_precision,
      priceIncrement: ticks(atLeastOne(scaled('price_increment', entry.price_precision), 'price_increment')),
      qtyIncrement: lots(atLeastOne(scaled('qty_increment', entry.qty_precision), 'qty_increment')),
      qtyMin: lots(scaled('qty_min', entry.qty_precision)),
      costMin: units(scaled('cost_min', quote.precision)),
    };
    if (known === undefined) this.#countInstrument();
    return instrument;
  }

  #countInstrument(): void {
    if (this.#instrumentCount >= this.#limits.instrumentsMax) {
      throw new RangeError(`more than limits.instruments_max ${this.#limits.instrumentsMax} instruments`);
    }
    this.#instrumentCount++;
  }

  #asset(id: string): Asset {
    const asset = this.#known.assetNamed(id) ?? this.#assets.get(id);
    if (asset === undefined) throw new RangeError(`asset ${id} is not known`);
    return asset;
  }
}

function precisionNeeded(pair: PairEntry, asset: string): number {
  if (pair.quote === asset) return pair.cost_precision;
  return pair.base === asset ? pair.qty_precision : 0;
}

function scale(entry: PairEntry, key: keyof PairEntry, places: number): bigint {
  return parseDecimal(String(entry[key] ?? 0), places, `${entry.symbol} ${key}`);
}

function atLeastOne(value: bigint, what: string): bigint {
  if (value < 1n) throw new RangeError(`${what} is not positive`);
  return value;
}

function statusOf(text: string): InstrumentStatus {
  const known = INSTRUMENT_STATUSES.find((status) => status === text && status !== 'inferred');
  return known ?? 'unknown';
}

function sameInstrument(a: Instrument, b: Instrument): boolean {
  return (Object.keys(a) as (keyof Instrument)[]).every((key) => a[key] === b[key]);
}

function nameOf(entry: unknown, key: string): string {
  const name = typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>)[key] : undefined;
  return typeof name === 'string' ? name.slice(0, 65) : 'an entry without a name';
}
