/**
 * Keeps a storm of troubles from becoming a storm of records: a burst is recorded one by one, then a few a second, and
 * the next record says how many were left out.
 */
import { DecayingCounter } from '../../net/limiters/decaying-counter.ts';

export const AUDIT_BURST = 16;
const LIMITS = { max: AUDIT_BURST, decay: { points: 4, inMs: 1_000 } };

export class AuditLimiter {
  readonly #recent = new DecayingCounter(LIMITS);
  #leftOut = 0;

  /** Whether one more record may be written now. */
  allow(nowNs: number): boolean {
    if (this.#recent.tryAdd(1, nowNs)) return true;
    this.#leftOut++;
    return false;
  }

  /** How many were left out since this was last asked. */
  takeLeftOut(): number {
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}
