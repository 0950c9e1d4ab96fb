/** Every venue there is. A venue is a folder beside this file, and a row here. */
import type { VenueName } from '../settings/config.ts';
import { KRAKEN } from './kraken/kraken.ts';
import type { Venue } from './venue.ts';

const VENUES: Readonly<Record<VenueName, Venue>> = { kraken: KRAKEN };

/** The venue of a name that the settings allow. */
export function venueNamed(name: VenueName): Venue {
  return VENUES[name];
}
