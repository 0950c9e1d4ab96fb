/**
 * The counters table: one shared block of doubles per actor, named by `counter-names.ts`. Each value has one writer;
 * everybody may read at any time. It outlives the actors, so counts go on after a restart.
 */
import { ACTOR_COUNTERS, type ActorId, type CounterName, RUNTIME_COUNTERS } from '../shared/counter-names.ts';

export type CounterMemory = Readonly<Record<ActorId, SharedArrayBuffer>>;

function namesOf(actor: ActorId): readonly string[] {
  return [...RUNTIME_COUNTERS, ...ACTOR_COUNTERS[actor]];
}

export function createCounterMemory(): CounterMemory {
  const block = (actor: ActorId) => [actor, new SharedArrayBuffer(namesOf(actor).length * 8)] as const;
  return Object.fromEntries((Object.keys(ACTOR_COUNTERS) as ActorId[]).map(block)) as CounterMemory;
}

/** One actor's counters. Look an index up once with {@link at} and use it on the tick path. */
export class Counters<A extends ActorId = ActorId> {
  readonly #values: Float64Array;
  readonly #names: readonly string[];

  constructor(memory: CounterMemory, actor: A) {
    this.#names = namesOf(actor);
    this.#values = new Float64Array(memory[actor]);
  }

  /** Index of a counter for {@link add}, {@link set} and {@link value}. */
  at(name: CounterName<A>): number {
    return this.#names.indexOf(name);
  }

  /** Owner only. */
  add(index: number, amount: number): void {
    this.#values[index] = (this.#values[index] as number) + amount;
  }

  /** Owner only. */
  set(index: number, value: number): void {
    this.#values[index] = value;
  }

  value(index: number): number {
    return this.#values[index] as number;
  }

  get(name: CounterName<A>): number {
    return this.value(this.at(name));
  }

  /** All values by name. */
  snapshot(): Readonly<Record<CounterName<A>, number>> {
    const entries = this.#names.map((name, index) => [name, this.value(index)]);
    return Object.fromEntries(entries) as Record<CounterName<A>, number>;
  }
}
