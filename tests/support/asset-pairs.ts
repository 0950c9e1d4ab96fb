/** Kraken's whole list of pairs as the directory that the feed would build from it. For tests and benches. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  type AssetIndex,
  assetIndex,
  INSTRUMENT_STATUSES,
  InstrumentDirectory,
  type InstrumentStatus,
  instrumentIndex,
} from '../../src/market/instrument.ts';
import { lots, parseDecimal, ticks, units } from '../../src/money/money.ts';

const FILE = new URL('../fixtures/kraken/rest_AssetPairs_20250722.json.gz', import.meta.url);
const ASSET_DECIMALS = 10;

interface RestPair {
  readonly wsname: string;
  readonly pair_decimals: number;
  readonly lot_decimals: number;
  readonly cost_decimals: number;
  readonly ordermin: string;
  readonly costmin: string;
  readonly tick_size: string;
  readonly status: string;
}

/** 1,114 pairs, 1,096 of them online, in the order of the response. */
export function krakenPairs(): InstrumentDirectory {
  const body = JSON.parse(gunzipSync(readFileSync(FILE)).toString()) as { result: Record<string, RestPair> };
  const directory = new InstrumentDirectory();
  for (const pair of Object.values(body.result)) addPair(directory, pair);
  return directory;
}

function addPair(directory: InstrumentDirectory, pair: RestPair): void {
  const [base = '', quote = ''] = pair.wsname.split('/').map(modernName);
  const instrument = {
    index: instrumentIndex(directory.instruments.length),
    symbol: `${base}/${quote}`,
    base: listedAsset(directory, base),
    quote: listedAsset(directory, quote),
    status: INSTRUMENT_STATUSES.find((status) => status === pair.status) ?? ('unknown' as InstrumentStatus),
    pricePrecision: pair.pair_decimals,
    qtyPrecision: pair.lot_decimals,
    costPrecision: pair.cost_decimals,
    priceIncrement: ticks(parseDecimal(pair.tick_size, pair.pair_decimals)),
    qtyIncrement: lots(1n),
    qtyMin: lots(parseDecimal(pair.ordermin, pair.lot_decimals)),
    costMin: units(parseDecimal(pair.costmin ?? '0', ASSET_DECIMALS)),
  };
  directory.apply({ assets: [], instruments: [instrument] });
}

function listedAsset(directory: InstrumentDirectory, id: string): AssetIndex {
  const known = directory.assetNamed(id);
  if (known !== undefined) return known.index;
  const asset = { index: assetIndex(directory.assets.length), id, precision: ASSET_DECIMALS };
  directory.apply({ assets: [asset], instruments: [] });
  return asset.index;
}

const modernName = (name: string): string => (name === 'XBT' ? 'BTC' : name === 'XDG' ? 'DOGE' : name);
