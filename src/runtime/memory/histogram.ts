/**
 * Log-linear histogram in shared memory: 16 steps per power of two, so a value is known to 6 %. Counts are doubles;
 * one writer, any readers. Values below 1 count as 0; values above 2^47 in the last bucket.
 */

import type { Clock } from '../../platform/clock.ts';

const STEPS = 16;
const POWERS = 48;
const BUCKETS = STEPS * POWERS;
const SUM = BUCKETS;
const MAX = BUCKETS + 1;
const COUNT = BUCKETS + 2;
const WORDS = BUCKETS + 3;

/** Of the messages of a stage on the tick path one in this many is timed: reading the clock costs as much as deciding. */
const TIMED_EVERY = 16;

/** Whether the message with this number (from 1) is one of those that are timed; the first one is. */
export const isTimed = (number: number): boolean => (number & (TIMED_EVERY - 1)) === 1;

/** The moment of the value being counted. */
const NOW = new Float64Array(1);

export function createHistogramMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(WORDS * 8);
}

export class Histogram {
  readonly #values: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#values = new Float64Array(memory);
  }

  /** Counts one value. Owner only. */
  record(value: number): void {
    const bucket = bucketOf(value);
    this.#values[bucket] = (this.#values[bucket] as number) + 1;
    this.#values[SUM] = (this.#values[SUM] as number) + value;
    if (value > (this.#values[MAX] as number)) this.#values[MAX] = value;
    this.#values[COUNT] = (this.#values[COUNT] as number) + 1;
  }

  /** Counts the nanoseconds since the moment in `stamps[at]`, whole ones: no object is made. Owner only. */
  recordSince(clock: Clock, stamps: Float64Array, at: number): void {
    clock.readNs(NOW, 0);
    this.record(Math.round((NOW[0] as number) - (stamps[at] as number)));
  }

  get count(): number {
    return this.#values[COUNT] as number;
  }

  get max(): number {
    return this.#values[MAX] as number;
  }

  get mean(): number {
    return this.count === 0 ? 0 : (this.#values[SUM] as number) / this.count;
  }

  /** Upper edge of the bucket in which the `fraction` quantile (0 … 1) lies; 0 when nothing was counted. */
  quantile(fraction: number): number {
    const target = Math.ceil(this.count * fraction);
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#values[bucket] as number;
      if (seen >= target && seen > 0) return Math.min(upperEdge(bucket), this.max);
    }
    return 0;
  }

  /** Forgets everything. Owner only. */
  reset(): void {
    this.#values.fill(0);
  }
}

function bucketOf(value: number): number {
  if (value < STEPS) return value < 1 ? 0 : Math.floor(value); // exact below 16
  const whole = value < 2 ** 31 ? value | 0 : 0;
  if (whole > 0) {
    const power = 31 - Math.clz32(whole);
    return (power - 3) * STEPS + ((whole >>> (power - 4)) & (STEPS - 1)); // the four bits below the highest one
  }
  const power = Math.floor(Math.log2(value));
  const step = Math.floor((value / 2 ** power - 1) * STEPS);
  return Math.min(BUCKETS - 1, (power - 3) * STEPS + step);
}

function upperEdge(bucket: number): number {
  if (bucket < STEPS) return bucket;
  const power = Math.floor(bucket / STEPS) + 3;
  return 2 ** power * (1 + ((bucket % STEPS) + 1) / STEPS);
}
