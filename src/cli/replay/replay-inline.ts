/** Replay on one thread. Time is the capture's: the same capture, the same bytes. */

import { jsonLog } from '../../engine/log.ts';
import { systemClock } from '../../platform/clock.ts';
import { InlineHost } from '../../runtime/inline-host.ts';
import { topologyOf } from '../../topology.ts';
import {
  isCutShort,
  type ReplayResult,
  type ReplayRun,
  refuseWhenInterrupted,
  replayOptions,
  replayProgress,
  replaySummary,
} from './replay-run.ts';

/** @throws REPLAY_INTERRUPTED, CAPTURE_UNREADABLE when a later row is none, and what an actor throws. */
export async function replayInline(run: ReplayRun): Promise<ReplayResult> {
  const { config, opportunities } = run;
  const host = new InlineHost({
    topology: topologyOf(config),
    config,
    clock: systemClock,
    seed: 1,
    log: jsonLog('stderr', 'warn'),
    options: replayOptions(run),
  });
  await host.start();
  const progress = replayProgress(host.memory);
  try {
    const seconds = await untilReplayed(host, run);
    if (opportunities !== undefined) await exportOpportunities(host, opportunities);
    await host.stop();
    const cutShort = isCutShort(host.countersOf('feed'));
    return { summary: replaySummary(host.memory, config, seconds), cutShort };
  } finally {
    progress.end();
    await host.stop(); // after any failure: the database is closed and its process ends
  }
}

/** @returns how long it took, in seconds of real time. */
async function untilReplayed(host: InlineHost, run: ReplayRun): Promise<number> {
  const startedNs = systemClock.nowNs(); // real time: how fast it goes, not what the capture says
  const feed = host.countersOf('feed');
  const ended = feed.at('source_ended');
  await host.runUntil(() => {
    refuseWhenInterrupted(run);
    return feed.value(ended) === 1 && host.isDrained();
  });
  return (systemClock.nowNs() - startedNs) / 1e9;
}

async function exportOpportunities(host: InlineHost, file: string): Promise<void> {
  await host.settle();
  await host.call('persistence', 'exportOpportunities', file);
}
