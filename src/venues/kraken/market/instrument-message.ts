/**
 * The `instrument` channel (protocol reference 1.6): assets and pairs, checked and turned into integers. Its numbers are
 * read by `JSON.parse` and written back as the shortest decimal, which is what the venue sent: increments and minima have
 * few digits.
 *
 * An asset's unit is the venue's ledger's: holdings, costs and fees are whole in it, independent of the prices and quantities a pair
 * has. So no listing can make the unit of a currency finer. Where a pair's lots are finer than the unit of its base, our
 * orders of it are whole units: the ledger could not hold the rest. Should the ledger change its precision while the
 * program runs, the pairs of that asset are not traded until the next start: amounts already counted in the old unit
 * cannot change under those who hold them.
 */
import { z } from 'zod';
import {
  type Asset,
  assetIndex,
  INSTRUMENT_STATUSES,
  type Instrument,
  type InstrumentChanges,
  type InstrumentDirectory,
  type InstrumentStatus,
  instrumentIndex,
} from '../../../market/instrument.ts';
import { leastCommonMultiple, lots, parseDecimal, ticks, units } from '../../../money/money.ts';
import { reasonOf } from '../../../platform/errors.ts';
import { amountUp } from '../wire/rounded-amount.ts';

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
type AssetEntry = z.infer<typeof ASSET>;
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
    const assets = new Map(this.#checked(ASSET, assetEntries, 'id').map((asset) => [asset.id, asset]));
    for (const asset of assets.values()) this.#takeAsset(asset);
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

  #takeAsset({ id, precision }: AssetEntry): void {
    const known = this.#known.assetNamed(id);
    if (known === undefined) this.#addAsset(id, precision);
    else if (known.precision === precision || this.#isProvisional(known)) this.#keepAsset({ ...known, precision });
    else this.#suspendAsset(known, precision);
  }

  #addAsset(id: string, precision: number): void {
    if (this.#assetCount >= this.#limits.assetsMax) {
      this.#refused.push({ name: id, reason: `more than limits.assets_max ${this.#limits.assetsMax} assets` });
      return;
    }
    this.#assets.set(id, { index: assetIndex(this.#assetCount++), id, precision });
  }

  /** Known from captures alone: nothing of it was ever counted. */
  #isProvisional({ index }: Asset): boolean {
    const its = this.#known.instruments.filter(({ base, quote }) => base === index || quote === index);
    return its.length > 0 && its.every(({ status }) => status === 'inferred');
  }

  #keepAsset({ index, id, precision }: Asset): void {
    const before = this.#known.assets[index];
    const hasChanged = before?.precision !== precision || before.suspended === true;
    if (hasChanged) this.#assets.set(id, { index, id, precision });
  }

  #suspendAsset(known: Asset, precision: number): void {
    const reason = `its ledger has ${precision} decimals now, this run counts ${known.precision}: not traded until restarted`;
    this.#refused.push({ name: known.id, reason });
    if (known.suspended === true) return;
    this.#assets.set(known.id, { ...known, suspended: true });
    for (const instrument of this.#known.instruments) {
      const isIts = instrument.base === known.index || instrument.quote === known.index;
      if (isIts && instrument.status !== 'unknown') this.#instruments.push({ ...instrument, status: 'unknown' });
    }
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
    const scaled = (key: keyof PairEntry, places: number) => scale(entry, key, places);
    const known = this.#known.instrumentNamed(entry.symbol);
    const instrument: Instrument = {
      index: known?.index ?? instrumentIndex(this.#instrumentCount),
      symbol: entry.symbol,
      base: base.index,
      quote: quote.index,
      status: statusOf(entry.status),
      pricePrecision: entry.price_precision,
      qtyPrecision: entry.qty_precision,
      costPrecision: entry.cost_precision,
      priceIncrement: ticks(atLeastOne(scaled('price_increment', entry.price_precision), 'price_increment')),
      qtyIncrement: lots(
        orderStep(atLeastOne(scaled('qty_increment', entry.qty_precision), 'qty_increment'), entry, base),
      ),
      qtyMin: lots(scaled('qty_min', entry.qty_precision)),
      costMin: units(amountUp(String(entry.cost_min ?? 0), quote.precision, `${entry.symbol} cost_min`)),
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
    const asset = this.#assets.get(id) ?? this.#known.assetNamed(id);
    if (asset === undefined) throw new RangeError(`asset ${id} was not announced: its ledger's precision is not known`);
    if (asset.suspended === true) throw new RangeError(`the ledger of ${id} has changed its precision`);
    return asset;
  }
}

/** Step of our orders in lots: the venue's, and whole units of the base. */
function orderStep(increment: bigint, { qty_precision }: PairEntry, base: Asset): bigint {
  const lotsPerUnit = 10n ** BigInt(Math.max(0, qty_precision - base.precision));
  return leastCommonMultiple(increment, lotsPerUnit);
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
