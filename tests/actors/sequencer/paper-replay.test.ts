import { describe, expect, test } from 'vitest';
import { RECORD_KIND } from '../../../src/messages/record-messages.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import type { Actor, ActorContext } from '../../../src/runtime/actor.ts';
import type { ActorId } from '../../../src/runtime/counter-names.ts';
import { InlineHost } from '../../../src/runtime/inline-host.ts';
import { checkConfig } from '../../../src/settings/read-config.ts';
import { topologyOf } from '../../../src/topology.ts';
import { type Execution, readExecution } from './sequencer-stage.ts';

const CAPTURE = 'tests/fixtures/kraken/derived_ws2_d25_gemini_20210417.cap.jsonl.gz';

/** Stands where persistence is: takes every record off its ring, and keeps what the sequencer recorded. */
function recorder(context: ActorContext<'persistence'>, executions: Execution[]): Actor {
  const rings = topologyOf(context.config)
    .rings.filter(({ to }) => to === 'persistence')
    .map(({ name }) => context.consumer(name));
  const take = (view: DataView, at: number) => {
    if (view.getUint8(at) === RECORD_KIND.EXECUTION) executions.push(readExecution(view, at));
  };
  return {
    id: 'persistence',
    onStart: () => undefined,
    doWork: () => rings.reduce((sum, ring) => sum + ring.drain(take, 64), 0),
    onStop: () => undefined,
  };
}

/** Replays the capture without fees through the real actors; `dies` is replaced after every `every` frames. */
async function replay(dies: ActorId | undefined, every: number) {
  const executions: Execution[] = [];
  const config = checkConfig({
    fees: { taker_pct: '0' },
    limits: { instruments_max: 64, instrument_log_bytes: 262_144 },
  });
  const host = new InlineHost({
    topology: topologyOf(config),
    config,
    clock: systemClock,
    seed: 1,
    options: {
      capture: CAPTURE,
      speed: 'max',
      replay: true,
      captureTime: true,
    },
    factories: { persistence: (context) => recorder(context as never, executions) },
  });
  await host.start();
  const feed = host.countersOf('feed');
  let deaths = 0;
  let due = every;
  while (feed.get('source_ended') === 0 || !host.isDrained()) {
    await host.runUntil(() => feed.get('frames') >= due || (feed.get('source_ended') === 1 && host.isDrained()));
    due += every;
    if (dies !== undefined && feed.get('source_ended') === 0) {
      await host.replace(dies);
      deaths++;
    }
  }
  const status = host.call('risk', 'status');
  const risk = { executions: status['executions'], assets: status['assets'] };
  const { state } = host.gate;
  await host.stop();
  return { found: { executions, risk, state }, deaths };
}

describe('paper trading on recorded books', () => {
  test('without fees recorded moments are traded to their end, and risk and records agree on what it brought', async () => {
    const { found } = await replay(undefined, 1_000_000);
    const ended = found.executions.filter(({ event }) => event === 'PLAN_ENDED');
    expect(ended.map(({ outcome }) => outcome)).toEqual(['completed', 'completed', 'completed']);
    for (const { profit } of ended) expect(profit).toBeGreaterThan(0n);
    expect(found.risk.executions).toBe(found.executions.length);
    expect(found.executions.filter(({ event }) => event === 'FILL')).toHaveLength(9);
    expect(found.state).toBe('active');
    expect((await replay(undefined, 1_000_000)).found).toEqual(found);
  });

  test.each<[ActorId]>([['sequencer'], ['risk']])('it comes to the same when %s dies again and again', async (dies) => {
    const { found } = await replay(undefined, 1_000_000);
    const { found: survived, deaths } = await replay(dies, 7);
    expect(deaths).toBeGreaterThan(5);
    expect(survived).toEqual(found);
  });
});
