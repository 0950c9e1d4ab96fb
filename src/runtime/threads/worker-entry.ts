/**
 * A worker thread: makes its actors, starts them, runs their duty, and stops them when asked. What an actor throws
 * ends the thread; the supervisor starts a successor on the same memory.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../platform/clock.ts';
import { ArbitradeError, arbitradeError } from '../../platform/errors.ts';
import type { Actor, ActorContext } from '../actor.ts';
import { takingTurns } from '../capture-time/taking-turns.ts';
import { exposeControl } from '../control-port.ts';
import type { ActorId } from '../counter-names.ts';
import { Counters } from '../memory/counters.ts';
import { Doorbell } from '../memory/doorbell.ts';
import { RingGauge } from '../memory/ring.ts';
import { openContext } from '../memory/shared-memory.ts';
import { Duty } from './duty.ts';
import { DutyLoop } from './duty-loop.ts';
import { chanceOf, loadActorFactory } from './load-actor.ts';
import type { FromWorker, ToWorker, WorkerBirth } from './worker-messages.ts';

if (parentPort === null) throw arbitradeError('TOPOLOGY_INVALID', 'worker-entry.ts is started by the supervisor only');
const port = parentPort;
const birth = workerData as WorkerBirth;
const post = (message: FromWorker): void => port.postMessage(message);
const duty = new Duty(systemClock);
/** The actor in `onStart` or `onStop`. */
let passing: ActorId | undefined;
let loop: DutyLoop | undefined;
/** Set when the supervisor wants this thread to end. */
let stopWithinMs: number | undefined;

// This listener is also the handle that keeps the thread alive while it waits for nothing but a promise.
port.on('message', (message: ToWorker) => {
  stopWithinMs = message.withinMs;
  loop?.stop();
});

try {
  await live();
} catch (thrown) {
  const actor = duty.current ?? passing ?? firstActor().id;
  const code = thrown instanceof ArbitradeError ? thrown.code : undefined;
  post({ type: 'failed', actor, reason: describe(thrown), code, inTurn: duty.current !== undefined });
  process.exit(1);
}
process.exit(0);

async function live(): Promise<void> {
  const actors = await startAll();
  loop = loopOf(actors);
  exposeControl(birth.control, actors);
  duty.beat();
  post({ type: 'ready' });
  if (stopWithinMs === undefined) await loop.run();
  await stopAll(loop, stopWithinMs ?? 0);
  post({ type: 'stopped' });
}

async function startAll(): Promise<readonly Actor[]> {
  const actors: Actor[] = [];
  for (const child of birth.actors) {
    passing = child.id;
    const factory = await loadActorFactory(child);
    const context = contextOf(child.id);
    const actor = takingTurns(factory(context), context);
    await actor.onStart();
    duty.add(actor, new Counters(birth.memory.counters, child.id));
    actors.push(actor);
  }
  passing = undefined;
  return actors;
}

/** Upstream first. What an actor still has on its rings is handled before it is stopped, as long as it gets on. */
async function stopAll(loop: DutyLoop, withinMs: number): Promise<void> {
  for (const actor of duty.actors) {
    const counters = new Counters(birth.memory.counters, actor.id);
    // Half of it: the rest is for `onStop`.
    await loop.runUntil(isDrained(actor), withinMs / 2, () => counters.get('heartbeat_ns'));
    duty.remove(actor.id);
    passing = actor.id;
    await actor.onStop();
  }
}

function isDrained(actor: Actor): () => boolean {
  const inputs = Object.values(birth.memory.rings).filter((ring) => ring.to === actor.id);
  const gauges = inputs.map((ring) => new RingGauge(ring.memory));
  return () => gauges.every((gauge) => gauge.used === 0) && actor.isBusy?.() !== true;
}

function loopOf(actors: readonly Actor[]): DutyLoop {
  return new DutyLoop(duty, new Doorbell(birth.memory.doorbells, birth.memory.placement[firstActor().id]), {
    clock: systemClock,
    idle: birth.idle,
    needsEventLoop: actors.some((actor) => actor.needsEventLoop === true),
    heartbeatMs: birth.config.runtime.heartbeat_ms,
  });
}

function contextOf(id: ActorId): ActorContext {
  const services = {
    config: birth.config,
    clock: systemClock,
    chance: chanceOf(birth.seed, id),
    log: (...event: Parameters<ActorContext['log']>) => post({ type: 'log', actor: id, event }),
    turnNow: () => loop?.roundNow(),
    options: { ...birth.options, ...birth.ownOptions[id] },
  };
  return openContext(birth.memory, id, services, birth.isSuccessor, birth.setAside);
}

function firstActor(): { readonly id: ActorId } {
  const [first] = birth.actors;
  if (first === undefined) throw arbitradeError('TOPOLOGY_INVALID', 'a worker needs at least one actor');
  return first;
}

/** An operating error says itself what is wrong; of any other the stack is what helps. */
function describe(thrown: unknown): string {
  if (thrown instanceof ArbitradeError) return thrown.message;
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
