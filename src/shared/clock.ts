/**
 * The only module that reads clocks or sets timers. Everything else is handed a {@link Clock}, so that the same actor
 * runs against real time (threads) and against a virtual clock (inline host, tests).
 */

/** Held here: looking the global up runs a getter, and the tick path would pay for it with every reading. */
const { performance } = globalThis;

/** Cancels the timer it was returned for; calling it again does nothing. */
export type CancelTimer = () => void;

export interface Clock {
  /** Monotonic nanoseconds, comparable across the threads of one process. A double: exact to well under 1 µs. */
  nowNs(): number;
  /** Writes {@link nowNs} to `into[at]`: for the tick path, where a number that is returned can become an object. */
  readNs(into: Float64Array, at: number): void;
  /** Wall time, nanoseconds since 1970. Allocates a BigInt: not for the tick path. */
  wallNs(): bigint;
  /** Wall time, milliseconds since 1970, as a double with microsecond resolution. */
  wallMs(): number;
  /** Calls `run` once after `delayMs`. */
  after(delayMs: number, run: () => void): CancelTimer;
}

/** `performance.now` counts from a different zero in every worker; hrtime does not, so it is the common zero. */
const OFFSET_NS = commonZeroNs();

/** Of several readings of both clocks, the closest pair: the first ones are slow, and that would be an offset. */
function commonZeroNs(): number {
  let closestMs = Number.POSITIVE_INFINITY;
  let offsetNs = 0;
  for (let reading = 0; reading < 32; reading++) {
    const beforeMs = performance.now();
    const commonNs = Number(process.hrtime.bigint());
    const afterMs = performance.now();
    if (afterMs - beforeMs >= closestMs) continue;
    closestMs = afterMs - beforeMs;
    offsetNs = commonNs - ((beforeMs + afterMs) / 2) * 1e6;
  }
  return offsetNs;
}

/** Read once: the getter costs as much as reading the clock. */
const TIME_ORIGIN_MS = performance.timeOrigin;

/** Real time. */
export const systemClock: Clock = {
  nowNs: () => performance.now() * 1e6 + OFFSET_NS,
  readNs: (into, at) => {
    into[at] = performance.now() * 1e6 + OFFSET_NS;
  },
  wallNs: () => BigInt(Math.round((TIME_ORIGIN_MS + performance.now()) * 1e3)) * 1000n,
  wallMs: () => TIME_ORIGIN_MS + performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Time that moves only when it is told to. Timers fire in order of their due time, ties in order of their setting. */
export class VirtualClock implements Clock {
  #nowNs: number;
  readonly #wallStartNs: bigint;
  readonly #startNs: number;
  #timers: { dueNs: number; order: number; run: () => void }[] = [];
  #order = 0;

  constructor(wallStartNs: bigint = 0n, startNs = 0) {
    this.#wallStartNs = wallStartNs;
    this.#startNs = startNs;
    this.#nowNs = startNs;
  }

  nowNs(): number {
    return this.#nowNs;
  }

  readNs(into: Float64Array, at: number): void {
    into[at] = this.#nowNs;
  }

  wallNs(): bigint {
    return this.#wallStartNs + BigInt(Math.round(this.#nowNs - this.#startNs));
  }

  wallMs(): number {
    return Number(this.wallNs() / 1000n) / 1e3;
  }

  after(delayMs: number, run: () => void): CancelTimer {
    const timer = { dueNs: this.#nowNs + delayMs * 1e6, order: this.#order++, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Due time of the next timer, or undefined when none is set. */
  nextTimerNs(): number | undefined {
    return this.#next()?.dueNs;
  }

  /** Moves to `targetNs`, firing every timer that falls due on the way, each at its own time. Never moves back. */
  advanceTo(targetNs: number): void {
    for (let timer = this.#next(); timer !== undefined && timer.dueNs <= targetNs; timer = this.#next()) {
      const due = timer;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.#nowNs = Math.max(this.#nowNs, due.dueNs);
      due.run();
    }
    this.#nowNs = Math.max(this.#nowNs, targetNs);
  }

  #next(): { dueNs: number; order: number; run: () => void } | undefined {
    let next: { dueNs: number; order: number; run: () => void } | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.dueNs < next.dueNs || (timer.dueNs === next.dueNs && timer.order < next.order)) {
        next = timer;
      }
    }
    return next;
  }
}
