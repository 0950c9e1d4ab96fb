/**
 * Keeps a storm of troubles from becoming a storm of records: a burst is recorded one by one, then a few a second, and
 * the next record says how many were left out.
 */
export const AUDIT_BURST = 16;
const PER_SECOND = 4;

export class AuditLimiter {
  #tokens = AUDIT_BURST;
  #filledNs = 0;
  #leftOut = 0;

  /** Whether one more record may be written now. */
  allow(nowNs: number): boolean {
    this.#tokens = Math.min(AUDIT_BURST, this.#tokens + ((nowNs - this.#filledNs) / 1e9) * PER_SECOND);
    this.#filledNs = nowNs;
    if (this.#tokens < 1) {
      this.#leftOut++;
      return false;
    }
    this.#tokens--;
    return true;
  }

  /** How many were left out since this was last asked. */
  takeLeftOut(): number {
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}
