/**
 * One thing, many names (protocol reference 5.4): the socket says BTC/USD and BTC where REST says XXBTZUSD, XBTUSD, XBT/USD
 * and XXBT. Pairs are joined by `wsname`, assets by `altname`, both modernised; a leading X or Z is never cut off, for XTZ,
 * ZEC and ZRX are whole names.
 */
import { z } from 'zod';
import type { Asset, Instrument, InstrumentDirectory } from '../../../market/instrument.ts';
import { presentAssetName } from '../../../settings/old-asset-names.ts';
import { amountText, wholeNumberText } from '../amount-text.ts';

/** Names that the socket has modernised and REST has not. */
const MODERN: Readonly<Record<string, string>> = { XBT: 'BTC', XDG: 'DOGE' };

/** A row of `AssetPairs`; what is not needed is not looked at. */
export const PAIR_ROW = z.object({
  altname: z.string().min(1).max(64),
  wsname: z.string().max(64).nullish(),
  pair_decimals: wholeNumberText,
  lot_decimals: wholeNumberText,
  cost_decimals: wholeNumberText.nullish(),
  ordermin: amountText.nullish(),
  costmin: amountText.nullish(),
  tick_size: amountText.nullish(),
});
export type PairRow = z.infer<typeof PAIR_ROW>;

/** A row of `Assets`. */
export const ASSET_ROW = z.object({ altname: z.string().min(1).max(64) });

/** What an asset id of REST stands for. `not_spot`: staked, earning, tokenised; it cannot be sold. */
export type NamedAsset = Asset | 'not_spot' | undefined;

export class VenueNames {
  readonly #directory: InstrumentDirectory;
  /** By every name REST has for it, the socket's symbol. */
  readonly #symbols = new Map<string, string>();
  readonly #rows = new Map<string, PairRow>();
  /** By id or altname, the socket's name. */
  readonly #assets = new Map<string, string>();

  constructor(directory: InstrumentDirectory) {
    this.#directory = directory;
  }

  takePairs(rows: Readonly<Record<string, PairRow>>): void {
    for (const [id, row] of Object.entries(rows)) {
      if (row.wsname === undefined || row.wsname === null) continue;
      const symbol = modernSymbol(row.wsname);
      for (const name of [id, row.altname, row.wsname]) this.#symbols.set(name, symbol);
      this.#rows.set(symbol, row);
    }
  }

  takeAssets(rows: Readonly<Record<string, z.infer<typeof ASSET_ROW>>>): void {
    for (const [id, { altname }] of Object.entries(rows)) {
      for (const name of [id, altname]) this.#assets.set(name, modernName(altname));
    }
  }

  /** The instrument that REST calls `name`; undefined when the socket never announced it. */
  instrument(name: string): Instrument | undefined {
    const named = this.#directory.instrumentNamed(this.#symbols.get(name) ?? modernSymbol(name));
    return named ?? this.#directory.instruments.find(({ symbol }) => this.#isNewAs(symbol, name));
  }

  /** Whether REST lists no pair of this name, having said which it lists. */
  isUnlisted(name: string): boolean {
    return this.#rows.size > 0 && !this.#symbols.has(name);
  }

  /** Whether REST has said which assets there are: before that, one that is not found may be listed all the same. */
  get knowsAssets(): boolean {
    return this.#assets.size > 0;
  }

  asset(id: string): NamedAsset {
    if (id.includes('.')) return 'not_spot';
    return this.#directory.assetNamed(this.#assets.get(id) ?? presentAssetName(id) ?? id);
  }

  /** REST's row for a pair of the socket. */
  row(symbol: string): PairRow | undefined {
    return this.#rows.get(symbol);
  }

  /** Whether a pair that was listed after the names were read is called `name`: its two assets, one after the other. */
  #isNewAs(symbol: string, name: string): boolean {
    if (this.#rows.has(symbol)) return false;
    const assets = symbol.split('/');
    return name === assets.join('') || name === assets.map(oldName).join('');
  }

  /** What REST is asked with. */
  restName(symbol: string): string {
    return this.#rows.get(symbol)?.altname ?? symbol;
  }
}

function oldName(name: string): string {
  return Object.entries(MODERN).find(([, modern]) => modern === name)?.[0] ?? name;
}

function modernSymbol(wsname: string): string {
  return wsname.split('/').map(modernName).join('/');
}

function modernName(name: string): string {
  return Object.hasOwn(MODERN, name) ? (MODERN[name] ?? name) : name;
}
