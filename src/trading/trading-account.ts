/**
 * Which account a run trades, by name: what the database knows of it (orders, balances, exposure) goes on from run to
 * run. Two accounts must not share a name.
 */
import type { Config } from '../settings/config.ts';

/** The account's name, or undefined when none is traded that outlives the run: on paper, and to announce only. */
export function tradingAccount({
  mode,
  venue,
  trading,
}: Pick<Config, 'mode' | 'venue' | 'trading'>): string | undefined {
  if (mode === 'paper' || mode === 'alert') return undefined;
  return `${trading.account}@${new URL(venue.rest_url).host}`;
}
