/**
 * Cancels in flight. One order has one change in flight, and none before the venue has acknowledged it: requests can
 * overtake each other (protocol reference 2.9). By the socket while it stands, else by REST. The end itself comes by the
 * executions; a cancel that finds nothing open leaves the order's fate in doubt.
 */

import type { RequestId } from '../../market-data.ts';
import type { PrivateReply } from '../private/private-reply.ts';
import { cancelAll, cancelOrders, type PrivateTerms } from '../private/private-requests.ts';
import type { KrakenRest } from '../rest/kraken-rest.ts';
import { apiErrorOf } from '../wire/api-error.ts';
import type { OwnOrder } from './own-order.ts';
import type { OwnOrders } from './own-orders.ts';
import { cancelPoints, type TradingCounter } from './trading-counter.ts';

export interface CancelRequestsDeps {
  readonly rest: Pick<KrakenRest, 'cancelOrder' | 'cancelAll'>;
  readonly orders: OwnOrders;
  readonly counter: TradingCounter;
  readonly send: (write: (terms: PrivateTerms) => string) => RequestId;
  readonly isStanding: () => boolean;
  readonly answerTimeoutMs: number;
  readonly onUnexpected: (text: string) => void;
  /** The venue did not cancel it. */
  readonly onRefused: (own: OwnOrder, why: string) => void;
}

interface InFlight {
  readonly own: OwnOrder;
  readonly points: number;
  readonly sentMs: number;
}

/** Pause before everything is asked to end once more. */
const REPEAT_MS = 5_000;
/** After so many refusals of everything a person has to look. */
const ATTEMPTS_MAX = 12;

export class CancelRequests {
  readonly #deps: CancelRequestsDeps;
  readonly #wanted = new Set<string>();
  readonly #inFlight = new Map<RequestId, InFlight>();
  #allRequest: RequestId | undefined;
  #allOverdueMs = Number.POSITIVE_INFINITY;
  #allRepeatMs = Number.POSITIVE_INFINITY;
  #allAttempts = 0;
  #byRestOut = 0;

  constructor(deps: CancelRequestsDeps) {
    this.#deps = deps;
  }

  /** Whether a cancel that was asked of REST has no answer yet. */
  get isAskingRest(): boolean {
    return this.#byRestOut > 0;
  }

  cancel(clOrdId: string, nowMs: number): void {
    const { orders, isStanding } = this.#deps;
    const own = orders.named(clOrdId);
    if (own?.isEnded === true) return;
    if (own === undefined || !isStanding()) this.#byRest(clOrdId);
    else {
      this.#wanted.add(clOrdId);
      this.onNews(clOrdId, nowMs);
    }
  }

  /** Something is known of an order that was not before: its cancel may be due. */
  onNews(clOrdId: string, nowMs: number): void {
    const { orders, counter } = this.#deps;
    if (!this.#wanted.has(clOrdId)) return;
    const own = orders.named(clOrdId);
    if (own === undefined || own.isEnded || own.isRefused) this.#wanted.delete(clOrdId);
    else if (own.venueOrderId !== undefined) {
      const points = cancelPoints(nowMs - own.newsMs);
      const { index } = own.instrument;
      if (!counter.hasRoomToCancel(index, points, nowMs)) return; // the timer comes back to it
      this.#wanted.delete(clOrdId);
      counter.onSent(index, points);
      const request = this.#deps.send((terms) => cancelOrders([clOrdId], terms));
      this.#inFlight.set(request, { own, points, sentMs: nowMs });
    }
  }

  cancelAll(nowMs: number): void {
    this.#allAttempts = 0;
    this.#all(nowMs);
  }

  onTimer(nowMs: number): void {
    for (const clOrdId of [...this.#wanted]) this.onNews(clOrdId, nowMs);
    for (const [request, { sentMs }] of this.#inFlight) {
      if (nowMs - sentMs >= this.#deps.answerTimeoutMs) this.#settle(request, 'no answer', nowMs);
    }
    if (nowMs >= this.#allOverdueMs) this.#allByRest('the socket did not answer cancel_all', nowMs);
    else if (nowMs >= this.#allRepeatMs) this.#all(nowMs);
  }

  onFall(nowMs: number): void {
    const { counter } = this.#deps;
    for (const { own, points } of this.#inFlight.values()) counter.onSettled(own.instrument.index, points, nowMs);
    this.#inFlight.clear();
    for (const clOrdId of this.#wanted) this.#byRest(clOrdId);
    this.#wanted.clear();
    if (this.#allRequest !== undefined) this.#allByRest('the connection was lost', nowMs);
  }

  /** @returns whether the answer was to a cancel. */
  onReply(reply: PrivateReply, nowMs: number): boolean {
    const { reqId, success, error } = reply;
    if (reqId === undefined) return false;
    if (reqId === this.#allRequest) {
      if (success === 'yes') this.#allDone();
      else this.#allByRest(error === '' ? 'cancel_all has no clear answer' : error, nowMs);
      return true;
    }
    if (!this.#inFlight.has(reqId)) return false;
    this.#settle(reqId, success === 'yes' ? undefined : error || 'no clear answer', nowMs);
    return true;
  }

  /** @param why it was not cancelled; undefined when it was. */
  #settle(request: RequestId, why: string | undefined, nowMs: number): void {
    const cancel = this.#inFlight.get(request);
    if (cancel === undefined) return;
    this.#inFlight.delete(request);
    const { index } = cancel.own.instrument;
    this.#deps.counter.onSettled(index, cancel.points, nowMs);
    if (apiErrorOf(why ?? '').topic === 'rate_limit') this.#deps.counter.onExceeded(index, nowMs);
    if (why !== undefined && !cancel.own.isEnded) this.#deps.onRefused(cancel.own, `its cancel: ${why}`);
  }

  #byRest(clOrdId: string): void {
    this.#byRestOut++;
    this.#deps.rest.cancelOrder(clOrdId, (result) => {
      this.#byRestOut--;
      if (result.ok) return;
      const own = this.#deps.orders.named(clOrdId);
      if (own === undefined) this.#deps.onUnexpected(`cancel of ${clOrdId}: ${result.failure.text}`);
      else if (!own.isEnded) this.#deps.onRefused(own, `its cancel: ${result.failure.text}`);
    });
  }

  #all(nowMs: number): void {
    this.#allRepeatMs = Number.POSITIVE_INFINITY;
    this.#allAttempts++;
    if (!this.#deps.isStanding()) {
      this.#allByRest('not connected', nowMs);
      return;
    }
    this.#deps.counter.onEveryPair(1, nowMs);
    this.#allRequest = this.#deps.send((terms) => cancelAll(terms));
    this.#allOverdueMs = nowMs + this.#deps.answerTimeoutMs;
  }

  #allByRest(why: string, nowMs: number): void {
    this.#allRequest = undefined;
    this.#allOverdueMs = Number.POSITIVE_INFINITY;
    this.#byRestOut++;
    this.#deps.rest.cancelAll((result) => {
      this.#byRestOut--;
      if (result.ok) this.#allDone();
      else {
        this.#deps.onUnexpected(`cancel-all failed: ${why}; by REST: ${result.failure.text}`);
        if (this.#allAttempts < ATTEMPTS_MAX) this.#allRepeatMs = nowMs + REPEAT_MS;
      }
    });
  }

  #allDone(): void {
    this.#allRequest = undefined;
    this.#allOverdueMs = Number.POSITIVE_INFINITY;
    this.#allRepeatMs = Number.POSITIVE_INFINITY;
  }
}
