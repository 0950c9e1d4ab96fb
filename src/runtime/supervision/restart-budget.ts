/**
 * How many restarts are too many: the arithmetic of OTP's supervisors (`intensity` and `period`), over monotonic time.
 */
import { SlidingWindow, type WindowSettings } from '../../net/limiters/sliding-window.ts';

export interface RestartLimits {
  /** Restarts that are allowed within the period, its end included; one more escalates. */
  readonly max: number;
  readonly withinMs: number;
}

export class RestartBudget<Thread> {
  readonly #settings: WindowSettings;
  readonly #all: SlidingWindow;
  readonly #own = new Map<Thread, SlidingWindow>();

  constructor({ max, withinMs }: RestartLimits) {
    this.#settings = { max, spanNs: withinMs * 1e6 + 1 };
    this.#all = new SlidingWindow(this.#settings);
  }

  /** @returns which restart of this thread it is within the period, or undefined when those of all are too many. */
  tryTake(thread: Thread, nowNs: number): number | undefined {
    if (!this.#all.tryTake(nowNs)) return undefined;
    const own = this.#own.get(thread) ?? new SlidingWindow(this.#settings);
    this.#own.set(thread, own);
    own.note(nowNs);
    return own.countAt(nowNs);
  }
}
