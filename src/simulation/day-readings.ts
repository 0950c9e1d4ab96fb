/**
 * What the checker compares: the exchange's ledger and our own records, in one form. Every amount, quantity and price is
 * an integer of 10^-{@link DECIMALS}, independent of its asset's unit, so that neither side's unit decides.
 */

import { parseDecimal } from '../money/money.ts';
import type { SideName } from '../money/side.ts';

/** Finer than any unit of the venue or of ours. */
export const DECIMALS = 18;

/** `value` counts 10^-`decimals`. */
export function fine(value: bigint, decimals: number): bigint {
  return value * 10n ** BigInt(DECIMALS - decimals);
}

export interface FillReading {
  readonly execId: string;
  readonly clOrdId: string;
  readonly symbol: string;
  readonly side: SideName;
  readonly qty: bigint;
  readonly price: bigint;
  /** Of the quote asset. */
  readonly cost: bigint;
  readonly fee: bigint;
  readonly feeAsset: string;
}

export interface ExchangeOrder {
  /** Undefined for an order of another origin. */
  readonly clOrdId: string | undefined;
  readonly id: string;
  readonly symbol: string;
  readonly side: SideName;
  readonly qty: bigint;
  readonly limit: bigint | undefined;
  readonly isOpen: boolean;
  readonly fills: readonly FillReading[];
}

/** One entry of the exchange's ledger: what a fill changed of an asset, its fee included. */
export interface ExchangeMove {
  readonly execId: string;
  readonly asset: string;
  readonly change: bigint;
}

/** The account as the exchange's own ledger has it. */
export interface ExchangeReading {
  /** Every order that it ever accepted, oldest first. */
  readonly orders: readonly ExchangeOrder[];
  /** What every fill moved, as the ledger has it: rounded as it rounds. */
  readonly moves: readonly ExchangeMove[];
  readonly start: ReadonlyMap<string, bigint>;
  readonly end: ReadonlyMap<string, bigint>;
}

export interface OurOrder {
  readonly clOrdId: string;
  /** Number of the process that made it, from 1. */
  readonly boot: number;
  readonly symbol: string;
  readonly side: SideName;
  readonly qty: bigint;
  readonly limit: bigint;
  /** Times that it was recorded as sent. */
  sent: number;
  /** How it ended: totals as recorded. */
  ended: { readonly outcome: string; readonly qty: bigint; readonly cost: bigint; readonly fee: bigint } | undefined;
}

export interface OurPlan {
  readonly boot: number;
  readonly plan: number;
  readonly runMs: number;
  readonly startAsset: string;
  /** A person had it begun, to bring home what others left behind. */
  isFlattening: boolean;
  opened: number;
  ended: number;
  outcome: string;
  /** Booked: received less spent, in the start asset. */
  profit: bigint;
}

/** Something added to the exposure or the dust ledger. */
export interface LedgerAddition {
  readonly kind: 'exposure' | 'dust';
  readonly asset: string;
  readonly amount: bigint;
  readonly reason: string;
  /** Plan that it comes from, 0 when from none, and the run of that plan. */
  readonly plan: number;
  readonly runMs: number;
}

/** What our records say. */
export interface OurReading {
  readonly orders: ReadonlyMap<string, OurOrder>;
  readonly fills: readonly FillReading[];
  readonly plans: readonly OurPlan[];
  readonly additions: readonly LedgerAddition[];
  /** What the account is expected to hold, by asset, as said last; assets of which nothing was said are absent. */
  readonly balances: ReadonlyMap<string, bigint>;
}

/** An order as its bytes left us, and what trading was allowed to do at that moment. */
export interface SentOrder {
  readonly clOrdId: string;
  readonly symbol: string;
  readonly side: SideName;
  readonly qty: bigint;
  readonly limit: bigint;
  readonly gate: string;
  /** Its process was killed before a record of it had to be on disk. */
  readonly mayBeUnrecorded?: boolean;
}

/** Limits that no order may exceed: the most that one may spend, by asset. */
export type SpendLimits = ReadonlyMap<string, bigint>;

/** The limits that `trading.order_max` sets. */
export function spendLimits(orderMax: Readonly<Record<string, string>>): SpendLimits {
  return new Map(Object.entries(orderMax).map(([asset, most]) => [asset, parseDecimal(most, DECIMALS)]));
}
