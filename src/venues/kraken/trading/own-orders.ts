/**
 * The orders this program has out, and what is proven of each. Answers to requests and entries of the `executions` stream
 * come in any order and any number; what goes out is reported once: acknowledged, each fill, then either an end or a refusal,
 * and `uncertain` whenever nothing more is proven for now. News that comes after that is reported all the same.
 */

import type { Instrument, InstrumentDirectory, OrderScale } from '../../../market/instrument.ts';
import type { Lots } from '../../../money/money.ts';
import type { ApprovedOrder } from '../../../trading/approved-order.ts';
import { decodeClientOrderId } from '../../../trading/client-order-id.ts';
import type { RequestId } from '../../market-data.ts';
import type { OrderReading, TradingEvent } from '../../trading-port.ts';
import type { ExecutionReport, FillText, UnreadableReport } from '../private/execution-report.ts';
import { isEnd, type Merge, type MergedOrder, MergedOrders } from '../private/merged-orders.ts';
import type { PrivateReply } from '../private/private-reply.ts';
import { readFill } from '../rest/wire-fill.ts';
import { apiErrorOf } from '../wire/api-error.ts';
import { lessThanFilled, otherThanSent } from './order-echo.ts';
import {
  endedReading,
  endLots,
  inScale,
  isSameFill,
  lotsOfFills,
  newOwnOrder,
  type OwnOrder,
  type OwnTerms,
} from './own-order.ts';

export interface OwnOrdersDeps {
  readonly directory: InstrumentDirectory;
  /** Scale of an order that is at work, of this process or an earlier one; undefined for any other. */
  readonly scaleOf: (clOrdId: string) => OrderScale | undefined;
  readonly emit: (event: TradingEvent) => void;
  /** Wall time by the venue's clock, milliseconds. */
  readonly venueMs: () => number;
  /** Without news for this long, the outcome of an order is uncertain. */
  readonly answerTimeoutMs: number;
}

/** Orders remembered, so that a fill which comes late or twice is known for what it is. */
const KEPT = 4_096;

export class OwnOrders {
  readonly merged = new MergedOrders(KEPT);
  readonly #deps: OwnOrdersDeps;
  readonly #orders = new Map<string, OwnOrder>();
  readonly #byRequest = new Map<RequestId, OwnOrder>();
  readonly #out = new Set<OwnOrder>();

  constructor(deps: OwnOrdersDeps) {
    this.#deps = deps;
  }

  /** Orders whose outcome is not proven. */
  get out(): ReadonlySet<OwnOrder> {
    return this.#out;
  }

  named(clOrdId: string): OwnOrder | undefined {
    return this.#orders.get(clOrdId);
  }

  /** The scale in which an order is reported; undefined when nothing of it is known. */
  scaleOf(clOrdId: string): OrderScale | undefined {
    return this.#orders.get(clOrdId)?.instrument ?? this.#deps.scaleOf(clOrdId);
  }

  /** The bytes have left. */
  onSent(order: ApprovedOrder, instrument: Instrument, request: RequestId, nowMs: number): void {
    const own = this.#add({ clOrdId: order.clOrdId, instrument, side: order.side, sent: order, nowMs });
    this.#byRequest.set(request, own);
    this.#out.add(own);
  }

  /** An answer to `add_order`. @returns the order it is about; undefined when it answers nothing that was asked. */
  onReply(reply: PrivateReply, nowMs: number): OwnOrder | undefined {
    const own = reply.reqId === undefined ? undefined : this.#byRequest.get(reply.reqId);
    if (own === undefined || reply.reqId === undefined) return undefined;
    this.#byRequest.delete(reply.reqId);
    own.newsMs = nowMs;
    if (reply.clOrdId !== undefined && reply.clOrdId !== own.clOrdId) {
      this.doubt(own, `the answer is about ${reply.clOrdId}`);
    } else if (reply.success === 'yes') this.#onAccepted(own, reply.orderId);
    else this.#onRefusal(own, reply);
    return own;
  }

  /** An entry of the stream. `isSnapshot`: it may be about what happened before this process, or before its connection. */
  onReport(report: ExecutionReport, isSnapshot: boolean, nowMs: number): Merge {
    for (const field of report.unheardOf) this.#unexpected(`order ${report.orderId} has ${field}`);
    const merge = this.merged.apply(report);
    const own = this.#ownOf(merge.order, isSnapshot, nowMs);
    if (own === undefined) return merge;
    own.newsMs = nowMs;
    for (const contradiction of merge.contradictions) this.doubt(own, contradiction);
    if (report.unheardOf.length > 0) this.doubt(own, `the venue says ${report.unheardOf.join(', ')}`);
    const other = otherThanSent(own, report) ?? lessThanFilled(own, report);
    if (other !== undefined) {
      this.#reportMisreport(own, report.orderId, other);
      return merge;
    }
    this.#settle(own, merge.order);
    const { repeated } = merge;
    if (repeated !== undefined && own.fills.has(repeated.execId)) this.#reportFill(own, merge.order, repeated);
    return merge;
  }

  /** An entry of the stream that cannot be read: the state of the order it was about is not proven now. */
  onUnreadable({ orderId, clOrdId, why }: UnreadableReport): void {
    this.#unexpected(`executions: ${why} (order ${orderId ?? '?'}, cl_ord_id ${clOrdId ?? '?'})`);
    const name = clOrdId ?? (orderId === undefined ? undefined : this.merged.byOrderId(orderId)?.clOrdId);
    const own = name === undefined ? undefined : this.#orders.get(name);
    if (own !== undefined) this.doubt(own, `an entry about it cannot be read: ${why}`);
    else if (name === undefined) this.doubtAll(`an entry about an unknown order cannot be read: ${why}`);
  }

  /** The connection is gone: what was asked on it stays without answer. */
  onFall(why: string): void {
    this.#byRequest.clear();
    this.doubtAll(why);
  }

  /** Nothing more is proven of what is out. */
  doubtAll(why: string): void {
    for (const own of this.#out) this.doubt(own, why);
  }

  /** Orders that wait for their answer, not for their end. */
  doubtUnanswered(why: string): void {
    for (const own of this.#byRequest.values()) if (this.#out.has(own)) this.doubt(own, why);
  }

  /**
   * Doubts what has been silent for too long.
   * @returns whether one that was sent here is known to the venue: an immediate-or-cancel order is over at once, so the
   * stream has lost a message, or says nothing any more.
   */
  onTimer(nowMs: number): boolean {
    let isStreamSilent = false;
    for (const own of this.#out) {
      if (own.isUncertain || nowMs - own.newsMs < this.#deps.answerTimeoutMs) continue;
      this.doubt(own, `no news of it for ${Math.round(nowMs - own.newsMs)} ms`);
      if (own.sent === undefined || own.venueOrderId === undefined || own.isMissed) continue;
      own.isMissed = true;
      isStreamSilent = true;
    }
    return isStreamSilent;
  }

  /** Takes over what a look at the account found, so that nothing of it is reported a second time. */
  onFate(reading: OrderReading, nowMs: number): void {
    const { clOrdId, venueOrderId, instrument, side, isOpen, fills } = reading;
    const listed = instrument === undefined ? undefined : this.#deps.directory.instruments[instrument];
    if (clOrdId === undefined || listed === undefined) return;
    const own = this.#orders.get(clOrdId) ?? this.#add({ clOrdId, instrument: inScale(listed, reading), side, nowMs });
    own.venueOrderId = venueOrderId;
    for (const fill of fills) own.fills.set(fill.execId, fill);
    this.merged.bind(venueOrderId, clOrdId);
    own.newsMs = nowMs;
    own.isUncertain = false;
    if (isOpen) this.#out.add(own);
    else this.#close(own);
  }

  /** The venue has no such order, and will have none. */
  onAbsent(clOrdId: string): void {
    const own = this.#orders.get(clOrdId);
    if (own !== undefined) this.#close(own);
  }

  /** The whole of an order, if the stream has reported it to its end. */
  readingOf(clOrdId: string): OrderReading | undefined {
    const own = this.#orders.get(clOrdId);
    const order = this.merged.byClOrdId(clOrdId);
    return own === undefined || order === undefined ? undefined : endedReading(own, order);
  }

  #add(terms: OwnTerms): OwnOrder {
    const own = newOwnOrder(terms);
    this.#orders.set(own.clOrdId, own);
    this.#forgetOldest();
    return own;
  }

  #forgetOldest(): void {
    if (this.#orders.size <= KEPT) return;
    for (const own of this.#orders.values()) {
      if (this.#out.has(own)) continue;
      this.#orders.delete(own.clOrdId);
      return;
    }
  }

  /** The order of ours that an entry is about. One of a predecessor is taken up when the stream brings news of it. */
  #ownOf(order: MergedOrder, isSnapshot: boolean, nowMs: number): OwnOrder | undefined {
    const { clOrdId, symbol, side } = order;
    if (clOrdId === undefined) return undefined;
    const known = this.#orders.get(clOrdId);
    if (known !== undefined || isSnapshot || decodeClientOrderId(clOrdId) === undefined) return known;
    const instrument = symbol === undefined ? undefined : this.#deps.directory.instrumentNamed(symbol);
    if (instrument === undefined || side === undefined) {
      this.#unexpected(`order ${order.orderId} (${clOrdId}) of ours has no pair and side that are known`);
      return undefined;
    }
    const scale = this.#deps.scaleOf(clOrdId) ?? instrument;
    const own = this.#add({ clOrdId, instrument: inScale(instrument, scale), side, nowMs });
    this.#out.add(own);
    return own;
  }

  #onAccepted(own: OwnOrder, orderId: string | undefined): void {
    if (orderId === undefined) {
      this.doubt(own, 'accepted without an order id');
      return;
    }
    const { order, contradictions } = this.merged.bind(orderId, own.clOrdId);
    for (const contradiction of contradictions) this.doubt(own, contradiction);
    // Fills may have come before this answer, without the client's id.
    if (contradictions.length === 0) this.#settle(own, order);
  }

  #onRefusal(own: OwnOrder, { success, error }: PrivateReply): void {
    const { provesRefusal, repeatable } = apiErrorOf(error);
    if (success !== 'no' || !provesRefusal) {
      this.doubt(own, error === '' ? 'an answer without success or error' : error);
    } else if (own.venueOrderId !== undefined) {
      this.#unexpected(`order ${own.clOrdId} is refused (${error}), yet the venue has it`);
      this.doubt(own, error);
    } else if (!own.isRefused) {
      own.isRefused = true;
      this.#out.delete(own);
      this.#deps.emit({ type: 'order.refused', clOrdId: own.clOrdId, error, isRetryable: repeatable !== 'never' });
    }
  }

  /** Reports what is new of an order, and its end when all that belongs to it is here. */
  #settle(own: OwnOrder, order: MergedOrder): void {
    this.#acknowledge(own, order.orderId);
    const other = otherThanSent(own, order);
    if (other !== undefined) {
      this.#reportMisreport(own, order.orderId, other);
      return;
    }
    this.#reportFills(own, order);
    if (own.isEnded || !isEnd(order.status)) return;
    const filledLots = endLots(own, order);
    const reportedLots = lotsOfFills(own);
    if (filledLots === undefined) this.doubt(own, `${order.status} without its total`);
    else if (reportedLots > filledLots) this.doubt(own, `${order.status} with a total below its fills`);
    else if (reportedLots === filledLots) this.#end(own, order, filledLots);
  }

  /** Nothing of it is believed any more: it is given up here too. */
  #reportMisreport(own: OwnOrder, venueOrderId: string, what: string): void {
    if (own.isMisreported) return;
    own.isMisreported = true;
    this.#close(own);
    this.#deps.emit({ type: 'order.misreported', clOrdId: own.clOrdId, venueOrderId, what });
  }

  #acknowledge(own: OwnOrder, venueOrderId: string): void {
    if (own.venueOrderId === venueOrderId) return;
    if (own.isRefused || own.venueOrderId !== undefined) {
      this.#unexpected(`order ${own.clOrdId} turned up as ${venueOrderId}, was ${own.venueOrderId ?? 'refused'}`);
    }
    if (own.isRefused) this.#out.add(own);
    own.isRefused = false;
    own.venueOrderId = venueOrderId;
    this.#deps.emit({ type: 'order.acked', clOrdId: own.clOrdId, venueOrderId });
  }

  #reportFills(own: OwnOrder, order: MergedOrder): void {
    for (const text of order.fills.values()) {
      if (own.fills.has(text.execId)) continue;
      this.#reportFill(own, order, text);
    }
  }

  /**
   * Reports a fill, or reports it again as the venue has it now, when that is neither what was reported first, which
   * stands, nor what was reported last. One that cannot be read leaves the order in doubt.
   */
  #reportFill(own: OwnOrder, { orderId }: MergedOrder, text: FillText): void {
    const { directory, venueMs, emit } = this.#deps;
    const read = readFill(text, own.instrument, own.side, directory, venueMs());
    if ('why' in read) {
      this.doubt(own, `fill ${text.execId} ${read.why}`);
      return;
    }
    const first = own.fills.get(text.execId);
    const last = own.refills.get(text.execId) ?? first;
    if (first !== undefined && last !== undefined && (isSameFill(first, read.fill) || isSameFill(last, read.fill)))
      return;
    for (const note of read.notes) this.#unexpected(note);
    if (own.isEnded) this.#unexpected(`fill ${text.execId} of order ${own.clOrdId} came after its end`);
    (first === undefined ? own.fills : own.refills).set(text.execId, read.fill);
    emit({ type: 'order.filled', clOrdId: own.clOrdId, venueOrderId: orderId, fill: read.fill });
  }

  #end(own: OwnOrder, { orderId, reason }: MergedOrder, filledLots: Lots): void {
    this.#close(own);
    this.#deps.emit({ type: 'order.ended', clOrdId: own.clOrdId, venueOrderId: orderId, filledLots, reason });
  }

  #close(own: OwnOrder): void {
    own.isEnded = true;
    this.#out.delete(own);
  }

  /** Nothing more is proven of an order for now. */
  doubt(own: OwnOrder, why: string): void {
    if (own.isUncertain && !own.isEnded) return; // reported already, and not settled since
    own.isUncertain = true;
    this.#deps.emit({ type: 'order.uncertain', clOrdId: own.clOrdId, why });
  }

  #unexpected(text: string): void {
    this.#deps.emit({ type: 'unexpected', text });
  }
}
