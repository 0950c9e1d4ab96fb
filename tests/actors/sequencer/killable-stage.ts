/** A sequencer that dies at a step that others can see, and what comes after it. */
import type { ActorContext } from '../../../src/runtime/actor.ts';
import type { Stage } from './sequencer-stage.ts';

/** Thrown where the actor dies; nothing of the actor runs after it. */
export class Death extends Error {}

type Context = ActorContext<'sequencer'>;
type Step = <T>(run: () => T) => T;

/** Contexts in which the `at`-th step is the actor's last: it dies just before, or just after it. */
export interface Killability {
  readonly tamper: (context: Context) => Context;
  /** Steps taken so far. */
  readonly count: { readonly steps: number };
}

/** A step is what others can see: a record written, a message published. */
export function killableTeller(at: number, after: boolean): Killability {
  return dying(at, after, telling);
}

/** A step is whatever touches the world between the actor's own stores: also a message taken, the clock read or set. */
export function killable(at: number, after: boolean): Killability {
  return dying(at, after, (context, step) => ({
    ...telling(context, step),
    consumer: (name) => {
      const ring = context.consumer(name);
      const advance = ring.advance.bind(ring);
      ring.advance = (number) => step(() => advance(number));
      return ring;
    },
    clock: {
      nowNs: () => step(() => context.clock.nowNs()),
      readNs: (into, at) => step(() => context.clock.readNs(into, at)),
      wallNs: () => step(() => context.clock.wallNs()),
      wallMs: () => context.clock.wallMs(),
      after: (delay, run) => step(() => context.clock.after(delay, run)),
    },
  }));
}

function dying(at: number, after: boolean, tampered: (context: Context, step: Step) => Context): Killability {
  const count = { steps: 0 };
  const step: Step = (run) => {
    count.steps++;
    if (count.steps === at && !after) throw new Death();
    const result = run();
    if (count.steps === at && after) throw new Death();
    return result;
  };
  return { tamper: (context) => tampered(context, step), count };
}

function telling(context: Context, step: Step): Context {
  const { records } = context;
  const write = records.tryWrite.bind(records);
  records.tryWrite = (kind, fill) => step(() => write(kind, fill));
  return {
    ...context,
    producer: (name) => {
      const ring = context.producer(name);
      const publish = ring.publish.bind(ring);
      ring.publish = (number) => step(() => publish(number));
      return ring;
    },
  };
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
