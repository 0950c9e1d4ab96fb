/** How long the account was not seen to be as expected, and what follows from that. Pure. */

import type { Config } from '../../settings/config.ts';
import { type AccountState, isTradingState } from '../../trading/account-state.ts';

/** A reading of which nothing came for this long does not go on. */
const STALLED_MS = 60_000;

export interface AccountAge {
  readonly nowNs: number;
  /** Undefined in a mode without an account. */
  readonly accountState: AccountState | undefined;
  /** Monotonic: when all of it was as expected, or the connection came. */
  readonly accountKnownNs: number;
  /** Monotonic: when something of the current reading came; 0 when none is asked for. */
  readonly accountProgressNs: number;
}

type Bounds = Pick<
  Config['trading'],
  'account_stale_ms' | 'account_lost_ms' | 'reconcile_orders_ms' | 'reconcile_balances_ms'
>;

/** Why nothing may be traded until it was compared; undefined when it was compared lately, or is not to be at all. */
export function staleAccount(age: AccountAge, bounds: Bounds): string | undefined {
  if (age.accountState === undefined || !isTradingState(age.accountState)) return undefined;
  const isCompared = bounds.reconcile_orders_ms > 0 || bounds.reconcile_balances_ms > 0;
  const oldMs = (age.nowNs - age.accountKnownNs) / 1e6;
  if (!isCompared || oldMs <= bounds.account_stale_ms) return undefined;
  return `the account could not be compared with the venue's for more than ${bounds.account_stale_ms} ms`;
}

/**
 * Why a person has to look; undefined while the account is compared, or a reading goes on: a long history takes its time.
 * Without a connection nothing can be compared, and nothing is traded: that heals itself.
 */
export function lostAccount(age: AccountAge, bounds: Bounds): string | undefined {
  const { nowNs, accountState, accountKnownNs, accountProgressNs } = age;
  const isAsking = accountState !== undefined && ['reading', 'booking', 'settling'].includes(accountState);
  if (!isAsking && staleAccount(age, bounds) === undefined) return undefined;
  const isGoingOn = accountProgressNs > 0 && (nowNs - accountProgressNs) / 1e6 <= STALLED_MS;
  if (isGoingOn || (nowNs - accountKnownNs) / 1e6 <= bounds.account_lost_ms) return undefined;
  return `the account could not be compared with the venue's for more than ${bounds.account_lost_ms} ms; see the log for what kept it`;
}
