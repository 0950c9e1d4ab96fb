/** What a replay needs to know, on one thread or on several. */

import type { StopSignals } from '../../engine/stop-signals.ts';
import { systemClock } from '../../platform/clock.ts';
import { arbitradeError } from '../../platform/errors.ts';
import { type Summary, summarise } from '../../readings/summary.ts';
import { Counters } from '../../runtime/memory/counters.ts';
import type { SharedMemory } from '../../runtime/memory/shared-memory.ts';
import type { RunOptions } from '../../runtime/run-options.ts';
import type { Config } from '../../settings/config.ts';
import { type Progress, showProgress } from '../progress.ts';

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

/** What every actor is given: as fast as it goes, in the capture's time. */
export function replayOptions({ capture }: Pick<ReplayRun, 'capture'>): RunOptions {
  return { capture, speed: 'max', replay: true, captureTime: true };
}

/** Without latencies: in the capture's time every message is handled in no time at all. */
export function replaySummary(memory: SharedMemory, config: Config, seconds: number): Summary {
  return { ...summarise(memory, config, seconds), latency: undefined };
}

/** The progress of a replay, on a terminal. */
export function replayProgress(memory: SharedMemory): Progress {
  const feed = new Counters(memory.counters, 'feed');
  const startedNs = systemClock.nowNs();
  return showProgress(() => {
    const updates = feed.get('book_messages');
    const perSecond = (updates / Math.max(1, systemClock.nowNs() - startedNs)) * 1e9;
    return `replaying  frames ${figure(feed.get('frames'))}   updates ${figure(updates)}   ${figure(perSecond)}/s`;
  }, systemClock);
}

const figure = (value: number): string => Math.round(value).toLocaleString('en-US');

/** @throws REPLAY_INTERRUPTED once a signal has arrived: half a replay is no result. */
export function refuseWhenInterrupted({ signals }: ReplayRun): void {
  if (signals.cause !== undefined) throw arbitradeError('REPLAY_INTERRUPTED', signals.cause);
}

export const isCutShort = (feed: Counters<'feed'>): boolean => feed.get('source_cut_short') === 1;
