/** Replay with the actors on their own threads, as they run live. */
import { Counters } from '../runtime/counters.ts';
import { RingGauge } from '../runtime/ring.ts';
import { systemClock } from '../shared/clock.ts';
import { Engine } from './engine.ts';
import { jsonLog } from './log.ts';
import type { ReplayRun } from './replay-run.ts';
import { type Summary, summarise } from './summary.ts';

const POLL_MS = 5;

/** @throws ACTOR_FAILED when the supervisor gave up. */
export async function replayThreads({ capture, config, opportunities }: ReplayRun): Promise<Summary> {
  const engine = new Engine({
    config,
    log: jsonLog('stderr', 'warn'),
    runOptions: { capture, speed: 'max', replay: true },
    onEscalation: () => {},
  });
  await engine.start();
  try {
    await untilReplayed(engine);
    const seconds = (systemClock.nowNs() - firstFrameNs(engine)) / 1e9;
    if (opportunities !== undefined) await engine.supervisor.call('persistence', 'exportOpportunities', opportunities);
    await engine.stop();
    return summarise(engine.memory, seconds);
  } finally {
    await engine.stop();
  }
}

/** When the feed read its first frame: the threads were started and the database opened before. */
function firstFrameNs(engine: Engine): number {
  return new Counters(engine.memory.counters, 'feed').get('first_frame_ns');
}

/** Until the capture is read to its end and no ring holds a message. */
async function untilReplayed(engine: Engine): Promise<void> {
  const feed = new Counters(engine.memory.counters, 'feed');
  const gauges = Object.values(engine.memory.rings).map((ring) => new RingGauge(ring.memory));
  while (!(feed.get('source_ended') === 1 && gauges.every((gauge) => gauge.used === 0))) {
    if (engine.escalated) throw new Error('the replay was given up: an actor failed too often');
    await new Promise<void>((resolve) => systemClock.after(POLL_MS, resolve));
  }
}
