/**
 * Every message that crosses a ring, as a table of byte offsets. Both sides import this file and nothing else knows a
 * number. All fields are little-endian. Names end in their unit. `i64` fields go through `int64.ts`.
 *
 * Sequences. The feed numbers every book message (one per symbol in a frame) with `seq`, from 1, without gaps; whatever
 * follows from it downstream carries that number, so a handler that sees one again after a restart can tell. Records
 * for persistence have their own gapless `recordSeq` per source.
 */
import assert from 'node:assert/strict';

/** Kinds on the market-data rings (`deltas` and `tops`). */
export const MARKET_KIND = {
  /** One level of a book message (`deltas`), or the message without any level. */
  LEVEL: 1,
  /** The top of a book whose checksum verified, or its invalidation (`tops`). */
  TOP: 2,
  /**
   * The instrument log has a line at `position`: take it over before going on. An instrument whose precision changes has
   * no valid book from here until its next TOP; no TOP of its own says so.
   */
  INSTRUMENTS: 3,
  /** The venue's system status changed. */
  SYSTEM_STATUS: 4,
  /** A socket was lost, a symbol was resubscribed or lagged: this instrument's book is void until its next snapshot. */
  INVALIDATE: 5,
} as const;

// deltas: feed → book, one slot per level
// byte 0      1       2         3         4            8     16          24         32        40         48        52   56         64
//      | kind | flags | price dp | qty dp | instrument | seq | recvIndex | wallNs   | price   | quantity | checksum | – | stampNs |
export const DELTA = {
  kind: 0, // u8, MARKET_KIND
  flags: 1, // u8, DELTA_FLAG
  /** u8: decimals the venue wrote for this price; the checksum may be over the digits as written. */
  priceDecimals: 2,
  /** u8: decimals the venue wrote for this quantity. */
  qtyDecimals: 3,
  instrument: 4, // u32
  seq: 8, // f64
  recvIndex: 16, // f64, received frames counted from 0
  wallNs: 24, // i64, receive time
  priceTicks: 32, // i64
  qtyLots: 40, // i64, absolute; 0 deletes
  checksum: 48, // u32, the venue's, on every slot of the message
  stampNs: 56, // f64, monotonic, when the frame was read
  SIZE: 64,
} as const;

export const DELTA_FLAG = {
  FIRST: 1,
  LAST: 2,
  /** The message is a snapshot: the book is emptied at FIRST. */
  SNAPSHOT: 4,
  /** This slot's level is an ask; otherwise a bid. */
  ASK: 8,
  /** The message has no level; this slot carries none. */
  EMPTY: 16,
} as const;

// control messages share the header of the rings they travel on
export const CONTROL = {
  kind: 0, // u8
  /** u8: SYSTEM_STATUS → SYSTEM_STATUS_CODE; INVALIDATE → INVALID_REASON */
  flags: 1,
  instrument: 4, // u32, INVALIDATE only
  seq: 8, // f64: control messages are numbered in the same sequence as book messages
  recvIndex: 16, // f64
  wallNs: 24, // i64
  /** f64, INSTRUMENTS: position in the instrument log */
  position: 32,
  stampNs: 56, // f64
  SIZE: 64,
} as const;

// tops: book → detector
// byte 0      1       4            8     16          24        32          40        48          56       64
//      | kind | flags | instrument | seq | recvIndex | stampNs | bid price | bid qty | ask price | ask qty |
export const TOP = {
  kind: 0, // u8
  flags: 1, // u8, TOP_FLAG
  instrument: 4, // u32
  seq: 8, // f64
  recvIndex: 16, // f64
  stampNs: 24, // f64
  bidPriceTicks: 32, // i64, 0 when that side is empty
  bidQtyLots: 40, // i64
  askPriceTicks: 48, // i64
  askQtyLots: 56, // i64
  SIZE: 64,
} as const;

export const TOP_FLAG = {
  /** The book verified. Without it nothing may be computed from this instrument. */
  VALID: 1,
} as const;

// resyncs: book → feed
export const RESYNC = {
  kind: 0, // u8, always 1
  reason: 1, // u8, INVALID_REASON
  instrument: 4, // u32
  seq: 8, // f64, of the message that made the book invalid
  attempt: 16, // f64, from 1
  stampNs: 24, // f64
  SIZE: 64,
} as const;

/** Why a book is not valid. The index is the code in messages and in the book table. */
export const INVALID_REASONS = [
  'none',
  'awaiting_snapshot',
  'checksum',
  'malformed',
  'disconnected',
  'silent',
  'lagging',
  'precision_changed',
  'subscription_refused',
  'interrupted',
  'not_online',
] as const;
export type InvalidReason = (typeof INVALID_REASONS)[number];
export const invalidReasonCode = (reason: InvalidReason): number => INVALID_REASONS.indexOf(reason);

/** Venue-wide states; anything but `online` takes no liquidity. `unknown` stands for any text not listed. */
export const SYSTEM_STATUSES = ['unknown', 'online', 'maintenance', 'cancel_only', 'post_only', 'limit_only'] as const;
export type SystemStatus = (typeof SYSTEM_STATUSES)[number];

/** Kinds of record, on every `…-records` ring and on `opportunities` and `executions`. */
export const RECORD_KIND = { OPPORTUNITY: 1, EXECUTION: 2, AUDIT: 3, PORTFOLIO: 4, STATE: 5 } as const;

export const LEGS_MAX = 4;

/** Plans that may be at work at once: sequencer and risk have memory for so many. */
export const PLANS_MAX = 16;

/** Bytes of a slot on a records ring: room for the largest kind of record. */
export const RECORD_BYTES = 256;

/**
 * u8, on the sequencer's records of any kind: how many of those behind it belong to the same change. They are committed
 * together or not at all.
 */
export const RECORD_FOLLOWERS = 250;

// opportunities: detector → sequencer and detector → persistence
// byte 0      1      2            3    4          8           16       24    32          40        48      56    64
//      | kind | legs | strategy | –  | trigger | recordSeq | wallNs | seq | recvIndex | stampNs | gross | net |
//   64          72      80    88         90        92         96
//   | touch qty | start | end | asset   | ordinal | cycle    | legs …
export const OPPORTUNITY = {
  kind: 0, // u8
  legCount: 1, // u8: 3 or 4
  strategy: 2, // u8, index into the detector's strategies
  /** u8: 1 when a size was found; 0 when the edge exists at the touch but no order that pays can be made of it. */
  sized: 3,
  instrument: 4, // u32, the one whose change triggered it
  recordSeq: 8, // f64
  wallNs: 16, // i64
  seq: 24, // f64, of the market message it follows from
  recvIndex: 32, // f64
  stampNs: 40, // f64
  grossMultiplier: 48, // f64, exact rational rounded once
  netMultiplier: 56, // f64
  touchStartUnits: 64, // i64, of the asset the spelling of the cycle starts with; to the nearest unit
  /** i64, of the asset that the leg traded first (`turn` 0) spends, as `endUnits`. */
  startUnits: 72,
  endUnits: 80, // i64
  startAsset: 88, // u16, of the cycle's spelling
  ordinal: 90, // u16, counts opportunities of one market message from 0
  cycle: 92, // u32, the detector's number of the cycle
  /** Leg i at `legs + i * LEG.SIZE`, in the spelling's order. */
  legs: 96,
  SIZE: 256,
} as const;

export const LEG = {
  instrument: 0, // u16
  side: 2, // u8: 0 buy, 1 sell
  /** u8: position of this leg in trading order for `size` (0 is traded first): the size may start elsewhere. */
  turn: 3,
  feePpm: 4, // u32
  priceTicks: 8, // i64: worst price the quantity reaches into; the touch when not sized
  qtyLots: 16, // i64: 0 when not sized
  /** i64, of the quote asset: what a buy pays (rounded up), what a sell brings before its fee (rounded down). */
  costUnits: 24,
  feeUnits: 32, // i64, of the asset received, rounded up
  SIZE: 40,
} as const;

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
  /** f64: sequence of this event on the executions ring: how risk tells a repeated one. */
  executionSeq: 112,
  qtyWantedLots: 120, // i64, FILL: what the leg asked for
  limitTicks: 128, // i64, FILL: its price collar
  ordinal: 136, // u16, PLAN_*: with `seq`, names the opportunity
  spentAsset: 138, // u16, FILL
  receivedAsset: 140, // u16, FILL
  spentUnits: 144, // i64, FILL: what left the account
  receivedUnits: 152, // i64, FILL: what came into it, after the fee
  /** f64: market message of the newest instruments known: ticks and lots are in the scale of then. */
  instrumentsSeq: 160,
  /** i64, EXPOSURE, DUST, BALANCE: units of `startAsset`; signed for EXPOSURE and DUST, which say what was added. */
  amountUnits: 168,
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
 * below what the venue would take. BALANCE: what the account is expected to hold of an asset from here on.
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
} as const;

/** What an order came to. `refused`: proven not to have been taken; `absent`: the venue knows no such order. */
export const ORDER_OUTCOMES = ['none', 'filled', 'partial', 'unfilled', 'refused', 'absent'] as const;
export type OrderOutcome = (typeof ORDER_OUTCOMES)[number];

/** Why there is exposure. `deviation`: the venue's balance is not the expected one. `interrupted`: a process died. */
export const EXPOSURE_REASONS = ['none', 'stranded', 'deviation', 'interrupted', 'swept', 'accepted'] as const;
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
  'no_room', // the venue's counters take no further order now
  'asset_busy', // trading.plans_per_asset_max start from the same asset
  'over_limit', // a limit of the last hop
  'order_refused', // by the venue
  'order_absent', // proven never to have reached the venue
  'loss_bound', // closing out would lose more than trading.shortfall_loss_max_bps
  'attempts_over', // trading.shortfall_attempts_max
  'alert_only', // it would have been traded; the mode is alert
  'interrupted', // the process died while it was at work
] as const;
export type PlanReason = (typeof PLAN_REASONS)[number];

// audit events: any actor → persistence
export const AUDIT = {
  kind: 0, // u8
  severity: 1, // u8: 0 info, 1 warning, 2 error
  event: 2, // u16, index into AUDIT_EVENTS
  instrument: 4, // u32, NO_INSTRUMENT when none
  recordSeq: 8, // f64
  wallNs: 16, // i64
  a: 24, // f64, meaning by event
  b: 32, // f64
  textLength: 40, // u16, bytes of UTF-8
  text: 42,
  TEXT_MAX: 150,
  SIZE: 192,
} as const;

export const NO_INSTRUMENT = 0xffff_ffff;

// portfolio snapshots: risk → persistence, one slot per asset held
export const PORTFOLIO = {
  kind: 0, // u8
  asset: 2, // u16
  recordSeq: 8, // f64
  wallNs: 16, // i64
  snapshot: 24, // f64, number shared by the slots of one snapshot
  balanceUnits: 32, // i64
  reservedUnits: 40, // i64
  realisedUnits: 48, // i64, profit realised in this asset since start
  drawdownUnits: 56, // i64
  SIZE: 192,
} as const;

// runtime state: any actor → persistence; the newest value per key counts
export const STATE = {
  kind: 0, // u8
  keyLength: 2, // u16
  valueLength: 4, // u16
  recordSeq: 8, // f64
  wallNs: 16, // i64
  key: 24,
  KEY_MAX: 48,
  value: 72,
  VALUE_MAX: 120,
  SIZE: 192,
} as const;

/** What an audit event says happened. Append only: the database keeps the names, the rings the index. */
export const AUDIT_EVENTS = [
  'none',
  'process_started',
  'process_stopping',
  'actor_started',
  'actor_failed',
  'actor_hung',
  'actor_restarted',
  'actor_escalated',
  'message_set_aside',
  'venue_connected',
  'venue_disconnected',
  'venue_status',
  'subscription_refused',
  'instruments_changed',
  'instrument_refused',
  'book_invalid',
  'book_resynced',
  'book_given_up',
  'frame_malformed',
  'instrument_lagging',
  'gate_changed',
  'halted',
  'resumed',
  'plan_opened',
  'plan_ended',
  'kill_switch_found',
  'kill_switch_cleared',
  'operator_command',
  'exposure_stranded',
  'plan_event_unexpected',
  'database_opened',
  'commit_failed',
  'records_missing',
  'record_unreadable',
  'venue_rate_exceeded',
  'opportunity_announced',
  'limit_unusable',
  'account_reconciled',
  'account_deviation',
  'account_refused',
  'asset_unknown',
  'order_foreign',
  'order_leftover',
  'orders_cancelled',
  'fill_late',
  'fill_unreadable',
  'venue_unexpected',
  'order_event_unexpected',
  'order_refused',
  'order_doubted',
  'order_not_sent',
  'fees_told',
] as const;
export type AuditEvent = (typeof AUDIT_EVENTS)[number];
export const auditEventCode = (event: AuditEvent): number => AUDIT_EVENTS.indexOf(event);

assert.equal(DELTA.stampNs + 8, DELTA.SIZE, 'delta: no trailing padding');
assert.equal(CONTROL.SIZE, DELTA.SIZE, 'control messages travel in delta slots');
assert.equal(TOP.askQtyLots + 8, TOP.SIZE, 'top: no trailing padding');
assert.equal(CONTROL.SIZE, TOP.SIZE, 'control messages travel in top slots');
assert.equal(OPPORTUNITY.legs + LEGS_MAX * LEG.SIZE, OPPORTUNITY.SIZE, 'opportunity: legs fill the slot');
for (const size of [OPPORTUNITY.SIZE, EXECUTION.SIZE, AUDIT.SIZE, PORTFOLIO.SIZE, STATE.SIZE]) {
  assert.ok(size <= RECORD_BYTES, 'every record fits a slot of a records ring');
}
assert.equal(EXECUTION.followers, RECORD_FOLLOWERS, 'execution: followers stand where they are looked for');
assert.ok(AUDIT.SIZE <= RECORD_FOLLOWERS, 'audit: followers stand behind it');
assert.equal(AUDIT.text + AUDIT.TEXT_MAX, AUDIT.SIZE, 'audit: text fills the slot');
assert.equal(STATE.value + STATE.VALUE_MAX, STATE.SIZE, 'state: value fills the slot');
for (const [name, size] of Object.entries({ DELTA: DELTA.SIZE, TOP: TOP.SIZE, OPPORTUNITY: OPPORTUNITY.SIZE })) {
  assert.equal(size % 8, 0, `${name}: slots stay 8-byte aligned`);
}
