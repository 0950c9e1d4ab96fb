/**
 * The duty of one thread: its actors, turned one after the other, and the counters that the runtime keeps of them.
 * Both hosts (worker threads and inline) run their actors through this, so they count and time alike.
 */
import type { Clock } from '../shared/clock.ts';
import type { ActorId } from '../shared/counter-names.ts';
import type { Actor } from './actor.ts';
import type { Counters } from './counters.ts';

interface Station {
  readonly actor: Actor;
  readonly counters: Counters;
  readonly heartbeat: number;
  readonly turns: number;
  readonly handled: number;
  readonly longest: number;
}

export class Duty {
  readonly #clock: Clock;
  #stations: Station[] = [];
  #turnStartNs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds an actor at the end of the round. */
  add(actor: Actor, counters: Counters): void {
    this.#stations.push(stationOf(actor, counters));
  }

  /** Puts `actor` where the one with its id was: a successor keeps its place in the round. */
  replace(actor: Actor, counters: Counters): void {
    const place = this.#stations.findIndex((station) => station.actor.id === actor.id);
    this.#stations[place] = stationOf(actor, counters);
  }

  /** Gives an actor no more turns. */
  remove(id: ActorId): void {
    this.#stations = this.#stations.filter((station) => station.actor.id !== id);
  }

  /** The actors in the order of their turns. */
  get actors(): readonly Actor[] {
    return this.#stations.map((station) => station.actor);
  }

  /**
   * One turn of every actor. The clock is read once, and once more for each actor that had work.
   * @returns messages handled by all of them.
   */
  round(): number {
    let total = 0;
    this.#turnStartNs = this.#clock.nowNs();
    for (let index = 0; index < this.#stations.length; index++) {
      total += this.#turn(this.#stations[index] as Station);
    }
    return total;
  }

  /** Says that the thread is alive. Between rounds while it idles, and at least every heartbeat. */
  beat(): void {
    const nowNs = this.#clock.nowNs();
    for (const { counters, heartbeat } of this.#stations) counters.set(heartbeat, nowNs);
  }

  /** Lets every actor look at its time-outs. */
  onTimer(): void {
    for (const { actor } of this.#stations) actor.onTimer?.();
  }

  /** Whether an actor waits for something outside the rings that it has set going. */
  isBusy(): boolean {
    return this.#stations.some(({ actor }) => actor.isBusy?.() === true);
  }

  #turn(station: Station): number {
    const handled = station.actor.doWork();
    if (handled === 0) return 0;
    const { counters } = station;
    const nowNs = this.#clock.nowNs();
    const turnNs = nowNs - this.#turnStartNs;
    this.#turnStartNs = nowNs;
    counters.set(station.heartbeat, nowNs);
    counters.add(station.turns, 1);
    counters.add(station.handled, handled);
    if (turnNs > counters.value(station.longest)) counters.set(station.longest, turnNs);
    return handled;
  }
}

function stationOf(actor: Actor, counters: Counters): Station {
  return {
    actor,
    counters,
    heartbeat: counters.at('heartbeat_ns'),
    turns: counters.at('turns'),
    handled: counters.at('messages_handled'),
    longest: counters.at('longest_turn_ns'),
  };
}
