/** The fees that a run calculates with where the venue has reported none: the settings, and the venue's schedule. */
import type { FeeTable } from '../market/fee-table.ts';
import { type FeeSettings, TakerFees } from '../market/fees.ts';
import type { Config } from '../settings/config.ts';
import { venueNamed } from './registry.ts';

export function feeSettingsOf({ fees, venue }: Pick<Config, 'fees' | 'venue'>): FeeSettings {
  return { ...fees, takerPctByTier: venueNamed(venue.name).takerPctByTier };
}

/** What new legs are made at in a run with `config`. */
export function takerFeesOf(config: Pick<Config, 'fees' | 'venue'>, reported: FeeTable): TakerFees {
  return new TakerFees(feeSettingsOf(config), reported);
}
