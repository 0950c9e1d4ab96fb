/**
 * Kraken's proof of a book: the checksum that comes with each message, over the digits of the best ten levels a side. Which
 * digits the venue sums, those padded to the pair's precisions or those it has written, shows at the first snapshot.
 */
import type { ClampedLevels } from '../../../market/clamped-levels.ts';
import type { Ladders } from '../../../market/ladders.ts';
import { type BookProof, FORM_UNSETTLED, PROOF_FAILED } from '../../book-proof.ts';
import { CHECKSUM_LEVELS } from './checksum.ts';
import { RunningChecksum } from './running-checksum.ts';

/** Which digits the venue sums: see checksum.ts. Forms of the proof, beside FORM_UNSETTLED. */
export const CHECKSUM_FORM = { PADDED: 1, RAW: 2 } as const;

// Numbers under names of this module: what is imported is looked up on every use.
const { PADDED, RAW } = CHECKSUM_FORM;
const UNSETTLED = FORM_UNSETTLED;
const FAILED = PROOF_FAILED;

export class ChecksumProof implements BookProof {
  readonly #ladders: Ladders;
  readonly #checksum: RunningChecksum;

  constructor(ladders: Ladders, clamped: ClampedLevels) {
    this.#ladders = ladders;
    this.#checksum = new RunningChecksum(ladders, clamped);
  }

  /** On a snapshot the other form is tried too when the remembered one does not match; padded first when none is settled. */
  check(
    bids: number,
    asks: number,
    proof: number,
    form: number,
    isSnapshot: boolean,
    pricePrecision: number,
    qtyPrecision: number,
  ): number {
    const isRaw = form === RAW;
    if (this.#checksum.of(bids, asks, isRaw, pricePrecision, qtyPrecision) === proof)
      return form === UNSETTLED ? PADDED : form;
    if (!isSnapshot) return FAILED;
    this.#ladders.unsettle(bids, CHECKSUM_LEVELS);
    this.#ladders.unsettle(asks, CHECKSUM_LEVELS);
    if (this.#checksum.of(bids, asks, !isRaw, pricePrecision, qtyPrecision) !== proof) return FAILED;
    return isRaw ? PADDED : RAW;
  }

  /** The raw form needs the decimals as written. */
  needsNumbersOnly(form: number): boolean {
    return form === PADDED;
  }
}
