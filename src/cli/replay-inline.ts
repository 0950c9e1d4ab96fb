/** Replay on one thread and a virtual clock that follows the capture's own times: the same capture, the same bytes. */
import { InlineHost } from '../runtime/inline-host.ts';
import { systemClock, VirtualClock } from '../shared/clock.ts';
import { TOPOLOGY } from '../topology.ts';
import type { ReplayRun } from './replay-run.ts';
import { type Summary, summarise } from './summary.ts';

/** Virtual time that plans at work get after the capture's end. */
const AFTERMATH_MS = 60_000;

export async function replayInline({ capture, config, opportunities }: ReplayRun): Promise<Summary> {
  const clock = new VirtualClock();
  const host = new InlineHost({
    topology: TOPOLOGY,
    config,
    clock,
    seed: 1,
    options: { capture, speed: 'max', replay: true, advanceTo: (elapsedNs: number) => clock.advanceTo(elapsedNs) },
  });
  await host.start();
  const startedNs = systemClock.nowNs(); // real time: how fast it goes, not what the capture says
  const feed = host.countersOf('feed');
  const ended = feed.at('source_ended');
  // Records may wait for a commit that virtual time, which ends with the capture, has not reached: idle is enough here.
  await host.runUntil(() => feed.value(ended) === 1 && (host.isDrained() || host.turn() === 0));
  const seconds = (systemClock.nowNs() - startedNs) / 1e9;
  await host.advance(AFTERMATH_MS);
  if (opportunities !== undefined) await exportOpportunities(host, opportunities);
  await host.stop();
  return withoutLatency(summarise(host.memory, seconds));
}

async function exportOpportunities(host: InlineHost, file: string): Promise<void> {
  await host.settle();
  const persistence = host.actor('persistence')?.control as { exportOpportunities(file: string): Promise<number> };
  await persistence.exportOpportunities(file);
}

/** On a virtual clock every message is handled in no time at all. */
function withoutLatency(summary: Summary): Summary {
  return { ...summary, latency: undefined };
}
