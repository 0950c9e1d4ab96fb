/** What a venue says of the assets and pairs it trades, in the integers the rest of the program computes with. */
import type { Lots, Ticks, Units } from '../money/money.ts';

declare const listed: unique symbol;

/** Position of an instrument in every shared table. Given once per process by the feed, never re-used. */
export type InstrumentIndex = number & { readonly [listed]: 'instrument' };
/** Position of an asset in the asset list. Given once per process by the feed, never re-used. */
export type AssetIndex = number & { readonly [listed]: 'asset' };

/** For where positions are given out, and where a message or a table is read. */
export const instrumentIndex = (position: number): InstrumentIndex => position as InstrumentIndex;
export const assetIndex = (position: number): AssetIndex => position as AssetIndex;

/**
 * Pair states of Kraken's `instrument` channel. `unknown` stands for any other text; `inferred` for an instrument that
 * was never announced and whose precision was read off its first snapshot. Only `online` may be traded.
 */
export const INSTRUMENT_STATUSES = [
  'unknown',
  'online',
  'cancel_only',
  'post_only',
  'limit_only',
  'reduce_only',
  'maintenance',
  'delisted',
  'work_in_progress',
  'inferred',
] as const;
export type InstrumentStatus = (typeof INSTRUMENT_STATUSES)[number];

export interface Asset {
  readonly index: AssetIndex;
  /** Modern asset code, such as `BTC`. */
  readonly id: string;
  /** Decimals of the venue's ledger of it: one unit is 10^-precision. */
  readonly precision: number;
  /** Its ledger has changed its precision since amounts were first counted: no pair of it is traded. */
  readonly suspended?: true;
}

export interface Instrument {
  readonly index: InstrumentIndex;
  /** Modern pair name, such as `BTC/USD`. */
  readonly symbol: string;
  readonly base: AssetIndex;
  readonly quote: AssetIndex;
  readonly status: InstrumentStatus;
  /** Decimals of a price on the wire and in the checksum. One tick is 10^-pricePrecision. */
  readonly pricePrecision: number;
  /** Decimals of a quantity on the wire and in the checksum. One lot is 10^-qtyPrecision. */
  readonly qtyPrecision: number;
  /** Decimals of a cost (price × quantity). */
  readonly costPrecision: number;
  /** Step of an order's price. Can be coarser than one tick. */
  readonly priceIncrement: Ticks;
  /** Step of our orders' quantity: the venue's step, and whole units of the base. Can be coarser than one lot. */
  readonly qtyIncrement: Lots;
  /** Smallest order quantity. */
  readonly qtyMin: Lots;
  /** Smallest order cost, in units of the quote asset. */
  readonly costMin: Units;
}

/** What ticks and lots of an instrument mean. The venue can change it; an order keeps the one it was made in. */
export type OrderScale = Pick<Instrument, 'pricePrecision' | 'qtyPrecision'>;

export function isSameScale(one: OrderScale, other: OrderScale): boolean {
  return one.pricePrecision === other.pricePrecision && one.qtyPrecision === other.qtyPrecision;
}

/** Everything one instrument message of the venue changed; also a line of the instrument log. */
export interface InstrumentChanges {
  readonly assets: readonly Asset[];
  readonly instruments: readonly Instrument[];
}

/** The assets and instruments known so far, by index and by name. */
export class InstrumentDirectory {
  readonly assets: Asset[] = [];
  readonly instruments: Instrument[] = [];
  /** Times that something was taken over. */
  changes = 0;
  readonly #assetByName = new Map<string, AssetIndex>();
  readonly #instrumentBySymbol = new Map<string, InstrumentIndex>();

  /** Takes over every entry of `changes`, replacing what had the same index. */
  apply(changes: InstrumentChanges): void {
    this.changes++;
    for (const asset of changes.assets) {
      this.assets[asset.index] = asset;
      this.#assetByName.set(asset.id, asset.index);
    }
    for (const instrument of changes.instruments) {
      this.instruments[instrument.index] = instrument;
      this.#instrumentBySymbol.set(instrument.symbol, instrument.index);
    }
  }

  assetNamed(id: string): Asset | undefined {
    const index = this.#assetByName.get(id);
    return index === undefined ? undefined : this.assets[index];
  }

  instrumentNamed(symbol: string): Instrument | undefined {
    const index = this.#instrumentBySymbol.get(symbol);
    return index === undefined ? undefined : this.instruments[index];
  }
}
