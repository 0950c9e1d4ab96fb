/**
 * The dead-man's switch (protocol reference 2.7): while it is wanted, the venue is sent a sign of life at every interval; if
 * it receives none for the switch's time it cancels everything. After a lost connection it is armed again, or turned off,
 * as soon as there is a new one; until then it may do its work.
 */

import type { RequestId } from '../../market-data.ts';
import type { PrivateReply } from '../private/private-reply.ts';
import { cancelAllOrdersAfter, type PrivateTerms } from '../private/private-requests.ts';

export interface DeadMansSwitchDeps {
  /** 0 leaves it off for good. */
  readonly afterMs: number;
  readonly intervalMs: number;
  readonly send: (write: (terms: PrivateTerms) => string) => RequestId;
  readonly onUnexpected: (text: string) => void;
}

/** A request that was refused is repeated sooner than one that was answered. */
const RETRIES_PER_INTERVAL = 3;

export class DeadMansSwitch {
  readonly #deps: DeadMansSwitchDeps;
  /** Undefined until it is set. */
  #isWanted: boolean | undefined;
  /** The venue may have it armed: an earlier run may have left it so. */
  #mayBeArmed = true;
  #isUp = false;
  /** What is asked for, and has no answer yet. */
  #asked: { readonly request: RequestId; readonly armed: boolean } | undefined;
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(deps: DeadMansSwitchDeps) {
    this.#deps = deps;
  }

  set(armed: boolean, nowMs: number): void {
    if (this.#deps.afterMs === 0 || armed === this.#isWanted) return;
    this.#isWanted = armed;
    // Requests can overtake each other in transit (reference 2.9): the one that is out is waited for.
    if (this.#asked === undefined) this.#dueMs = Number.NEGATIVE_INFINITY;
    this.onTimer(nowMs);
  }

  onStand(nowMs: number): void {
    this.#isUp = true;
    this.#dueMs = Number.NEGATIVE_INFINITY;
    this.onTimer(nowMs);
  }

  onFall(): void {
    this.#isUp = false;
    this.#asked = undefined;
  }

  onTimer(nowMs: number): void {
    const armed = this.#isWanted;
    if (armed === undefined || !this.#isUp || nowMs < this.#dueMs || !(armed || this.#mayBeArmed)) return;
    const seconds = armed ? Math.ceil(this.#deps.afterMs / 1_000) : 0;
    this.#mayBeArmed = true; // until the venue says that it is off
    this.#dueMs = nowMs + this.#deps.intervalMs;
    this.#asked = { request: this.#deps.send((terms) => cancelAllOrdersAfter(seconds, terms)), armed };
  }

  /** @returns whether the answer was to this. */
  onReply({ reqId, success, error }: PrivateReply, nowMs: number): boolean {
    const asked = this.#asked;
    if (asked === undefined || reqId !== asked.request) return false;
    this.#asked = undefined;
    if (success === 'yes') this.#mayBeArmed = asked.armed;
    else {
      const wanted = asked.armed ? 'armed' : 'turned off';
      this.#deps.onUnexpected(`the dead-man's switch could not be ${wanted}: ${error || 'no reason given'}`);
      this.#dueMs = nowMs + this.#deps.intervalMs / RETRIES_PER_INTERVAL;
    }
    if (asked.armed !== this.#isWanted) this.#dueMs = Number.NEGATIVE_INFINITY;
    this.onTimer(nowMs);
    return true;
  }
}
