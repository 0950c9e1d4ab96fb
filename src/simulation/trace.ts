/** What a day does, step by step, as lines of text: to be read, or hashed to compare two runs. */
import { createHash } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';

export interface Trace {
  /** Adds a line: what happened, where, and its text. */
  add(kind: string, text: string): void;
}

export const NO_TRACE: Trace = { add: () => undefined };

/** Lines with the time since the start, in milliseconds. */
export function lineTrace(clock: Clock, write: (line: string) => void): Trace {
  return { add: (kind, text) => write(`${(clock.nowNs() / 1e6).toFixed(3).padStart(12)}  ${kind.padEnd(10)} ${text}`) };
}

/** The hash of every line so far: two runs with the same did the same. */
export class HashedTrace implements Trace {
  readonly #hash = createHash('sha256');
  readonly #lines: Trace;
  lines = 0;

  constructor(clock: Clock) {
    this.#lines = lineTrace(clock, (line) => this.#hash.update(`${line}\n`));
  }

  add(kind: string, text: string): void {
    this.lines++;
    this.#lines.add(kind, text);
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}
