/**
 * One strictly rising sequence of nonces per key (protocol reference 3.5). A nonce is the wall time in nanoseconds, the
 * finest scale any client of Kraken uses: a key that another program used before still works. It never falls behind the
 * last one, even when the clock is set back.
 *
 * What may have been used is written down before it is used, a block ahead, so that a successor after any death begins
 * beyond it. A block is a minute: the clock has usually passed it before a successor starts.
 */

import { smaller } from '../../../money/money.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { NonceStore } from '../../../trading/nonce-store.ts';

/** A nonce is an unsigned number of 64 bits. */
export const NONCE_MAX = 2n ** 64n - 1n;
/** 60 s in nonces. */
export const NONCE_BLOCK = 60_000_000_000n;

export class NonceSource {
  readonly #clock: Clock;
  readonly #store: NonceStore;
  #last: bigint;
  #reserved: bigint;

  constructor(clock: Clock, store: NonceStore) {
    this.#clock = clock;
    this.#store = store;
    this.#last = store.highest;
    this.#reserved = store.highest;
  }

  /**
   * Larger than every one before, of this process and of those before it that used the same store.
   * @throws RangeError when none is left: only another key helps.
   */
  next(): bigint {
    return this.#take(this.#clock.wallNs());
  }

  /** At least `gap` above the last one: for a key that was used with a clock ahead of ours, or whose store was lost. */
  skip(gap: bigint): bigint {
    return this.#take(this.#last + gap);
  }

  close(): void {
    this.#store.close();
  }

  #take(wanted: bigint): bigint {
    const nonce = wanted > this.#last ? wanted : this.#last + 1n;
    if (nonce > NONCE_MAX) throw new RangeError('this key has no nonce left above the last one: it needs a successor');
    if (nonce > this.#reserved) {
      const reserved = smaller(nonce + NONCE_BLOCK, NONCE_MAX);
      this.#store.reserve(reserved);
      this.#reserved = reserved;
    }
    this.#last = nonce;
    return nonce;
  }
}
