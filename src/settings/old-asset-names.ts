/**
 * Names of assets that Kraken's REST API and its first sockets use, and its present sockets do not (protocol reference 5.4,
 * recorded from `Assets` and `AssetPairs`). Settings, records and logs know the present names only.
 */
const OLD_NAMES: Readonly<Record<string, string>> = {
  ...{ XBT: 'BTC', XXBT: 'BTC', XDG: 'DOGE', XXDG: 'DOGE' },
  ...{ XETC: 'ETC', XETH: 'ETH', XLTC: 'LTC', XMLN: 'MLN', XREP: 'REP' },
  ...{ XXLM: 'XLM', XXMR: 'XMR', XXRP: 'XRP', XZEC: 'ZEC' },
  ...{ ZAUD: 'AUD', ZCAD: 'CAD', ZEUR: 'EUR', ZGBP: 'GBP', ZJPY: 'JPY', ZUSD: 'USD' },
};

/** What an old name of an asset is written as now; undefined for a name that is not old. */
export function presentAssetName(name: string): string | undefined {
  return Object.hasOwn(OLD_NAMES, name) ? OLD_NAMES[name] : undefined;
}

/** What a pair (`XBT/USD`) is written as now; undefined when none of its names is old. */
export function presentSymbol(symbol: string): string | undefined {
  const present = symbol
    .split('/')
    .map((name) => presentAssetName(name) ?? name)
    .join('/');
  return present === symbol ? undefined : present;
}
