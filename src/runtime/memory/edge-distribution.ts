/**
 * Distribution of an edge in shared memory: how far a cycle's multiplier is from 1, in basis points. Linear buckets of
 * a tenth of a basis point from -500 to +500; beyond that the end buckets. One writer, any readers.
 */

const FROM_BPS = -500;
const TO_BPS = 500;
const PER_BPS = 10;
const BUCKETS = (TO_BPS - FROM_BPS) * PER_BPS;
const COUNT = BUCKETS;

export function createEdgeDistributionMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer((BUCKETS + 1) * 8);
}

export class EdgeDistribution {
  readonly #values: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#values = new Float64Array(memory);
  }

  /**
   * Counts the multiplier at `at` (1.0005 is +5 basis points). A double that is handed over by itself is an object
   * wherever V8 does not inline the call. Owner only.
   */
  recordFrom(multipliers: Float64Array, at: number): void {
    const bucket = Math.floor((((multipliers[at] as number) - 1) * 10_000 - FROM_BPS) * PER_BPS);
    const index = Math.max(0, Math.min(BUCKETS - 1, bucket));
    this.#values[index] = (this.#values[index] as number) + 1;
    this.#values[COUNT] = (this.#values[COUNT] as number) + 1;
  }

  get count(): number {
    return this.#values[COUNT] as number;
  }

  /** Lower edge, in basis points, of the bucket in which the `fraction` quantile lies; NaN when nothing was counted. */
  quantileBps(fraction: number): number {
    const target = Math.max(1, Math.ceil(this.count * fraction));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#values[bucket] as number;
      if (seen >= target) return FROM_BPS + bucket / PER_BPS;
    }
    return Number.NaN;
  }
}
