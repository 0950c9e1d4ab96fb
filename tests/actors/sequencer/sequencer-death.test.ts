import { describe, expect, test } from 'vitest';
import type { ActorContext } from '../../../src/runtime/actor.ts';
import { GOOD_BOOKS, type Stage, stageSequencer } from './sequencer-stage.ts';

/** Thrown where the actor dies; nothing of the actor runs after it. */
class Death extends Error {}

/** A context in which the `at`-th step that others can see is the actor's last: it dies just before, or just after it. */
function mortal(at: number, after: boolean) {
  const count = { steps: 0 };
  const step = <T>(run: () => T): T => {
    count.steps++;
    if (count.steps === at && !after) throw new Death();
    const result = run();
    if (count.steps === at && after) throw new Death();
    return result;
  };
  const tamper = (context: ActorContext<'sequencer'>): ActorContext<'sequencer'> => {
    const { records } = context;
    const write = records.tryWrite.bind(records);
    records.tryWrite = (kind, fill) => step(() => write(kind, fill));
    return {
      ...context,
      // Ring producer, consumer and clock are where the actor touches the world between its own stores.
      producer: (name) => {
        const ring = context.producer(name);
        const publish = ring.publish.bind(ring);
        ring.publish = (number) => step(() => publish(number));
        return ring;
      },
      consumer: (name) => {
        const ring = context.consumer(name);
        const advance = ring.advance.bind(ring);
        ring.advance = (number) => step(() => advance(number));
        return ring;
      },
      clock: {
        ...context.clock,
        nowNs: () => step(() => context.clock.nowNs()),
        wallNs: () => step(() => context.clock.wallNs()),
        wallMs: () => context.clock.wallMs(),
        after: (delay, run) => step(() => context.clock.after(delay, run)),
      },
    };
  };
  return { tamper, count };
}

/** Lets `ms` pass; when the actor dies on the way, its successor lives through what is left of them. */
function passOrDie(stage: Stage, ms: number): void {
  const endNs = stage.clock.nowNs() + ms * 1e6;
  try {
    stage.pass(ms);
  } catch (thrown) {
    if (!(thrown instanceof Death)) throw thrown;
    stage.succeed();
    stage.pass((endNs - stage.clock.nowNs()) / 1e6);
  }
}

/** One plan that is completed, then one whose last leg fails and is taken back in part and stranded in part. */
function live(at: number, after: boolean) {
  const { tamper, count } = mortal(at, after);
  const stage = stageSequencer({ trading: { patience_ms: 100 }, paper: { latency_ms: 20 }, tamper });
  for (let ms = 0; ms < 500; ms += 10) {
    if (ms === 0 || ms === 150) stage.send(stage.opportunity(100));
    if (ms === 190) stage.setBook(2, { bids: [], asks: GOOD_BOOKS[2]!.asks });
    if (ms === 200) stage.setBook(0, { bids: [], asks: GOOD_BOOKS[0]!.asks });
    passOrDie(stage, 10);
  }
  const told = stage.told();
  const { executions, audits } = stage.recorded();
  return {
    steps: count.steps,
    told,
    executions,
    audits,
    balances: stage.balances(),
    opened: stage.counter('plans_opened'),
  };
}

describe('sequencer: death at any step', () => {
  const undisturbed = live(0, false);

  test('undisturbed, one plan is completed and one is stranded', () => {
    expect(undisturbed.told.filter(({ event }) => event === 'PLAN_ENDED').map(({ outcome }) => outcome)).toEqual([
      'completed',
      'stranded',
    ]);
    expect(undisturbed.executions).toEqual(undisturbed.told);
    expect(undisturbed.audits).toHaveLength(1);
  });

  test.each([
    ['before', false],
    ['after', true],
  ])('dying just %s any step that can be seen, everything is booked and told exactly once', (_when, after) => {
    const { steps, ...outcome } = undisturbed;
    for (let at = 1; at <= steps; at++) {
      const { steps: _, ...found } = live(at, after);
      expect(found, `death at step ${at} of ${steps}`).toEqual(outcome);
    }
    console.log(`sequencer: ${steps} deaths survived`);
    expect(steps).toBeGreaterThan(100);
  });
});
