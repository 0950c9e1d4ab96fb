/**
 * The names that the venue's REST side has for assets and pairs, beside those of its socket: `XXBT` and `XBT` for BTC,
 * `XXBTZUSD`, `XBTUSD` and `XBT/USD` for BTC/USD (protocol reference 5.4).
 */

/** Assets whose id is not their name. Recorded from the venue's AssetPairs. */
const LEGACY_ASSET_IDS: Readonly<Record<string, string>> = {
  ...{ BTC: 'XXBT', DOGE: 'XXDG', ETC: 'XETC', ETH: 'XETH', LTC: 'XLTC', MLN: 'XMLN', REP: 'XREP' },
  ...{ XLM: 'XXLM', XMR: 'XXMR', XRP: 'XXRP', ZEC: 'XZEC' },
  ...{ AUD: 'ZAUD', CAD: 'ZCAD', EUR: 'ZEUR', GBP: 'ZGBP', JPY: 'ZJPY', USD: 'ZUSD' },
};

/** Pairs whose id joins the ids of their assets, recorded likewise; any other pair's id is its short name. */
const LEGACY_PAIRS = new Set(
  [
    'BTC/CAD BTC/EUR BTC/GBP BTC/JPY BTC/USD BTC/USDQ BTC/USDR DOGE/BTC ETC/BTC ETC/ETH ETC/EUR ETC/USD ETH/BTC',
    'ETH/CAD ETH/EUR ETH/GBP ETH/JPY ETH/USD EUR/USD GBP/USD LTC/BTC LTC/EUR LTC/JPY LTC/USD MLN/BTC MLN/EUR MLN/USD',
    'REP/EUR REP/USD USD/CAD USD/JPY USDT/USD XLM/BTC XLM/EUR XLM/GBP XLM/USD XMR/BTC XMR/EUR XMR/USD XRP/BTC XRP/CAD',
    'XRP/EUR XRP/USD ZEC/EUR ZEC/USD',
  ]
    .join(' ')
    .split(' '),
);

export interface PairNames {
  /** The socket's name: `BTC/USD`. Also REST's key with `assetVersion=1`. */
  readonly symbol: string;
  /** REST's key: `XXBTZUSD`. */
  readonly id: string;
  /** `XBTUSD`; what order descriptions say. */
  readonly altname: string;
  /** `XBT/USD`. */
  readonly wsname: string;
}

/** The REST id of an asset: `XXBT` for BTC. */
export function assetId(asset: string): string {
  return Object.hasOwn(LEGACY_ASSET_IDS, asset) ? (LEGACY_ASSET_IDS[asset] ?? asset) : asset;
}

/** The short name of an asset on the REST side: `XBT` for BTC. */
export function assetAltname(asset: string): string {
  return asset === 'BTC' ? 'XBT' : asset === 'DOGE' ? 'XDG' : asset;
}

/** All names of the pair `symbol` (`BTC/USD`). */
export function pairNames(symbol: string): PairNames {
  const [base = symbol, quote = ''] = symbol.split('/');
  const altname = assetAltname(base) + assetAltname(quote);
  const id = LEGACY_PAIRS.has(symbol) ? assetId(base) + assetId(quote) : altname;
  return { symbol, id, altname, wsname: `${assetAltname(base)}/${assetAltname(quote)}` };
}

/** Finds assets and pairs by any of their names, capital letters or not. */
export class NameIndex {
  readonly #pairs = new Map<string, string>();
  readonly #assets = new Map<string, string>();

  constructor(symbols: Iterable<string>, assets: Iterable<string>) {
    for (const symbol of symbols) {
      const { id, altname, wsname } = pairNames(symbol);
      for (const name of [symbol.replace('/', ''), wsname, altname, id, symbol]) {
        this.#pairs.set(name.toUpperCase(), symbol);
      }
    }
    for (const asset of assets) {
      for (const name of [assetAltname(asset), assetId(asset), asset]) this.#assets.set(name.toUpperCase(), asset);
    }
  }

  /** The socket's name of a pair, or undefined when there is none such. */
  symbolOf(name: string): string | undefined {
    return this.#pairs.get(name.trim().toUpperCase());
  }

  /** The socket's name of an asset, or undefined when there is none such. */
  assetOf(name: string): string | undefined {
    return this.#assets.get(name.trim().toUpperCase());
  }
}
