/**
 * The duty of one thread: its actors, turned one after the other, and the counters that the runtime keeps of them.
 * Both hosts (worker threads and inline) run their actors through this, so they count and time alike.
 *
 * Reading the clock costs as much as a turn without work, so the clock is read after a turn that had work and now and
 * then while idle ({@link Duty.glance}); the longest turn is exact to what passes between two idle glances.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Actor } from '../actor.ts';
import type { ActorId } from '../counter-names.ts';
import type { Counters } from '../memory/counters.ts';

/** The counters of some actor: only the runtime's own are touched here. */
type AnyCounters = Pick<Counters, 'at' | 'add' | 'set' | 'value'>;

interface Station {
  readonly actor: Actor;
  readonly counters: AnyCounters;
  readonly heartbeat: number;
  readonly turns: number;
  readonly handled: number;
  readonly longest: number;
}

export class Duty {
  readonly #clock: Clock;
  #stations: Station[] = [];
  #current: ActorId | undefined;
  #nowNs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#nowNs = clock.nowNs();
  }

  /**
   * Adds an actor in front of the round: actors are started from the end of the stream to its source, so a message
   * that enters at the source passes through all of them in one round.
   */
  add(actor: Actor, counters: AnyCounters): void {
    this.#stations = [stationOf(actor, counters), ...this.#stations];
  }

  /** Puts `actor` where the one with its id was: a successor keeps its place in the round. */
  replace(actor: Actor, counters: AnyCounters): void {
    this.#stations = this.#stations.map((old) => (old.actor.id === actor.id ? stationOf(actor, counters) : old));
  }

  /** Gives an actor no more turns. */
  remove(id: ActorId): void {
    this.#stations = this.#stations.filter((station) => station.actor.id !== id);
  }

  /** The actors in the order of their turns, which is also the order in which they are stopped. */
  get actors(): readonly Actor[] {
    return this.#stations.map((station) => station.actor);
  }

  /** The actor whose turn (or timer) it is; undefined between turns. Left standing when one throws. */
  get current(): ActorId | undefined {
    return this.#current;
  }

  /** The newest reading of the clock. */
  get nowNs(): number {
    return this.#nowNs;
  }

  /** Reads the clock. */
  glance(): number {
    this.#nowNs = this.#clock.nowNs();
    return this.#nowNs;
  }

  /** One turn of every actor. @returns messages handled by all of them. @throws what an actor throws. */
  round(): number {
    let total = 0;
    for (let index = 0; index < this.#stations.length; index++) {
      const station = this.#stations[index] as Station;
      this.#current = station.actor.id;
      const handled = station.actor.doWork();
      if (handled > 0) this.#count(station, handled);
      total += handled;
    }
    this.#current = undefined;
    return total;
  }

  /** Says that the thread is alive. */
  beat(): void {
    const nowNs = this.glance();
    for (const { counters, heartbeat } of this.#stations) counters.set(heartbeat, nowNs);
  }

  /** Lets every actor look at its time-outs. @throws what an actor throws. */
  onTimer(): void {
    for (const { actor } of this.#stations) {
      this.#current = actor.id;
      actor.onTimer?.();
    }
    this.#current = undefined;
  }

  /** Whether an actor waits for something outside the rings that it has set going. */
  isBusy(): boolean {
    return this.#stations.some(({ actor }) => actor.isBusy?.() === true);
  }

  #count(station: Station, handled: number): void {
    const { counters } = station;
    const startedNs = this.#nowNs;
    const turnNs = this.glance() - startedNs;
    counters.set(station.heartbeat, this.#nowNs);
    counters.add(station.turns, 1);
    counters.add(station.handled, handled);
    if (turnNs > counters.value(station.longest)) counters.set(station.longest, turnNs);
  }
}

function stationOf(actor: Actor, counters: AnyCounters): Station {
  return {
    actor,
    counters,
    heartbeat: counters.at('heartbeat_ns'),
    turns: counters.at('turns'),
    handled: counters.at('messages_handled'),
    longest: counters.at('longest_turn_ns'),
  };
}
