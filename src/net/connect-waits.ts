/** How long to wait before the next attempt to connect. */

import type { Chance } from '../platform/chance.ts';
import { type BackOff, backOffMs } from './back-off.ts';

/** The settings that the waits are made of, milliseconds. */
export interface WaitSettings {
  readonly backoff_base_ms: number;
  readonly backoff_max_ms: number;
  readonly backoff_repeated_min_ms: number;
  readonly refused_retry_min_ms: number;
  readonly refused_retry_max_ms: number;
}

export interface ConnectWaits {
  /** After a failure: doubled with each one in a row, all of it left to chance. */
  readonly failed: BackOff;
  /** Least wait after maintenance and after repeated failure. */
  readonly repeatedMinMs: number;
  /** After a refusal: doubled with every further one in a row. */
  readonly refused: BackOff;
}

/** The waits between attempts to connect that the settings ask for. */
export function connectWaits(settings: WaitSettings): ConnectWaits {
  const { backoff_base_ms, backoff_max_ms, refused_retry_min_ms, refused_retry_max_ms } = settings;
  return {
    failed: { baseMs: 2 * backoff_base_ms, maxMs: backoff_max_ms, growth: 2, jitter: 'full' },
    repeatedMinMs: settings.backoff_repeated_min_ms,
    refused: { baseMs: refused_retry_min_ms, maxMs: refused_retry_max_ms, growth: 2, jitter: 'added' },
  };
}

/** Failures in a row from which on `repeatedMinMs` holds: a single random drop is reconnected at once. */
const REPEATED_FROM = 3;

/** Milliseconds to wait after `failures` attempts in a row that failed; 0 before any. */
export function failedWaitMs(failures: number, venueOnline: boolean, waits: ConnectWaits, chance: Chance): number {
  if (failures === 0) return 0;
  const jitteredMs = backOffMs(failures - 1, waits.failed, chance);
  // The jitter stays on top of the minimum: sockets that fell together shall not come back together.
  return failures >= REPEATED_FROM || !venueOnline ? waits.repeatedMinMs + jitteredMs : jitteredMs;
}

/** Milliseconds to wait after `refusals` (from 1) answers in a row by which the venue or its edge refused the connection. */
export const refusedWaitMs = (refusals: number, waits: ConnectWaits, chance: Chance): number =>
  backOffMs(refusals - 1, waits.refused, chance);
