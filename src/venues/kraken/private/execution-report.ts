/**
 * One entry of the `executions` channel (protocol reference 2.2). Entries are sparse: what they do not say is undefined,
 * and the keeper of orders merges them. Amounts are texts, as the venue wrote them.
 */

import { z } from 'zod';
import { type Side, sideNamed } from '../../../money/side.ts';
import { amountText } from '../amount-text.ts';
import { wireTimeMs } from '../wire/wire-time.ts';

export const EXEC_TYPES = [
  'pending_new',
  'new',
  'trade',
  'filled',
  'iceberg_refill',
  'canceled',
  'expired',
  'amended',
  'restated',
  'status',
] as const;

/** In the order in which an order passes through them; the last three are ends. */
export const ORDER_STATUSES = ['pending_new', 'new', 'partially_filled', 'filled', 'canceled', 'expired'] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

export interface FeeText {
  readonly asset: string;
  readonly qty: string;
}

/** One fill as the venue reports it. */
export interface FillText {
  readonly execId: string;
  readonly qty: string;
  readonly price: string;
  /** Price × quantity as the venue rounded it; undefined when it did not say. */
  readonly cost: string | undefined;
  /** Undefined when the venue did not say: not the same as none. */
  readonly fees: readonly FeeText[] | undefined;
  readonly atMs: number;
}

export interface ExecutionReport {
  readonly orderId: string;
  readonly clOrdId: string | undefined;
  readonly status: OrderStatus | undefined;
  readonly symbol: string | undefined;
  /** 0 buys, 1 sells. */
  readonly side: Side | undefined;
  readonly orderQty: string | undefined;
  readonly limitPrice: string | undefined;
  /** Filled so far. */
  readonly cumQty: string | undefined;
  readonly reason: string | undefined;
  readonly fill: FillText | undefined;
  /** The venue's trading counter of the pair, where it reports it. */
  readonly rateCount: number | undefined;
  /** Values of the venue that no reader of the protocol expects: an unknown `exec_type` or `order_status`. */
  readonly unheardOf: readonly string[];
}

/** An entry that cannot be read. The ids, where they can be read, say which order is not proven any more. */
export interface UnreadableReport {
  readonly orderId: string | undefined;
  readonly clOrdId: string | undefined;
  readonly why: string;
}

const TEXT_MAX = 200;
const text = z.string().max(TEXT_MAX);
const maybeText = text.nullish();
const maybeAmount = amountText.nullish();
const FEES = z.array(z.object({ asset: text.min(1), qty: amountText })).max(16);

const ENTRY = z.object({
  order_id: text.min(1),
  cl_ord_id: maybeText,
  exec_id: maybeText,
  exec_type: maybeText,
  order_status: maybeText,
  symbol: maybeText,
  side: z.enum(['buy', 'sell']).nullish(),
  order_qty: maybeAmount,
  // Of a trailing order it is a distance, which may be negative: not an order of ours, and no reason to doubt ours.
  limit_price: maybeAmount.catch(undefined),
  last_qty: maybeAmount,
  last_price: maybeAmount,
  cost: maybeAmount,
  cum_qty: maybeAmount,
  fees: FEES.nullish(),
  timestamp: maybeText,
  reason: maybeText,
  cancel_reason: maybeText,
  // The name of the field is not documented for this version of the protocol; the older one has `ratecount`.
  ratecount: maybeAmount.catch(undefined),
  ratecounter: maybeAmount.catch(undefined),
});
type Entry = z.infer<typeof ENTRY>;

const IDS = z.object({ order_id: text.nullish().catch(undefined), cl_ord_id: text.nullish().catch(undefined) });

/** Reads one entry, whose numbers are texts. */
export function executionReportOf(entry: unknown): ExecutionReport | UnreadableReport {
  const checked = ENTRY.safeParse(entry);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    return unreadable(entry, `${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { data } = checked;
  if (data.exec_type === 'trade' && fillOf(data) === undefined) {
    return unreadable(entry, 'a trade without exec_id, last_qty or last_price');
  }
  return reportOf(data);
}

export function isReadable(report: ExecutionReport | UnreadableReport): report is ExecutionReport {
  return !('why' in report);
}

function unreadable(entry: unknown, why: string): UnreadableReport {
  const ids = IDS.safeParse(entry);
  const { order_id, cl_ord_id } = ids.success ? ids.data : {};
  return { orderId: order_id ?? undefined, clOrdId: cl_ord_id ?? undefined, why };
}

function reportOf(entry: Entry): ExecutionReport {
  return {
    orderId: entry.order_id,
    // Never set is expressed by leaving it out, or by an empty text.
    clOrdId: entry.cl_ord_id || undefined,
    status: statusOf(entry),
    symbol: entry.symbol ?? undefined,
    side: sideNamed(entry.side ?? ''),
    orderQty: entry.order_qty ?? undefined,
    limitPrice: entry.limit_price ?? undefined,
    cumQty: entry.cum_qty ?? undefined,
    reason: (entry.reason ?? entry.cancel_reason) || undefined,
    fill: entry.exec_type === 'trade' ? fillOf(entry) : undefined,
    rateCount: rateCountOf(entry.ratecounter ?? entry.ratecount),
    unheardOf: unheardOf(entry),
  };
}

function rateCountOf(text: string | null | undefined): number | undefined {
  return text === null || text === undefined ? undefined : Number(text);
}

/** The status, or what the kind of event says of it. */
function statusOf({ order_status, exec_type }: Entry): OrderStatus | undefined {
  if (order_status != null) return ORDER_STATUSES.find((known) => known === order_status);
  return exec_type === 'trade' ? 'partially_filled' : ORDER_STATUSES.find((known) => known === exec_type);
}

function fillOf({ exec_id, last_qty, last_price, cost, fees, timestamp }: Entry): FillText | undefined {
  if (!exec_id || last_qty == null || last_price == null) return undefined;
  return {
    execId: exec_id,
    qty: last_qty,
    price: last_price,
    cost: cost ?? undefined,
    fees: fees ?? undefined,
    atMs: wireTimeMs(timestamp),
  };
}

function unheardOf({ exec_type, order_status }: Entry): string[] {
  const unknowns: string[] = [];
  const isKnown = (value: string, known: readonly string[]): boolean => known.includes(value);
  if (exec_type != null && !isKnown(exec_type, EXEC_TYPES)) unknowns.push(`exec_type ${JSON.stringify(exec_type)}`);
  if (order_status != null && !isKnown(order_status, ORDER_STATUSES)) {
    unknowns.push(`order_status ${JSON.stringify(order_status)}`);
  }
  return unknowns;
}
