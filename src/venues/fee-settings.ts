/** The fees that a run calculates with where the venue has reported none: the settings, and the venue's schedule. */
import type { FeeSettings } from '../market/fees.ts';
import type { Config } from '../settings/config.ts';
import { venueNamed } from './registry.ts';

export function feeSettingsOf({ fees, venue }: Pick<Config, 'fees' | 'venue'>): FeeSettings {
  return { ...fees, takerPctByTier: venueNamed(venue.name).takerPctByTier };
}
