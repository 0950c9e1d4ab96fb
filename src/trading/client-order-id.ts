/**
 * The client's order id: which plan, leg and attempt of which run an order belongs to, in the 17 characters that a venue
 * takes (Kraken: free ASCII up to 18). It is made of what cannot come twice, so no id is ever used again, and it can be
 * read back: after a loss of all memory an order on the venue still says what it was for.
 *
 *   a | start of the run, ms since 1970, base 36 (8) | plan, base 36 (5) | leg (1) | attempt, base 36 (2)
 */
import assert from 'node:assert/strict';

export interface OrderOrigin {
  /** Wall time at which the run started, whole milliseconds since 1970. No two runs of one account share it. */
  readonly runMs: number;
  /** From 1, counted per run. */
  readonly plan: number;
  /** From 0 in trading order. */
  readonly leg: number;
  /** Orders of the plan before this one. */
  readonly attempt: number;
}

const PREFIX = 'a';
const RADIX = 36;
const RUN_CHARS = 8;
const PLAN_CHARS = 5;
const ATTEMPT_CHARS = 2;
const SHAPE = /^a([0-9a-z]{8})([0-9a-z]{5})([0-9])([0-9a-z]{2})$/;

/** The plans of one run that can be distinguished. */
export const PLANS_PER_RUN = RADIX ** PLAN_CHARS;
/** The orders of one plan that can be distinguished. */
export const ATTEMPTS_PER_PLAN = RADIX ** ATTEMPT_CHARS;

/** The id of an order. Its parts must be in range: a run ends before it runs out of plans. */
export function encodeClientOrderId({ runMs, plan, leg, attempt }: OrderOrigin): string {
  assert.ok(
    plan < PLANS_PER_RUN && leg < 10 && attempt < ATTEMPTS_PER_PLAN,
    'a client order id has room for its parts',
  );
  return `${PREFIX}${digits(runMs, RUN_CHARS)}${digits(plan, PLAN_CHARS)}${leg}${digits(attempt, ATTEMPT_CHARS)}`;
}

/** What an id says; undefined for the id of an order of another origin. */
export function decodeClientOrderId(id: string): OrderOrigin | undefined {
  const match = SHAPE.exec(id);
  if (match === null) return undefined;
  const [, run = '', plan = '', leg = '', attempt = ''] = match;
  return {
    runMs: Number.parseInt(run, RADIX),
    plan: Number.parseInt(plan, RADIX),
    leg: Number(leg),
    attempt: Number.parseInt(attempt, RADIX),
  };
}

function digits(value: number, length: number): string {
  return value.toString(RADIX).padStart(length, '0');
}
