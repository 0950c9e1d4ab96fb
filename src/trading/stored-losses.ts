/**
 * What earlier runs of the program earned and lost since a person resumed last, for limits that no restart may loosen.
 * Amounts are decimal text: the venue may have changed a precision in the meantime.
 */
import type { ExposureReason } from '../messages/execution-message.ts';
import { largest, smaller } from '../money/money.ts';

/** Key of the runtime state: number of the newest execution that the person who resumed last had taken upon himself. */
export const LOSSES_FROM_KEY = 'losses_counted_from';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

export interface StoredMinute {
  /**
   * The last millisecond of the minute since 1970: in the venue's time, as far as the run had compared the account with the
   * venue. Our clock may have been set between two runs.
   */
  readonly endMs: number;
  readonly amount: string;
}

export interface StoredLoss {
  /** Modern asset code, such as `BTC`. */
  readonly asset: string;
  /** Sum of what ended plans came to, and the highest it ever was, 0 or more. */
  readonly realised: string;
  readonly peak: string;
  /** What came and went outside plans; of deposits only what made up for a loss. */
  readonly outside: string;
  /** What both of them came to within the last day that they have something of, by the minute, oldest first. */
  readonly recent: readonly StoredMinute[];
}

export interface StoredLosses {
  readonly assets: readonly StoredLoss[];
  /** In a row, up to the end of the last run. */
  readonly losingPlans: number;
  readonly refusedOrders: number;
}

/**
 * A result outside plans: what is added to the sum of those before it. Deposits make up for what is missing, and no more.
 * What a plan takes over to bring it home takes back what was counted when it was left, and is no loss nor gain of its own.
 */
export function outsideChange(before: bigint, amount: bigint, reason: ExposureReason): bigint {
  if (reason === 'flattened' && amount < 0n) return -smaller(-amount, largest(0n, before));
  if (amount <= 0n || (reason !== 'deviation' && reason !== 'flattened')) return amount;
  return smaller(amount, largest(0n, -before));
}
