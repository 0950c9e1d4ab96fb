/** What a replay needs to know, on one thread or on several. */
import type { Counters } from '../runtime/counters.ts';
import type { Config } from '../shared/config.ts';
import { arbitradeError } from '../shared/errors.ts';
import type { StopSignals } from './stop-signals.ts';
import type { Summary } from './summary.ts';

export type ReplaySignals = Pick<StopSignals, 'stopped' | 'cause'>;

export interface ReplayRun {
  readonly capture: string;
  readonly config: Config;
  /** File for the opportunities, one JSON line each. */
  readonly opportunities: string | undefined;
  /** What may end it before its time. */
  readonly signals: ReplaySignals;
}

export interface ReplayResult {
  readonly summary: Summary;
  /** Whether the capture ended in the middle of a row, which was left out. */
  readonly cutShort: boolean;
}

/** @throws REPLAY_INTERRUPTED once a signal has come: half a replay is no result. */
export function refuseWhenInterrupted({ signals }: ReplayRun): void {
  if (signals.cause !== undefined) throw arbitradeError('REPLAY_INTERRUPTED', signals.cause);
}

export const isCutShort = (feed: Counters<'feed'>): boolean => feed.get('source_cut_short') === 1;
