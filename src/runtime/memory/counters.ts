/**
 * The counters table: one shared block of doubles per actor, named by `counter-names.ts`. Each value has one writer;
 * everybody may read at any time. It outlives the actors, so counts go on after a restart.
 */
import { ACTOR_COUNTERS, ACTOR_IDS, type ActorId, type CounterName, RUNTIME_COUNTERS } from '../counter-names.ts';

export type CounterMemory = Readonly<Record<ActorId, SharedArrayBuffer>>;

type Places = ReadonlyMap<string, number>;

/** Index of every counter in its actor's block, by name, in the order of the block. */
const PLACES = Object.fromEntries(ACTOR_IDS.map((actor) => [actor, placesOf(actor)])) as Readonly<
  Record<ActorId, Places>
>;

function placesOf(actor: ActorId): Places {
  return new Map([...RUNTIME_COUNTERS, ...ACTOR_COUNTERS[actor]].map((name, index) => [name, index]));
}

export function createCounterMemory(): CounterMemory {
  const block = (actor: ActorId) => [actor, new SharedArrayBuffer(PLACES[actor].size * 8)] as const;
  return Object.fromEntries(ACTOR_IDS.map(block)) as CounterMemory;
}

/** One actor's counters. Look an index up once with {@link at} and use it on the tick path. */
export class Counters<A extends ActorId = ActorId> {
  readonly #values: Float64Array;
  readonly #places: Places;

  constructor(memory: CounterMemory, actor: A) {
    this.#places = PLACES[actor];
    this.#values = new Float64Array(memory[actor]);
  }

  /** Index of a counter for {@link add}, {@link set} and {@link value}. */
  at(name: CounterName<A>): number {
    return this.#places.get(name) ?? -1;
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

  /** Whether the value at `at` is above the counter, without an object for either. */
  isBelow(index: number, values: Float64Array, at: number): boolean {
    return (this.#values[index] as number) < (values[at] as number);
  }

  get(name: CounterName<A>): number {
    return this.value(this.at(name));
  }

  /** All values by name. */
  snapshot(): Readonly<Record<CounterName<A>, number>> {
    const entries = [...this.#places].map(([name, index]) => [name, this.value(index)]);
    return Object.fromEntries(entries) as Record<CounterName<A>, number>;
  }
}
