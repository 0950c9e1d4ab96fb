/** A sequencer that dies at a step that others can see, and what comes after it. */
import type { ActorContext } from '../../../src/runtime/actor.ts';
import type { Stage } from './sequencer-stage.ts';

/** Thrown where the actor dies; nothing of the actor runs after it. */
export class Death extends Error {}

/** A context in which the `at`-th step that others can see is the actor's last: it dies just before, or just after it. */
export function mortal(at: number, after: boolean) {
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
export function passOrDie(stage: Stage, ms: number): void {
  const endNs = stage.clock.nowNs() + ms * 1e6;
  try {
    stage.pass(ms);
  } catch (thrown) {
    if (!(thrown instanceof Death)) throw thrown;
    stage.succeed();
    stage.pass((endNs - stage.clock.nowNs()) / 1e6);
  }
}
