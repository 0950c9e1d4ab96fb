/**
 * The share of one turn of the event loop that the messages of one port may take. One read of a socket can bring
 * hundreds of messages, and libuv reads a socket up to 32 times in a row: handled one after the other, with a decision
 * after each, they would keep timers, heartbeats, control calls and the order to stop waiting for seconds.
 */
import type { Clock } from '../platform/clock.ts';

/** As often as a busy thread lets its event loop turn. */
const SHARE_NS = 1e6;

export class LoopShare {
  readonly #clock: Clock;
  #begunNs: number | undefined;
  /** Made once: the tick path schedules it. */
  readonly #renew = (): void => {
    this.#begunNs = undefined;
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether one more message may be handled before the event loop turns. The first of a turn always may. */
  isLeft(): boolean {
    const nowNs = this.#clock.nowNs();
    if (this.#begunNs === undefined) {
      this.#begunNs = nowNs;
      setImmediate(this.#renew);
      return true;
    }
    return nowNs - this.#begunNs < SHARE_NS;
  }
}
