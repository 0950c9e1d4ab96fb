/**
 * Messages per second on one socket, for a far side that does not say how many it takes. Any second holds at most the
 * limit. When the far side complains, the limit is halved and sending rests for a moment; the limit grows back by one for
 * every quiet period.
 */
import { SlidingWindow } from './sliding-window.ts';

const SECOND_NS = 1e9;
/** Rest after a complaint. Replies to what was accepted come in meanwhile. */
export const REST_MS = 1_000;
const REST_NS = REST_MS * 1e6;
const RECOVERY_NS = 10e9;

export class Pacer {
  readonly #limitMax: number;
  readonly #sent: SlidingWindow;
  #limit: number;
  // Both by the time of the window, which never runs back.
  #restUntilNs = 0;
  #changedNs = 0;

  constructor(perSecond: number) {
    this.#limitMax = perSecond;
    this.#limit = perSecond;
    this.#sent = new SlidingWindow({ max: perSecond, spanNs: SECOND_NS });
  }

  /** Messages per second allowed at present. */
  get limit(): number {
    return this.#limit;
  }

  /** Nanoseconds until `count` messages may be sent at once; 0 when they may be now, infinite when they never may. */
  waitNs(nowNs: number, count = 1): number {
    const passedNs = this.#sent.pass(nowNs);
    this.#recover(passedNs);
    return Math.max(0, this.#restUntilNs - passedNs, this.#sent.waitNs(nowNs, count, this.#limit));
  }

  /** Counts one message as sent now. False, and nothing is counted, when it must wait. */
  tryTake(nowNs: number): boolean {
    if (this.waitNs(nowNs) > 0) return false;
    this.#sent.note(nowNs);
    return true;
  }

  /** The far side complained. */
  slowDown(nowNs: number): void {
    const passedNs = this.#sent.pass(nowNs);
    this.#limit = Math.max(1, this.#limit >>> 1);
    this.#restUntilNs = passedNs + REST_NS;
    this.#changedNs = passedNs;
  }

  #recover(passedNs: number): void {
    while (this.#limit < this.#limitMax && passedNs - this.#changedNs >= RECOVERY_NS) {
      this.#limit += 1;
      this.#changedNs += RECOVERY_NS;
    }
  }
}
