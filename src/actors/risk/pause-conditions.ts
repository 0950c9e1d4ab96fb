/**
 * The conditions under which trading pauses, and which clear themselves. Pure: the actor reads, this judges.
 *
 * In a replay time is the capture's: silence between its frames says nothing about this process, a ring that is full is
 * how a fast replay is slowed down, and captures may begin without a status. So of the market conditions only a status
 * that is known and bad pauses a replay; the sequencer looks at every book's validity by itself.
 */
import { type AccountState, isTradingState } from '../../shared/account-state.ts';
import { SYSTEM_STATUSES } from '../../shared/market-messages.ts';
import type { GateReason } from '../../shared/trading-gate.ts';

export interface Readings {
  readonly nowNs: number;
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
  /** How far the account is known; undefined when the mode has none. */
  readonly accountState: AccountState | undefined;
  /** Limits of the settings that name an asset which the venue does not list. */
  readonly unlistedLimits: readonly string[];
}

export interface PauseLimits {
  readonly marketDataStaleMs: number;
  readonly actorSilenceMs: number;
}

export interface Condition {
  readonly reason: GateReason;
  readonly text: string;
}

/** The most serious condition that holds, or undefined. */
export function findCondition(readings: Readings, limits: PauseLimits): Condition | undefined {
  return (
    silentActor(readings, limits.actorSilenceMs) ??
    fullRecords(readings) ??
    unusableLimit(readings) ??
    refusedMarketData(readings) ??
    badStatus(readings) ??
    unreadyAccount(readings) ??
    staleMarket(readings, limits.marketDataStaleMs)
  );
}

function silentActor({ nowNs, isReplay, heartbeatsNs }: Readings, silenceMs: number): Condition | undefined {
  for (const actor in heartbeatsNs) {
    const heartbeatNs = heartbeatsNs[actor] ?? 0;
    if (heartbeatNs === 0) {
      if (isReplay) continue; // a replay may run without it
      return { reason: 'starting', text: `${actor} has not started` };
    }
    const silentMs = (nowNs - heartbeatNs) / 1e6;
    if (silentMs > silenceMs) return { reason: 'actor_down', text: `${actor} is silent for more than ${silenceMs} ms` };
  }
  return undefined;
}

function fullRecords({ isReplay, recordsFull }: Readings): Condition | undefined {
  if (isReplay || !recordsFull) return undefined;
  return { reason: 'records_full', text: 'records wait for the database' };
}

/** A limit that limits nothing is no limit: whoever wrote it believes to be protected by it. */
function unusableLimit({ unlistedLimits: [first] }: Readings): Condition | undefined {
  return first === undefined
    ? undefined
    : { reason: 'limit_unusable', text: `${first}: the venue lists no such asset` };
}

function refusedMarketData({ marketDataRefused }: Readings): Condition | undefined {
  return marketDataRefused
    ? {
        reason: 'market_data_refused',
        text: 'a connection for market data is refused, and is tried again later; see the log',
      }
    : undefined;
}

function unreadyAccount({ accountState }: Readings): Condition | undefined {
  if (accountState === undefined || isTradingState(accountState)) return undefined;
  return { reason: 'account_not_ready', text: `the account is ${accountState}: not compared with the venue's` };
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
