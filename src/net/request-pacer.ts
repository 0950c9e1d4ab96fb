/**
 * Requests per second on one socket. Any second holds at most the limit. The venue does not publish its own limit; when
 * it complains (`{"Error":"Exceeded msg rate"}`), the limit is halved, sending rests for a moment, and the limit
 * grows back by one for every quiet period.
 */

const SECOND_MS = 1_000;
/** Rest after a complaint. Replies to what was accepted come in meanwhile. */
export const REST_MS = 1_000;
const RECOVERY_MS = 10_000;

export class RequestPacer {
  readonly #limitMax: number;
  readonly #sentMs: Float64Array;
  #limit: number;
  #sent = 0;
  #restUntilMs = 0;
  #changedMs = 0;

  constructor(perSecond: number) {
    this.#limitMax = perSecond;
    this.#limit = perSecond;
    this.#sentMs = new Float64Array(perSecond);
  }

  /** Requests per second allowed at present. */
  get limit(): number {
    return this.#limit;
  }

  /** Milliseconds until `count` requests may be sent at once; 0 when they may be now, infinite when they never may. */
  waitMs(nowMs: number, count = 1): number {
    this.#recover(nowMs);
    const restMs = Math.max(0, this.#restUntilMs - nowMs);
    if (count > this.#limit) return Number.POSITIVE_INFINITY;
    if (this.#sent + count <= this.#limit) return restMs;
    const oldestMs = this.#sentMs[(this.#sent + count - 1 - this.#limit) % this.#limitMax] as number;
    return Math.max(restMs, oldestMs + SECOND_MS - nowMs);
  }

  /** Counts one request as sent now. False, and nothing is counted, when it must wait. */
  tryTake(nowMs: number): boolean {
    if (this.waitMs(nowMs) > 0) return false;
    this.#sentMs[this.#sent % this.#limitMax] = nowMs;
    this.#sent += 1;
    return true;
  }

  /** The venue complained. */
  slowDown(nowMs: number): void {
    this.#limit = Math.max(1, this.#limit >>> 1);
    this.#restUntilMs = nowMs + REST_MS;
    this.#changedMs = nowMs;
  }

  #recover(nowMs: number): void {
    while (this.#limit < this.#limitMax && nowMs - this.#changedMs >= RECOVERY_MS) {
      this.#limit += 1;
      this.#changedMs += RECOVERY_MS;
    }
  }
}
