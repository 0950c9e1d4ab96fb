/**
 * How long the oldest record has waited for the database. A record leaves its ring when its commit has succeeded, so the
 * rings show, not as persistence says of itself: it may be dead, or hang in a write.
 */
import type { RingGauge } from '../../runtime/memory/ring.ts';

type Ring = Pick<RingGauge, 'used' | 'taken' | 'published'>;

interface Mark {
  /** Records up to here were on the ring when it was looked at. */
  readonly published: number;
  readonly sinceNs: number;
}

export class RecordsWatch {
  readonly #rings: readonly Ring[];
  readonly #marks: (Mark | undefined)[];

  /** @param isStale whether a predecessor has found that records wait for too long: what is there now has. */
  constructor(rings: readonly Ring[], isStale: boolean) {
    this.#rings = rings;
    const mark = ({ published }: Ring) => ({ published, sinceNs: Number.NEGATIVE_INFINITY });
    this.#marks = rings.map((ring) => (isStale && ring.used > 0 ? mark(ring) : undefined));
  }

  /** Least time, ms, that the oldest record has waited; 0 when none does. To be called again and again. */
  ageMs(nowNs: number): number {
    let oldestNs = 0;
    for (const [index, ring] of this.#rings.entries()) {
      const mark = this.#markOf(index, ring, nowNs);
      this.#marks[index] = mark;
      if (mark !== undefined) oldestNs = Math.max(oldestNs, nowNs - mark.sinceNs);
    }
    return oldestNs / 1e6;
  }

  /** Of a ring from which all was taken that a mark knows of, the rest has waited since now at the earliest. */
  #markOf(index: number, { used, taken, published }: Ring, nowNs: number): Mark | undefined {
    if (used === 0) return undefined;
    const mark = this.#marks[index];
    // Positions run free (mod 2^32): their difference shows which is ahead.
    return mark !== undefined && ((taken - mark.published) | 0) < 0 ? mark : { published, sinceNs: nowNs };
  }
}
