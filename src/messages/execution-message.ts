/**
 * The record of what plans and orders came to, as a table of byte offsets like those of `market-messages.ts`, and its
 * vocabularies.
 */
import assert from 'node:assert/strict';
import { RECORD_BYTES, RECORD_FOLLOWERS } from './record-messages.ts';

/** Plans that may be at work at once: sequencer and risk have memory for so many. */
export const PLANS_MAX = 16;

// executions: sequencer → risk and sequencer → persistence
export const EXECUTION = {
  kind: 0, // u8
  event: 1, // u8, EXECUTION_EVENT
  side: 2, // u8: 0 buy, 1 sell
  leg: 3, // u8, from 0 in trading order
  instrument: 4, // u32
  recordSeq: 8, // f64
  wallNs: 16, // i64
  plan: 24, // f64, from 1 and never re-used within a boot
  seq: 32, // f64, market message the plan follows from
  priceTicks: 40, // i64, FILL: average price rounded against us
  qtyLots: 48, // i64, FILL
  costUnits: 56, // i64, FILL: quote asset
  feeUnits: 64, // i64, FILL: fee asset
  feeAsset: 72, // u16
  startAsset: 74, // u16, PLAN_*: asset of start, end and profit
  outcome: 76, // u8, PLAN_ENDED: PLAN_OUTCOME
  attempt: 77, // u8
  reason: 78, // u16, PLAN_*: index into PLAN_REASONS
  /** i64. PLAN_OPENED: most the first leg can spend, held back for it; PLAN_REFUSED: planned; PLAN_ENDED: spent. */
  startUnits: 80,
  /** i64. PLAN_OPENED, PLAN_REFUSED: planned; PLAN_ENDED: received in the start asset, what was taken back included. */
  endUnits: 88,
  /** i64, PLAN_*: expected profit when opened, booked profit when ended; a loss is negative. */
  profitUnits: 96,
  stampNs: 104, // f64
  /** f64: sequence of this event on the executions ring: by which risk recognises a repeated one. */
  executionSeq: 112,
  qtyWantedLots: 120, // i64, FILL: what the leg asked for
  limitTicks: 128, // i64, FILL: its price collar
  ordinal: 136, // u16, PLAN_*: with `seq`, names the opportunity
  spentAsset: 138, // u16, FILL
  receivedAsset: 140, // u16, FILL
  spentUnits: 144, // i64, FILL: what left the account
  legInstruments: 144, // u32 each, PLAN_OPENED: the pairs of its legs, filled up with NO_INSTRUMENT
  receivedUnits: 152, // i64, FILL: what came into it, after the fee
  exposureUnits: 144, // i64, TAKEN_OVER
  dustUnits: 152, // i64, TAKEN_OVER
  /** f64: market message of the newest instruments known: ticks and lots are in the scale of then. */
  instrumentsSeq: 160,
  /**
   * i64, EXPOSURE, DUST, BALANCE: units of `startAsset`; signed for EXPOSURE and DUST, which say what was added. READING:
   * the venue's time, ms since 1970.
   */
  amountUnits: 168,
  /**
   * i64, PLAN_OPENED: less than nothing what it took over of exposure is worth. PLAN_ENDED: what its dust (negative: what it took from stock beside the start asset) and its fees in other assets are
   * worth in the start asset, at the books. Not part of the profit, and counted with it.
   */
  markUnits: 168,
  /** u8, ORDER_ENDED: index into ORDER_OUTCOMES. */
  orderOutcome: 176,
  /** u8, EXPOSURE: index into EXPOSURE_REASONS. */
  exposureReason: 177,
  /** f64: run of the program that the plan belongs to, by its start (wall time, ms): with `plan`, names it for good. */
  runMs: 184,
  /** Texts in ASCII, filled up with zeros. ORDER_*, FILL: the client's order id. */
  clOrdId: 192,
  CL_ORD_ID_BYTES: 18,
  /** ORDER_ACKED, ORDER_ENDED, FILL: the venue's. */
  venueOrderId: 210,
  VENUE_ORDER_ID_BYTES: 20,
  /** FILL: the venue's id of it. */
  execId: 230,
  EXEC_ID_BYTES: 20,
  /** u8: as `RECORD_FOLLOWERS`. */
  followers: 250,
  SIZE: 256,
} as const;

/**
 * ORDER_SENT is written before the bytes leave. ORDER_ENDED carries totals: quantity, cost and fee of all its fills.
 * EXPOSURE: something other than start assets is held that no plan will sell, or (negative) was sold. DUST: the same,
 * below what the venue would take. ORDER_MISREPORTED carries what the venue said, beside what was asked. BALANCE: what the
 * account is expected to hold of an asset from here on.
 * TAKEN_OVER: balance (amountUnits), exposure and dust of an asset as earlier runs left them, for all who count with them;
 * they are recorded already, by the runs that changed them. ORDER_TAKEN_OVER: an order of an earlier run without an end.
 * READING: the account is compared with the venue's, up to a time of the venue.
 */
export const EXECUTION_EVENT = {
  PLAN_OPENED: 1,
  FILL: 2,
  PLAN_ENDED: 3,
  PLAN_REFUSED: 4,
  ORDER_SENT: 5,
  ORDER_ACKED: 6,
  ORDER_UNCERTAIN: 7,
  ORDER_ENDED: 8,
  EXPOSURE: 9,
  DUST: 10,
  BALANCE: 11,
  ORDER_MISREPORTED: 12,
  TAKEN_OVER: 13,
  ORDER_TAKEN_OVER: 14,
  READING: 15,
} as const;

/**
 * What an order came to. `refused`: proven not to have been taken; `absent`: the venue never had such an order; `lost`: it
 * had it, and knows it no more; `misreported`: what the venue says of it cannot be true.
 */
export const ORDER_OUTCOMES = [
  'none',
  'filled',
  'partial',
  'unfilled',
  'refused',
  'absent',
  'lost',
  'misreported',
] as const;
export type OrderOutcome = (typeof ORDER_OUTCOMES)[number];

/**
 * Why there is exposure. `deviation`: the venue's balance is not the expected one. `interrupted`: a process died.
 * `flattened`: a plan has taken it over to bring it home.
 */
export const EXPOSURE_REASONS = [
  'none',
  'stranded',
  'deviation',
  'interrupted',
  'swept',
  'accepted',
  'flattened',
] as const;
export type ExposureReason = (typeof EXPOSURE_REASONS)[number];
export const PLAN_OUTCOMES = ['none', 'completed', 'abandoned', 'unwound', 'stranded'] as const;
export type PlanOutcome = (typeof PLAN_OUTCOMES)[number];

/** Why a plan was refused, or why it ended other than planned. Append only: the index is stored. */
export const PLAN_REASONS = [
  'none',
  'too_old', // older than trading.opportunity_age_max_ms when it arrived
  'unsized', // an edge at the touch of which no order that pays can be made
  'gate_closed', // the trading gate did not let the order out
  'plans_full', // trading.plans_at_once are at work
  'instrument_busy', // another plan trades one of its instruments
  'instrument_unknown',
  'not_tradable', // a pair that is not online
  'book_invalid',
  'book_stale',
  'edge_gone', // at the newest books it no longer pays
  'no_inventory',
  'below_minimum', // what is at hand makes no order the venue would take
  'no_fill',
  'partial_fill',
  'out_of_patience', // trading.patience_ms were over
  'precision_changed', // ticks and lots that were decided on mean something else now
  'disconnected', // the venue's trading connection does not stand
  'account_not_ready', // the account is not reconciled with the venue's
  'no_room', // the venue's trading counter of a pair takes no further order now
  'asset_busy', // trading.plans_per_asset_max start from the same asset
  'over_limit', // a limit of the pre-trade check
  'order_refused', // by the venue
  'order_absent', // proven never to have reached the venue
  'loss_bound', // closing out would lose more than trading.shortfall_loss_max_bps
  'attempts_over', // trading.shortfall_attempts_max
  'alert_only', // it would have been traded; the mode is alert
  'interrupted', // the process died while it was at work
  'order_lost', // the venue had an order and does not know it any more
  'fees_unknown', // the venue has not reported what the account pays in one of its pairs
  'fees_risen', // the account pays more in one of its pairs than was decided on
  'fee_surprise', // a fill in one of its pairs paid more than the venue had reported
  'terms_disagree', // REST and the socket say different things of one of its pairs
  'venue_misreport', // what the venue said of an order cannot be true
  'plan_orders_over', // trading.plan_orders_max
  'plan_volume_over', // more than was planned would be traded: trading.plan_excess_max_bps
  'plan_loss_over', // trading.plan_loss_max_bps
  'plan_too_old', // older than trading.plan_age_max_ms: no further leg is begun
  'stalled', // the process stood still, and has to catch up first
  'order_rate', // trading.orders_per_second_max
  'message_pace', // as many messages a second as the venue takes have left
  'account_doubted', // a balance does not fit, or could not be compared for too long: it is compared at rest first
  'flatten', // of PLAN_OPENED: it brings home what others left behind, because a person asked for it
  'balance_uncountable', // the account holds more of an asset of one of its pairs than 64 bits count
] as const;
export type PlanReason = (typeof PLAN_REASONS)[number];

assert.ok(EXECUTION.SIZE <= RECORD_BYTES, 'an execution fits a slot of a records ring');
assert.equal(EXECUTION.followers, RECORD_FOLLOWERS, 'execution: followers stand where they are looked for');
