import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../src/platform/clock.ts';
import type { Actor, ActorContext, ActorFactory } from '../../src/runtime/actor.ts';
import type { ActorId } from '../../src/runtime/counter-names.ts';
import { InlineHost } from '../../src/runtime/inline-host.ts';
import type { ChildSpec, Topology } from '../../src/runtime/topology-spec.ts';
import { checkConfig } from '../../src/settings/read-config.ts';
import { topologyOf } from '../../src/topology.ts';

const SEED = 42;
const CHILDREN = (['detector', 'book', 'feed'] as const).map(
  (id): ChildSpec => ({ id, entry: 'none.ts', restart: 'permanent', ownBytes: 8 }),
);
const PART: Topology = { ...topologyOf(checkConfig({})), children: CHILDREN };

interface Trace {
  readonly events: string[];
  readonly factories: Partial<Record<ActorId, ActorFactory>>;
}

/** Feed sends seeded numbers on a timer, book passes them on, detector notes them. */
function numbersThroughThreeActors(): Trace {
  const events: string[] = [];
  const stamp = (context: ActorContext, text: string) => events.push(`${context.clock.nowNs() / 1e6} ${text}`);
  const life = (context: ActorContext) => ({
    onStart: () => void stamp(context, `${context.id} starts${context.isSuccessor ? ' again' : ''}`),
    onStop: () => void stamp(context, `${context.id} stops`),
  });
  const feed: ActorFactory = (context) => {
    const deltas = context.producer('deltas');
    const send = () => {
      if (!deltas.tryClaim(1)) return;
      deltas.view.setFloat64(deltas.offset(0), context.chance.integer(1000), true);
      deltas.publish(1);
      context.clock.after(7, send);
    };
    context.clock.after(7, send);
    return { id: 'feed', ...life(context), doWork: () => 0, onTimer: () => void stamp(context, 'timer') };
  };
  const book: ActorFactory = (context) => {
    const deltas = context.consumer('deltas');
    const tops = context.producer('tops');
    const pass = (view: DataView, offset: number) => {
      if (!tops.tryClaim(1)) throw new Error('tops is full');
      tops.view.setFloat64(tops.offset(0), view.getFloat64(offset, true), true);
      tops.publish(1);
    };
    return { id: 'book', ...life(context), doWork: () => deltas.drain(pass, 256) };
  };
  const detector: ActorFactory = (context) => {
    const tops = context.consumer('tops');
    const note = (view: DataView, offset: number) => void stamp(context, `number ${view.getFloat64(offset, true)}`);
    return { id: 'detector', ...life(context), doWork: () => tops.drain(note, 256) };
  };
  return { events, factories: { feed, book, detector } };
}

function hostOf(trace: Trace, seed = SEED): InlineHost {
  const config = checkConfig({ runtime: { heartbeat_ms: 50 } });
  return new InlineHost({ topology: PART, config, clock: new VirtualClock(), seed, factories: trace.factories });
}

async function traceOf(seed: number): Promise<string[]> {
  const trace = numbersThroughThreeActors();
  const host = hostOf(trace, seed);
  await host.start();
  await host.advance(300);
  await host.stop();
  return trace.events;
}

describe('inline host', () => {
  test('the same seed gives the same bytes, another seed others', async () => {
    const first = await traceOf(SEED);
    expect(first.filter((event) => event.includes('number'))).toHaveLength(42);
    expect(await traceOf(SEED)).toEqual(first);
    expect(await traceOf(SEED + 1)).not.toEqual(first);
  });

  test('starts in the order of the topology and stops in reverse', async () => {
    const trace = numbersThroughThreeActors();
    const host = hostOf(trace);
    await host.start();
    expect(host.gate.supervisor.state).toBe('active');
    await host.stop();
    expect(host.gate.supervisor).toEqual({ state: 'halted', reason: 'stopping' });
    const order = trace.events.map((event) => event.replace(/^\S+ /, ''));
    expect(order).toEqual([
      'detector starts',
      'book starts',
      'feed starts',
      'feed stops',
      'book stops',
      'detector stops',
    ]);
  });

  test('fires timers at their own time and onTimer every heartbeat', async () => {
    const events = await traceOf(SEED);
    expect(events.filter((event) => event.endsWith('timer')).map((event) => Number.parseFloat(event))).toEqual([
      50, 100, 150, 200, 250, 300,
    ]);
    const numbers = events.filter((event) => event.includes('number')).map((event) => Number.parseFloat(event));
    expect(numbers.slice(0, 3)).toEqual([7, 14, 21]);
  });

  test('counts what its actors handle', async () => {
    const host = hostOf(numbersThroughThreeActors());
    await host.start();
    await host.advance(70);
    expect(host.countersOf('detector').get('messages_handled')).toBe(10);
    expect(host.countersOf('feed').get('messages_handled')).toBe(0);
    expect(host.countersOf('feed').get('heartbeat_ns')).toBe(50e6);
    await host.stop();
  });

  test('a replaced actor continues where its predecessor stopped', async () => {
    const trace = numbersThroughThreeActors();
    const host = hostOf(trace);
    await host.start();
    await host.advance(70);
    await host.replace('book');
    await host.advance(70);
    expect(trace.events).toContain('70 book starts again');
    expect(host.countersOf('detector').get('messages_handled')).toBe(20);
    await host.stop();
  });

  test('virtual time stands still while an actor waits for something outside', async () => {
    const seenAt: number[] = [];
    const factory: ActorFactory = (context): Actor => {
      let busy = false;
      const finish = () => {
        busy = false;
        seenAt.push(context.clock.nowNs() / 1e6);
      };
      context.clock.after(5, () => {
        busy = true;
        setTimeout(finish, 2); // real time passes, virtual time must not
      });
      return { id: 'feed', onStart: () => {}, onStop: () => {}, doWork: () => 0, isBusy: () => busy };
    };
    const children = CHILDREN.filter((child) => child.id === 'feed');
    const host = new InlineHost({
      topology: { ...PART, children },
      config: checkConfig({}),
      clock: new VirtualClock(),
      seed: SEED,
      factories: { feed: factory },
    });
    await host.start();
    await host.advance(1_000);
    expect(seenAt).toEqual([5]);
  });

  test('names the actor that failed to start', async () => {
    const fails: ActorFactory = () => ({
      id: 'feed',
      onStart: () => Promise.reject(new Error('no route')),
      onStop: () => {},
      doWork: () => 0,
    });
    const trace = numbersThroughThreeActors();
    const host = hostOf({ ...trace, factories: { ...trace.factories, feed: fails } });
    await expect(host.start()).rejects.toMatchObject({ code: 'ACTOR_FAILED', message: /actor feed failed: no route/ });
  });
});
