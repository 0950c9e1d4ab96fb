/** Replay with the actors on their own threads, as they run live. */

import { Engine } from '../../engine/engine.ts';
import { jsonLog } from '../../engine/log.ts';
import { requireCleanStop } from '../../engine/unclean-stop.ts';
import { systemClock } from '../../platform/clock.ts';
import { arbitradeError } from '../../platform/errors.ts';
import { Counters } from '../../runtime/memory/counters.ts';
import { RingGauge } from '../../runtime/memory/ring.ts';
import {
  isCutShort,
  type ReplayResult,
  type ReplayRun,
  refuseWhenInterrupted,
  replayOptions,
  replayProgress,
  replaySummary,
} from './replay-run.ts';

const POLL_MS = 5;

/**
 * @throws REPLAY_INTERRUPTED, RECORDS_INCOMPLETE, CAPTURE_UNREADABLE when a later row is none, and what a start or the
 * supervisor gives up with.
 */
export async function replayThreads(run: ReplayRun): Promise<ReplayResult> {
  const { config, opportunities } = run;
  const engine = new Engine({
    config,
    log: jsonLog('stderr', 'warn'),
    runOptions: replayOptions(run),
    onEscalation: () => {},
  });
  const progress = replayProgress(engine.memory);
  try {
    await engine.start(run.signals.stopped);
    const startedNs = systemClock.nowNs(); // no frame is brought before all threads have started
    await untilReplayed(engine, run);
    const feed = new Counters(engine.memory.counters, 'feed');
    const seconds = (systemClock.nowNs() - startedNs) / 1e9;
    await refuseIncomplete(engine);
    if (opportunities !== undefined) await engine.supervisor.call('persistence', 'exportOpportunities', opportunities);
    requireCleanStop(await engine.stop());
    return { summary: replaySummary(engine.memory, config, seconds), cutShort: isCutShort(feed) };
  } finally {
    progress.end();
    await engine.stop();
  }
}

/** Until the capture is read to its end and no ring holds a message. */
async function untilReplayed(engine: Engine, run: ReplayRun): Promise<void> {
  const feed = new Counters(engine.memory.counters, 'feed');
  const gauges = Object.values(engine.memory.rings).map((ring) => new RingGauge(ring.memory));
  for (;;) {
    refuseWhenInterrupted(run);
    if (engine.escalation !== undefined) throw engine.escalation;
    if (feed.get('source_ended') === 1 && gauges.every((gauge) => gauge.used === 0)) return;
    await new Promise<void>((resolve) => systemClock.after(POLL_MS, resolve));
  }
}

/** What is written comes from the records: if some were lost in transit, it would not be all that was found. */
async function refuseIncomplete(engine: Engine): Promise<void> {
  const { missing, doubled } = await engine.supervisor.call('persistence', 'summary');
  if (missing + doubled > 0) throw arbitradeError('RECORDS_INCOMPLETE', missing, doubled);
}
