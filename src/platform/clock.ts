/**
 * The only module that reads clocks or sets timers. Everything else is handed a {@link Clock}, so that the same actor
 * runs against real time (threads) and against a virtual clock (inline host, tests).
 */
import { type MonotonicNs, monotonicNs, type WallMs, wallMs } from './time.ts';

/** Held here: looking the global up runs a getter, and the tick path would pay for it with every reading. */
const { performance } = globalThis;

/** Cancels the timer it was returned for; calling it again does nothing. */
export type CancelTimer = () => void;

export interface Clock {
  /** Monotonic nanoseconds, comparable across the threads of one process. A double: exact to well under 1 µs. */
  nowNs(): MonotonicNs;
  /** Writes {@link nowNs} to `into[at]`: for the tick path, where a number that is returned can become an object. */
  readNs(into: Float64Array, at: number): void;
  /** Wall time, nanoseconds since 1970. Allocates a BigInt: not for the tick path. */
  wallNs(): bigint;
  /** Wall time, milliseconds since 1970, as a double with microsecond resolution. */
  wallMs(): WallMs;
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
  nowNs: () => monotonicNs(performance.now() * 1e6 + OFFSET_NS),
  readNs: (into, at) => {
    into[at] = performance.now() * 1e6 + OFFSET_NS;
  },
  wallNs: () => BigInt(Math.round((TIME_ORIGIN_MS + performance.now()) * 1e3)) * 1000n,
  wallMs: () => wallMs(TIME_ORIGIN_MS + performance.now()),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

interface VirtualTimer {
  readonly dueNs: MonotonicNs;
  readonly order: number;
  /** Undefined once it was cancelled. */
  run: (() => void) | undefined;
}

/**
 * Time that moves only when it is moved, in whole nanoseconds. Timers fire in order of their due time, ties in order of
 * their setting; a delay that is not nothing takes a nanosecond at least, so a loop that waits for the rest of a rest of an
 * interval gets there. Its wall time can be set, as a machine's is; what follows the true time has {@link VirtualClock.trueTime}.
 */
export class VirtualClock implements Clock {
  #nowNs: MonotonicNs;
  /** The same time, with a wall clock that is never set. */
  readonly trueTime: Clock;
  readonly #wallStartNs: bigint;
  #wallSetNs = 0n;
  readonly #startNs: number;
  /** A binary heap: no timer is due before its parent. */
  readonly #timers: VirtualTimer[] = [];
  #order = 0;

  constructor(wallStartNs: bigint = 0n, startNs = 0) {
    this.#wallStartNs = wallStartNs;
    this.#startNs = startNs;
    this.#nowNs = monotonicNs(startNs);
    this.trueTime = this.#timeNeverSet();
  }

  nowNs(): MonotonicNs {
    return this.#nowNs;
  }

  readNs(into: Float64Array, at: number): void {
    into[at] = this.#nowNs;
  }

  wallNs(): bigint {
    return this.#trueWallNs() + this.#wallSetNs;
  }

  /** Sets the wall clock forward, or back. Monotonic time and timers go on as they were. */
  setWall(byMs: number): void {
    this.#wallSetNs += BigInt(Math.round(byMs * 1e6));
  }

  wallMs(): WallMs {
    return wallMs(Number(this.wallNs() / 1000n) / 1e3);
  }

  after(delayMs: number, run: () => void): CancelTimer {
    const timer: VirtualTimer = {
      dueNs: monotonicNs(Math.ceil(this.#nowNs + delayMs * 1e6)),
      order: this.#order++,
      run,
    };
    this.#push(timer);
    return () => {
      timer.run = undefined;
    };
  }

  /** Due time of the next timer, or undefined when none is set. */
  nextTimerNs(): number | undefined {
    for (let first = this.#timers[0]; first !== undefined; first = this.#timers[0]) {
      if (first.run !== undefined) return first.dueNs;
      this.#pop();
    }
    return undefined;
  }

  /** Moves to `targetNs`, firing every timer that falls due in between, each at its own time. Never moves back. */
  advanceTo(targetNs: number): void {
    for (let dueNs = this.nextTimerNs(); dueNs !== undefined && dueNs <= targetNs; dueNs = this.nextTimerNs()) {
      const timer = this.#pop();
      this.#nowNs = monotonicNs(Math.max(this.#nowNs, dueNs));
      timer?.run?.();
    }
    this.#nowNs = monotonicNs(Math.max(this.#nowNs, Math.ceil(targetNs)));
  }

  #trueWallNs(): bigint {
    return this.#wallStartNs + BigInt(Math.round(this.#nowNs - this.#startNs));
  }

  #timeNeverSet(): Clock {
    return {
      nowNs: () => this.#nowNs,
      readNs: (into, at) => this.readNs(into, at),
      wallNs: () => this.#trueWallNs(),
      wallMs: () => wallMs(Number(this.#trueWallNs() / 1000n) / 1e3),
      after: (delayMs, run) => this.after(delayMs, run),
    };
  }

  #push(timer: VirtualTimer): void {
    const timers = this.#timers;
    let at = timers.length;
    timers.push(timer);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = timers[above];
      if (parent === undefined || isBefore(parent, timer)) break;
      timers[at] = parent;
      at = above;
    }
    timers[at] = timer;
  }

  #pop(): VirtualTimer | undefined {
    const timers = this.#timers;
    const first = timers[0];
    const last = timers.pop();
    if (last === undefined || last === first) return first;
    let at = 0;
    for (;;) {
      const left = timers[2 * at + 1];
      const right = timers[2 * at + 2];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (child === undefined || isBefore(last, child)) break;
      timers[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    timers[at] = last;
    return first;
  }
}

const isBefore = (a: VirtualTimer, b: VirtualTimer): boolean =>
  a.dueNs < b.dueNs || (a.dueNs === b.dueNs && a.order < b.order);
