/**
 * The conditions under which trading pauses, and which clear themselves. Pure: the actor reads, this judges.
 *
 * In a replay time is the capture's: silence between its frames says nothing about this process, a ring that is full is
 * how a fast replay is slowed down, and captures may begin without a status. So of the market conditions only a status
 * that is known and bad pauses a replay; the sequencer looks at every book's validity by itself.
 */

import { SYSTEM_STATUSES } from '../../messages/market-messages.ts';
import { isTradingState } from '../../trading/account-state.ts';
import type { GateReason } from '../../trading/trading-gate.ts';
import { type AccountAge, staleAccount } from './account-age.ts';

export interface Readings extends AccountAge {
  readonly isReplay: boolean;
  /** Monotonic time of the feed's last frame, 0 before the first. */
  readonly lastFrameNs: number;
  /** Whether the venue refuses a connection for market data. */
  readonly marketDataRefused: boolean;
  /** Index into SYSTEM_STATUSES. */
  readonly systemStatus: number;
  readonly booksValid: number;
  /** Newest heartbeat of every other actor; 0 before its first. */
  readonly heartbeatsNs: Readonly<Record<string, number>>;
  /** Whether a record could not be written lately, or a record ring is nearly full. */
  readonly recordsFull: boolean;
  /** How long the oldest record waits for the database. */
  readonly recordsAgeMs: number;
  /** Whether a commit has failed, and none has succeeded since. */
  readonly commitFailing: boolean;
  /** Whether it is not known yet what of the losses of earlier runs lies within this hour and day. */
  readonly hasUntimedLosses: boolean;
  /** Limits of the settings that name an asset which the venue does not list. */
  readonly unlistedLimits: readonly string[];
}

export interface PauseLimits {
  readonly trading: Parameters<typeof staleAccount>[1];
  readonly marketDataStaleMs: number;
  readonly actorSilenceMs: number;
  readonly recordsStaleMs: number;
}

export interface Condition {
  readonly reason: GateReason;
  readonly text: string;
}

/** Every condition that holds, most serious first; of each reason one. */
export function findConditions(readings: Readings, limits: PauseLimits): Condition[] {
  const { actorSilenceMs, marketDataStaleMs, recordsStaleMs } = limits;
  return [
    unstartedActors(readings),
    silentActors(readings, actorSilenceMs),
    fullRecords(readings),
    staleRecords(readings, recordsStaleMs),
    unusableLimit(readings),
    refusedMarketData(readings),
    badStatus(readings),
    unreadyAccount(readings),
    oldAccount(readings, limits),
    staleMarket(readings, marketDataStaleMs),
  ].filter((condition) => condition !== undefined);
}

function unstartedActors({ isReplay, heartbeatsNs }: Readings): Condition | undefined {
  if (isReplay) return undefined; // a replay may run without some
  const actors = Object.keys(heartbeatsNs).filter((actor) => heartbeatsNs[actor] === 0);
  return actors.length === 0 ? undefined : { reason: 'starting', text: `not started yet: ${actors.join(', ')}` };
}

function silentActors({ nowNs, heartbeatsNs }: Readings, silenceMs: number): Condition | undefined {
  const isSilent = (heartbeatNs = 0) => heartbeatNs !== 0 && (nowNs - heartbeatNs) / 1e6 > silenceMs;
  const actors = Object.keys(heartbeatsNs).filter((actor) => isSilent(heartbeatsNs[actor]));
  return actors.length === 0
    ? undefined
    : { reason: 'actor_down', text: `silent for more than ${silenceMs} ms: ${actors.join(', ')}` };
}

function fullRecords({ isReplay, recordsFull }: Readings): Condition | undefined {
  if (isReplay || !recordsFull) return undefined;
  return { reason: 'records_full', text: 'records wait for the database' };
}

/** What is traded on while nothing can be written down is forgotten by a death of the process. */
function staleRecords({ isReplay, recordsAgeMs, commitFailing }: Readings, staleMs: number): Condition | undefined {
  if (isReplay) return undefined;
  if (commitFailing) {
    return { reason: 'records_stale', text: 'the database has refused a commit, and taken none since; see the log' };
  }
  if (recordsAgeMs <= staleMs) return undefined;
  return { reason: 'records_stale', text: `records wait for the database for more than ${staleMs} ms` };
}

/** A limit that limits nothing is no limit: its author believes to be protected by it. */
function unusableLimit({ unlistedLimits: names }: Readings): Condition | undefined {
  return names.length === 0
    ? undefined
    : { reason: 'limit_unusable', text: `the venue lists no such asset: ${names.join(', ')}` };
}

function refusedMarketData({ marketDataRefused }: Readings): Condition | undefined {
  return marketDataRefused
    ? {
        reason: 'market_data_refused',
        text: 'a connection for market data is refused, and is tried again later; see the log',
      }
    : undefined;
}

function unreadyAccount({ accountState, hasUntimedLosses }: Readings): Condition | undefined {
  if (accountState === undefined) return undefined;
  if (isTradingState(accountState)) {
    const text = "no time of the venue's is known, by which losses of earlier runs lie within this hour or day or not";
    return hasUntimedLosses ? { reason: 'account_not_ready', text } : undefined;
  }
  return { reason: 'account_not_ready', text: `the account is ${accountState}: not compared with the venue's` };
}

function oldAccount(readings: Readings, { trading }: PauseLimits): Condition | undefined {
  const text = staleAccount(readings, trading);
  return text === undefined ? undefined : { reason: 'account_stale', text };
}

function badStatus({ isReplay, systemStatus }: Readings): Condition | undefined {
  const status = SYSTEM_STATUSES[systemStatus] ?? 'unknown';
  if (status === 'online' || (isReplay && status === 'unknown')) return undefined;
  return { reason: 'venue_not_online', text: `the venue's status is ${status}` };
}

function staleMarket(readings: Readings, staleMs: number): Condition | undefined {
  const { nowNs, isReplay, lastFrameNs, booksValid } = readings;
  if (isReplay) return undefined;
  const isStale = lastFrameNs === 0 || (nowNs - lastFrameNs) / 1e6 > staleMs;
  if (isStale) return { reason: 'market_data_stale', text: `no frame for more than ${staleMs} ms` };
  return booksValid > 0 ? undefined : { reason: 'market_data_stale', text: 'no book is valid' };
}
