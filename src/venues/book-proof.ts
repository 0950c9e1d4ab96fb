/**
 * What proves that our book is the venue's: a check after each message, over what the venue sends with it. The book actor
 * shows no book that its proof has not passed.
 */
import type { ClampedLevels } from '../market/clamped-levels.ts';
import type { Ladders } from '../market/ladders.ts';

/** The proof did not pass: the book is void. */
export const PROOF_FAILED = -1;
/** Which form of the proof the venue uses for a book is not settled yet. */
export const FORM_UNSETTLED = 0;

export interface BookProof {
  /**
   * Checks one book, given by the sides of its ladders, which have been cut to their depth. On the tick path: no
   * allocation. `proof` is the venue's checksum as a signed 32-bit number, `form` what an earlier check of this book returned.
   * Only a snapshot may settle another form.
   * @returns the form that passed, to be handed in next time, or PROOF_FAILED.
   */
  check(
    bids: number,
    asks: number,
    proof: number,
    form: number,
    isSnapshot: boolean,
    pricePrecision: number,
    qtyPrecision: number,
  ): number;
  /** Whether a book of this form is proven by its numbers alone, without the digits as the venue wrote them. */
  needsNumbersOnly(form: number): boolean;
}

/** @param clamped has the exact quantities of levels that `books` cannot hold. */
export type MakeBookProof = (books: Ladders, clamped: ClampedLevels) => BookProof;
