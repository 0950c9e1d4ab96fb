/**
 * The account's orders as the `executions` stream reports them, merged from sparse entries that may come twice, late, or in
 * another order than they happened (protocol reference 2.2, 6.3). What was learnt is never unlearnt: an end stays an
 * end, a total never falls, a fill counts once by its `exec_id`.
 *
 * Amounts stay the venue's texts: only a caller that knows the instrument can convert them to integers.
 */
import type { Side } from '../../../money/side.ts';
import { compareAmounts } from '../wire/rounded-amount.ts';
import { type ExecutionReport, type FillText, ORDER_STATUSES, type OrderStatus } from './execution-report.ts';

export interface MergedOrder {
  readonly orderId: string;
  clOrdId: string | undefined;
  symbol: string | undefined;
  side: Side | undefined;
  orderQty: string | undefined;
  limitPrice: string | undefined;
  status: OrderStatus | undefined;
  /** Total that the venue gave with the end, or with any entry after it; undefined when it gave none. */
  endQty: string | undefined;
  reason: string;
  /** By `exec_id`, in the order of arrival. */
  readonly fills: Map<string, FillText>;
}

/** What an entry added. */
export interface Merge {
  readonly order: MergedOrder;
  /** Set when the entry brought a fill that was not known. */
  readonly fill: FillText | undefined;
  /** Set when the entry is about a fill that was known: as it has the fill now, with what it leaves out taken from before. */
  readonly repeated: FillText | undefined;
  /** What contradicts what was known; the older report was kept. */
  readonly contradictions: readonly string[];
}

const ENDS: readonly OrderStatus[] = ['filled', 'canceled', 'expired'];

export const isEnd = (status: OrderStatus | undefined): boolean => status !== undefined && ENDS.includes(status);

export class MergedOrders {
  readonly #byOrderId = new Map<string, MergedOrder>();
  readonly #orderIdByClOrdId = new Map<string, string>();
  readonly #kept: number;

  /** @param kept orders remembered; beyond it the oldest that has ended is forgotten, beyond twice that the oldest. */
  constructor(kept: number) {
    this.#kept = kept;
  }

  get size(): number {
    return this.#byOrderId.size;
  }

  byClOrdId(clOrdId: string): MergedOrder | undefined {
    const orderId = this.#orderIdByClOrdId.get(clOrdId);
    return orderId === undefined ? undefined : this.#byOrderId.get(orderId);
  }

  byOrderId(orderId: string): MergedOrder | undefined {
    return this.#byOrderId.get(orderId);
  }

  /** Merges an entry. */
  apply(report: ExecutionReport): Merge {
    const order = this.#order(report.orderId);
    const contradictions: string[] = [];
    if (report.clOrdId !== undefined) this.#name(order, report.clOrdId, contradictions);
    mergeTerms(order, report, contradictions);
    const wasEnd = isEnd(order.status);
    if (isLater(report.status, order.status)) order.status = report.status;
    if (report.reason !== undefined && isEnd(report.status) && order.reason === '') order.reason = report.reason;
    if (wasEnd || isEnd(report.status)) mergeEndQty(order, report.cumQty);
    return { order, ...mergeFill(order, report.fill), contradictions };
  }

  /** Joins the two ids of an order, as an answer to `add_order` names them. */
  bind(orderId: string, clOrdId: string): Pick<Merge, 'order' | 'contradictions'> {
    const order = this.#order(orderId);
    const contradictions: string[] = [];
    this.#name(order, clOrdId, contradictions);
    return { order, contradictions };
  }

  #order(orderId: string): MergedOrder {
    const known = this.#byOrderId.get(orderId);
    if (known !== undefined) return known;
    const order: MergedOrder = {
      orderId,
      clOrdId: undefined,
      symbol: undefined,
      side: undefined,
      orderQty: undefined,
      limitPrice: undefined,
      status: undefined,
      endQty: undefined,
      reason: '',
      fills: new Map(),
    };
    this.#byOrderId.set(orderId, order);
    if (this.#byOrderId.size > this.#kept) this.#forgetOldest(order);
    return order;
  }

  #forgetOldest(newest: MergedOrder): void {
    const isCrowded = this.#byOrderId.size > 2 * this.#kept; // the ends of so many must have been lost
    for (const [orderId, order] of this.#byOrderId) {
      if (order === newest || !(isCrowded || isEnd(order.status))) continue;
      this.#byOrderId.delete(orderId);
      if (order.clOrdId !== undefined) this.#orderIdByClOrdId.delete(order.clOrdId);
      return;
    }
  }

  #name(order: MergedOrder, clOrdId: string, contradictions: string[]): void {
    const other = this.#orderIdByClOrdId.get(clOrdId);
    if (other !== undefined && other !== order.orderId) {
      contradictions.push(`orders ${other} and ${order.orderId} both have cl_ord_id ${clOrdId}`);
    } else if (order.clOrdId === undefined) {
      order.clOrdId = clOrdId;
      this.#orderIdByClOrdId.set(clOrdId, order.orderId);
    } else if (order.clOrdId !== clOrdId) {
      contradictions.push(`order ${order.orderId} had cl_ord_id ${order.clOrdId}, has ${clOrdId} now`);
    }
  }
}

/** What an order is does not change, but for quantity and limit of one that is amended. */
function mergeTerms(order: MergedOrder, report: ExecutionReport, contradictions: string[]): void {
  const { symbol, side } = report;
  if (symbol !== undefined && order.symbol !== undefined && symbol !== order.symbol) {
    contradictions.push(`order ${order.orderId} was of ${order.symbol}, is of ${symbol} now`);
  }
  if (side !== undefined && order.side !== undefined && side !== order.side) {
    contradictions.push(`order ${order.orderId} has changed its side`);
  }
  order.symbol ??= symbol;
  order.side ??= side;
  order.orderQty = report.orderQty ?? order.orderQty;
  order.limitPrice = report.limitPrice ?? order.limitPrice;
}

/** Whether `status` is a later state than `than`. Of two ends the first one holds. */
function isLater(status: OrderStatus | undefined, than: OrderStatus | undefined): boolean {
  if (status === undefined || isEnd(than)) return false;
  return than === undefined || ORDER_STATUSES.indexOf(status) > ORDER_STATUSES.indexOf(than);
}

function mergeEndQty(order: MergedOrder, cumQty: string | undefined): void {
  if (cumQty === undefined) return;
  if (order.endQty === undefined || compareAmounts(cumQty, order.endQty) > 0) order.endQty = cumQty;
}

/** What the venue did not say at first (a fee, a cost) it may add. What it said stands. */
function mergeFill(order: MergedOrder, fill: FillText | undefined): Pick<Merge, 'fill' | 'repeated'> {
  if (fill === undefined) return { fill: undefined, repeated: undefined };
  const known = order.fills.get(fill.execId);
  if (known === undefined) {
    order.fills.set(fill.execId, fill);
    return { fill, repeated: undefined };
  }
  const merged = { ...known, cost: known.cost ?? fill.cost, fees: known.fees ?? fill.fees };
  order.fills.set(fill.execId, merged);
  const { qty, price, cost = merged.cost, fees = merged.fees } = fill;
  return { fill: undefined, repeated: { ...merged, qty, price, cost, fees } };
}
