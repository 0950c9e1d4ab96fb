/** Replay on one thread and a virtual clock that follows the capture's own times: the same capture, the same bytes. */
import { InlineHost } from '../runtime/inline-host.ts';
import { systemClock, VirtualClock } from '../shared/clock.ts';
import { TOPOLOGY } from '../topology.ts';
import { jsonLog } from './log.ts';
import { isCutShort, type ReplayResult, type ReplayRun, refuseWhenInterrupted, replayProgress } from './replay-run.ts';
import { type Summary, summarise } from './summary.ts';

/** Virtual time that plans at work get after the capture's end. */
const AFTERMATH_MS = 60_000;

/** @throws REPLAY_INTERRUPTED, CAPTURE_UNREADABLE when a later row is none, and whatever an actor throws. */
export async function replayInline(run: ReplayRun): Promise<ReplayResult> {
  const { capture, config, opportunities } = run;
  const clock = new VirtualClock();
  const host = new InlineHost({
    topology: TOPOLOGY,
    config,
    clock,
    seed: 1,
    log: jsonLog('stderr', 'warn'),
    options: { capture, speed: 'max', replay: true, advanceTo: (elapsedNs: number) => clock.advanceTo(elapsedNs) },
  });
  await host.start();
  const progress = replayProgress(host.memory);
  try {
    const seconds = await untilReplayed(host, run);
    await host.advance(AFTERMATH_MS);
    if (opportunities !== undefined) await exportOpportunities(host, opportunities);
    await host.stop();
    const cutShort = isCutShort(host.countersOf('feed'));
    return { summary: withoutLatency(summarise(host.memory, config, seconds)), cutShort };
  } finally {
    progress.end();
    await host.stop(); // whatever went wrong: the database is closed and its process ends
  }
}

/** @returns how long it took, in seconds of real time. */
async function untilReplayed(host: InlineHost, run: ReplayRun): Promise<number> {
  const startedNs = systemClock.nowNs(); // real time: how fast it goes, not what the capture says
  const feed = host.countersOf('feed');
  const ended = feed.at('source_ended');
  // Records may wait for a commit that virtual time, which ends with the capture, has not reached: idle is enough here.
  await host.runUntil(() => {
    refuseWhenInterrupted(run);
    return feed.value(ended) === 1 && (host.isDrained() || host.turn() === 0);
  });
  return (systemClock.nowNs() - startedNs) / 1e9;
}

async function exportOpportunities(host: InlineHost, file: string): Promise<void> {
  await host.settle();
  await host.call('persistence', 'exportOpportunities', file);
}

/** On a virtual clock every message is handled in no time at all. */
function withoutLatency(summary: Summary): Summary {
  return { ...summary, latency: undefined };
}
