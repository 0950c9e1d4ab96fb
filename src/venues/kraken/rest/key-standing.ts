/**
 * Whether the venue still takes our key, judged by its answers in a row. What one answer says can be an accident of the
 * connection; what is said again and again, with nothing taken in between, is not.
 *
 * Questions leave one after the other, each with a larger nonce. After a refusal the next one is far above, then as far
 * as no clock is wrong: when that is refused too, only another client with larger nonces explains it, and this one can
 * never catch up.
 */
import { type ArbitradeError, arbitradeError } from '../../../platform/errors.ts';
import { NONCE_BLOCK } from '../keys/nonce-source.ts';
import type { RestFailure } from './rest-answer.ts';

/** By refusals in a row: how far above the last one the next nonce is. A minute, and two days. */
const SKIPS: readonly bigint[] = [0n, NONCE_BLOCK, 2_880n * NONCE_BLOCK];
/** The venue says that it does not know the key, or that its signature is wrong, this often in a row. */
const UNKNOWN_MAX = 3;

export class KeyStanding {
  #noncesRefused = 0;
  #unknown = 0;
  #lost: ArbitradeError | undefined;

  /** Why nothing is asked with this key any more; undefined while it is. */
  get lost(): ArbitradeError | undefined {
    return this.#lost;
  }

  /** How far above the last one the next nonce has to be; 0 for no gap. */
  get nonceSkip(): bigint {
    return SKIPS[this.#noncesRefused] ?? 0n;
  }

  /** Takes an answer of the venue to a private question. @returns whether the key was lost by it. */
  onAnswer(failure: RestFailure | undefined): boolean {
    if (this.#lost !== undefined) return false;
    switch (failure?.topic) {
      case 'nonce':
        if (++this.#noncesRefused < SKIPS.length) return false;
        this.#lost = arbitradeError('KEY_OUTRUN');
        return true;
      case 'credentials':
        if (++this.#unknown < UNKNOWN_MAX) return false;
        this.#lost = arbitradeError('VENUE_REFUSED', 'the key', failure.text);
        return true;
      case 'transport':
      case 'http':
      case 'unreadable':
        return false; // whether the venue has looked at the key is not known
      default:
        this.#noncesRefused = 0;
        this.#unknown = 0;
        return false;
    }
  }
}
