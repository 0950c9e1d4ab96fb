/** Kraken, as a venue (protocol reference). */
import { LADDER_LEGS } from '../../market/legs/ladder-legs.ts';
import type { Venue } from '../venue.ts';
import { readKrakenKey } from './keys/read-key.ts';
import { KRAKEN_MARKET } from './market/kraken-market.ts';
import { openKraken } from './trading/open-kraken.ts';

/** Kraken's schedule of 9 July 2026, tiers 1 to 12, then Pro 1 to 5 (protocol reference 5.1, second-hand). */
const TAKER_PCT_BY_TIER = [
  '0.80',
  '0.60',
  '0.38',
  '0.35',
  '0.30',
  '0.25',
  '0.22',
  '0.20',
  '0.18',
  '0.15',
  '0.12',
  '0.10',
  '0.09',
  '0.08',
  '0.07',
  '0.06',
  '0.05',
] as const;

export const KRAKEN: Venue = {
  id: 'kraken',
  market: KRAKEN_MARKET,
  takerPctByTier: TAKER_PCT_BY_TIER,
  legs: LADDER_LEGS,
  openAccount: openKraken,
  readKey: readKrakenKey,
};
