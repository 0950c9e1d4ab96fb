/** Reads what a client asked for into an order in integers, or answers with the venue's text for what is wrong with it. */
import { parseDecimal } from '../../../money/money.ts';
import { VENUE_REFUSAL } from '../../protocols/kraken/venue-refusals.ts';
import type { Answer, NewOrder } from '../exchange-types.ts';
import { costOf } from '../fill-amounts.ts';
import type { PairRules } from '../pair-rules.ts';
import type { OrderDraft } from './exchange-order.ts';

/** Of a request that names no deadline (protocol reference 2.5). */
export const DEADLINE_DEFAULT_MS = 5_000;
const DEADLINE_MIN_MS = 500;
const DEADLINE_MAX_MS = 60_000;
const EXPIRE_MAX_MS = 31 * 86_400_000;
/** An iceberg shows at least this part of itself. */
const DISPLAY_PARTS_MAX = 15n;
const INT32_MAX = 2 ** 31 - 1;
/** No number on this wire has more characters; a longer one is not even looked at. */
const NUMBER_LENGTH_MAX = 40;

const SIDES = ['buy', 'sell'] as const;
const TYPES = ['limit', 'market', 'iceberg'] as const;
/** Known to the venue but not offered: they need trades or margin, which a book recording does not have. */
const TYPES_NOT_OFFERED = [
  'stop-loss',
  'stop-loss-limit',
  'take-profit',
  'take-profit-limit',
  'trailing-stop',
  'trailing-stop-limit',
  'settle-position',
] as const;
const TIMES_IN_FORCE = ['gtc', 'gtd', 'ioc', 'fok'] as const;
const STP_TYPES = ['cancel_newest', 'cancel_oldest', 'cancel_both'] as const;
const FEE_PREFERENCES = ['base', 'quote'] as const;

/** UUID with dashes, 32 hexadecimal digits, or free ASCII up to 18 characters (protocol reference 2.5). */
const CL_ORD_ID = /^(?:[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}|[\da-f]{32}|[\x20-\x7e]{1,18})$/i;

const badArgument = (what: string) => ({ ok: false, error: VENUE_REFUSAL.arguments(what) }) as const;
const refusal = (error: string) => ({ ok: false, error }) as const;

/**
 * @param touch best price of the other side: what a market order is taken to cost for the minimum.
 * @param nowMs wall time.
 */
export function readOrder(
  order: NewOrder,
  pair: PairRules,
  touch: bigint | undefined,
  nowMs: number,
): Answer<OrderDraft> {
  const kind = readKind(order);
  if (!kind.ok) return kind;
  const { type, timeInForce } = kind.value;
  const tag = tagFault(order) ?? timesFault(order, timeInForce, nowMs);
  if (tag !== undefined) return refusal(tag);
  const price = type === 'market' ? ok(undefined) : readPrice(order.limitPrice, pair);
  if (!price.ok) return price;
  const amounts = readAmounts(order, pair, type);
  if (!amounts.ok) return amounts;
  const draft = {
    ...kind.value,
    ...amounts.value,
    pair,
    limitPrice: price.value,
    postOnly: order.postOnly === true,
    clOrdId: order.clOrdId,
    userref: order.userref,
    expireAtMs: order.expireAtMs,
    deadlineMs: order.deadlineMs ?? (order.receivedAtMs ?? nowMs) + DEADLINE_DEFAULT_MS,
    validate: order.validate === true,
  };
  const minimum = minimumFault(draft, draft.limitPrice ?? touch);
  return minimum === undefined ? ok(draft) : refusal(minimum);
}

type Kind = Pick<OrderDraft, 'side' | 'type' | 'timeInForce' | 'stp' | 'feePreference'>;

function readKind(order: NewOrder): Answer<Kind> {
  const kind = readChoices(order);
  if (!kind.ok) return kind;
  const fault = combinationFault(kind.value, order) ?? notOffered(order);
  return fault === undefined ? kind : refusal(fault);
}

/** Each of the options of an order, by itself. */
function readChoices(order: NewOrder): Answer<Kind> {
  const side = oneOf(SIDES, order.side);
  if (side === undefined) return badArgument('type');
  const type = oneOf(TYPES, order.orderType);
  if (type === undefined) {
    const isKnown = oneOf(TYPES_NOT_OFFERED, order.orderType) !== undefined;
    return isKnown ? refusal(VENUE_REFUSAL.feature) : badArgument('ordertype');
  }
  const timeInForce = oneOf(TIMES_IN_FORCE, order.timeInForce ?? 'gtc');
  if (timeInForce === undefined) return badArgument('timeinforce');
  const stp = oneOf(STP_TYPES, order.stp ?? 'cancel_newest');
  if (stp === undefined) return badArgument('stptype');
  const feePreference = oneOf(FEE_PREFERENCES, order.feePreference ?? '');
  if (order.feePreference !== undefined && feePreference === undefined) return badArgument('oflags');
  return ok({ side, type, timeInForce, stp, feePreference });
}

/** Options that exclude each other. */
function combinationFault({ type, timeInForce }: Kind, { postOnly }: NewOrder): string | undefined {
  const isImmediate = timeInForce === 'ioc' || timeInForce === 'fok';
  const isTimeWrong =
    (type === 'iceberg' && isImmediate) || (type === 'market' && (timeInForce === 'gtd' || timeInForce === 'fok'));
  if (isTimeWrong) return VENUE_REFUSAL.arguments('timeinforce');
  return postOnly === true && (isImmediate || type === 'market') ? VENUE_REFUSAL.arguments('oflags') : undefined;
}

function notOffered({ effectiveAtMs, margin, reduceOnly }: NewOrder): string | undefined {
  if (effectiveAtMs !== undefined) return VENUE_REFUSAL.feature;
  if (margin === true) return VENUE_REFUSAL.margin;
  return reduceOnly === true ? VENUE_REFUSAL.reduceOnly : undefined;
}

function tagFault({ clOrdId, userref }: NewOrder): string | undefined {
  if (clOrdId !== undefined && !CL_ORD_ID.test(clOrdId)) return VENUE_REFUSAL.arguments('cl_ord_id');
  if (userref === undefined) return undefined;
  const fits = Number.isInteger(userref) && Math.abs(userref) <= INT32_MAX;
  return fits && clOrdId === undefined ? undefined : VENUE_REFUSAL.arguments('userref');
}

function timesFault(order: NewOrder, timeInForce: string, nowMs: number): string | undefined {
  const { expireAtMs } = order;
  const deadline = deadlineFault(order, nowMs);
  if (deadline !== undefined) return deadline;
  if (timeInForce !== 'gtd') return expireAtMs === undefined ? undefined : VENUE_REFUSAL.arguments('expiretm');
  const inRange = expireAtMs !== undefined && expireAtMs > nowMs && expireAtMs <= nowMs + EXPIRE_MAX_MS;
  return inRange ? undefined : VENUE_REFUSAL.arguments('expiretm');
}

/** A deadline must be 500 ms to 60 s ahead when the request comes in, and not be over when the engine gets to it. */
export function deadlineFault(
  { deadlineMs, receivedAtMs = Number.NaN }: Pick<NewOrder, 'deadlineMs' | 'receivedAtMs'>,
  nowMs: number,
): string | undefined {
  const receivedMs = Number.isNaN(receivedAtMs) ? nowMs : receivedAtMs;
  if (deadlineMs === undefined) {
    return nowMs > receivedMs + DEADLINE_DEFAULT_MS ? VENUE_REFUSAL.deadline : undefined;
  }
  const aheadMs = deadlineMs - receivedMs;
  if (Number.isNaN(aheadMs) || aheadMs > DEADLINE_MAX_MS) return VENUE_REFUSAL.arguments('deadline');
  if (nowMs > deadlineMs) return VENUE_REFUSAL.deadline;
  return aheadMs < DEADLINE_MIN_MS ? VENUE_REFUSAL.arguments('deadline') : undefined;
}

/** A price of at most the pair's decimals, on its tick. */
export function readPrice(text: string | undefined, pair: PairRules): Answer<bigint> {
  const price = decimalOf(text, pair.scale.price);
  if (price === undefined || price <= 0n) return badArgument('price');
  if (price % 10n ** BigInt(Math.max(0, pair.scale.price - pair.wire.price)) !== 0n) return badArgument('price');
  return price % pair.priceIncrement === 0n ? ok(price) : refusal(VENUE_REFUSAL.tick);
}

/** A quantity of at most the pair's decimals, a multiple of its step. */
export function readQty(text: string | undefined, pair: PairRules, what = 'volume'): Answer<bigint> {
  const qty = decimalOf(text, pair.scale.qty);
  if (qty === undefined || qty <= 0n) return badArgument(what);
  const step = 10n ** BigInt(Math.max(0, pair.scale.qty - pair.wire.qty));
  return qty % step === 0n && qty % pair.qtyIncrement === 0n ? ok(qty) : badArgument(what);
}

type Amounts = Pick<OrderDraft, 'qty' | 'cashQty' | 'displayQty'>;

function readAmounts(order: NewOrder, pair: PairRules, type: string): Answer<Amounts> {
  if (order.cashQty !== undefined) return readCash(order, pair, type);
  const qty = readQty(order.qty, pair);
  if (!qty.ok) return qty;
  const display = readDisplay(order.displayQty, pair, type, qty.value);
  return display.ok ? ok({ qty: qty.value, cashQty: undefined, displayQty: display.value }) : display;
}

/** An amount of quote buys at the market and does nothing else. */
function readCash(order: NewOrder, pair: PairRules, type: string): Answer<Amounts> {
  const cashQty = decimalOf(order.cashQty, pair.quote.decimals);
  const allowed = type === 'market' && order.side === 'buy' && order.qty === undefined;
  if (cashQty === undefined || cashQty <= 0n || !allowed) return badArgument('volume');
  return ok({ qty: 0n, cashQty, displayQty: undefined });
}

/** An iceberg shows a part of itself; nothing else does. */
export function readDisplay(
  text: string | undefined,
  pair: PairRules,
  type: string,
  qty: bigint,
): Answer<bigint | undefined> {
  if (type !== 'iceberg') return text === undefined ? ok(undefined) : badArgument('displayvol');
  const display = readQty(text, pair, 'displayvol');
  if (!display.ok) return display;
  const inRange = display.value <= qty && display.value * DISPLAY_PARTS_MAX >= qty;
  return inRange ? display : badArgument('displayvol');
}

/** @param price at which its cost is taken; undefined when there is none. */
export function minimumFault(
  draft: Pick<OrderDraft, 'pair' | 'side' | 'qty' | 'cashQty'>,
  price: bigint | undefined,
): string | undefined {
  const { pair, side, qty, cashQty } = draft;
  if (cashQty !== undefined) return cashQty < pair.costMin ? VENUE_REFUSAL.costMinimum : undefined;
  if (qty < pair.qtyMin) return VENUE_REFUSAL.minimum;
  if (price === undefined) return undefined;
  const terms = { pair, side, feePreference: 'quote', feeRates: { makerPpm: 0n, takerPpm: 0n } } as const;
  return costOf(terms, price, qty) < pair.costMin ? VENUE_REFUSAL.costMinimum : undefined;
}

/** The number in units of 10^-`decimals`, or undefined when it is none or would lose digits. */
function decimalOf(text: string | undefined, decimals: number): bigint | undefined {
  if (text === undefined || text.length > NUMBER_LENGTH_MAX) return undefined;
  try {
    return parseDecimal(text, decimals);
  } catch {
    // The client gets the venue's text; there is nothing to add.
    return undefined;
  }
}

function oneOf<T extends string>(known: readonly T[], text: string): T | undefined {
  return known.find((one) => one === text);
}

function ok<T>(value: T): Answer<T> {
  return { ok: true, value };
}
