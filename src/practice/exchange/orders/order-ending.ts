/** How orders end before they are filled: cancels, the dead-man's switch, expiry, and pairs that are delisted. */

import { END_REASON, refused, VENUE_REFUSAL } from '../../protocols/kraken/venue-refusals.ts';
import type { AccountRecord } from '../accounts/account-record.ts';
import type { ExchangeRegister } from '../exchange-register.ts';
import type { Answer, DeadMansSwitch, OrderName, OrderRecord } from '../exchange-types.ts';
import type { MatchingEngine } from '../matching-engine.ts';
import { CANCEL_ALL_POINTS, cancelPoints } from '../rate-counter.ts';
import { cancelRefusal } from '../trading-modes.ts';
import type { ExchangeOrder } from './exchange-order.ts';

const BATCH_MAX = 50;
/** The switch cannot be set to a day or more. */
const TIMEOUT_BELOW_S = 86_400;

export class OrderEnding {
  readonly #register: ExchangeRegister;
  readonly #engine: MatchingEngine;
  /** Runs what a timer brings like a request. */
  readonly #operate: (run: () => void) => void;
  /** What fell due while nothing could be cancelled. */
  readonly #due = new Set<() => void>();

  constructor(register: ExchangeRegister, engine: MatchingEngine, operate: (run: () => void) => void) {
    this.#register = register;
    this.#engine = engine;
    this.#operate = operate;
  }

  cancel(state: AccountRecord, name: OrderName): Answer<readonly OrderRecord[]> {
    const mode = this.#modeRefusal();
    if (mode !== undefined) return refused(mode);
    const ended: OrderRecord[] = [];
    let error: string = VENUE_REFUSAL.unknownOrder;
    for (const order of state.named(name)) {
      const refusal = this.#cancelOne(state, order);
      if (refusal === undefined) ended.push(order);
      else error = refusal;
    }
    return ended.length > 0 ? { ok: true, value: ended } : refused(error);
  }

  /** Cancels what it can; refused only when that is nothing. */
  cancelBatch(state: AccountRecord, names: readonly OrderName[]): Answer<{ readonly count: number }> {
    if (names.length === 0 || names.length > BATCH_MAX) return refused(VENUE_REFUSAL.arguments('orders'));
    let count = 0;
    let error: string | undefined;
    for (const name of names) {
      const answer = this.cancel(state, name);
      if (answer.ok) count += answer.value.length;
      else error ??= answer.error;
    }
    return count === 0 && error !== undefined ? refused(error) : { ok: true, value: { count } };
  }

  /** Costs one point in every pair it touches; a pair whose counter is full keeps its orders. */
  cancelAll(state: AccountRecord): Answer<{ readonly count: number }> {
    const mode = this.#modeRefusal();
    if (mode !== undefined) return refused(mode);
    let count = 0;
    let isLimited = false;
    for (const symbol of new Set([...state.open.values()].map(({ pair }) => pair.symbol))) {
      if (this.#register.spend(state, symbol, CANCEL_ALL_POINTS)) count += this.#endAll(state, END_REASON.user, symbol);
      else isLimited = true;
    }
    return isLimited && count === 0 ? refused(VENUE_REFUSAL.rate) : { ok: true, value: { count } };
  }

  cancelAllAfter(state: AccountRecord, timeoutS: number): Answer<DeadMansSwitch> {
    if (!Number.isInteger(timeoutS) || timeoutS < 0 || timeoutS >= TIMEOUT_BELOW_S) {
      return refused(VENUE_REFUSAL.timeout);
    }
    const nowMs = this.#register.nowMs();
    state.cancelTrigger();
    state.triggerAtMs = timeoutS === 0 ? undefined : nowMs + timeoutS * 1_000;
    if (timeoutS > 0) {
      state.cancelTrigger = this.#register.after(timeoutS * 1_000, () => this.#operate(() => this.#trigger(state)));
    }
    return { ok: true, value: { nowMs, triggerAtMs: state.triggerAtMs } };
  }

  /** Sees to it that a resting order ends when its time is over. */
  watchExpiry(order: ExchangeOrder): void {
    order.cancelExpiry();
    if (order.expireAtMs === undefined) return;
    const delayMs = Math.max(0, order.expireAtMs - this.#register.nowMs());
    order.cancelExpiry = this.#register.after(delayMs, () => this.#operate(() => this.#expire(order)));
  }

  /** The venue takes cancels again: what fell due in the meantime happens now. */
  catchUp(): void {
    if (this.#modeRefusal() !== undefined) return;
    const due = [...this.#due];
    this.#due.clear();
    for (const run of due) run();
  }

  /** A pair that is no longer listed has no orders. */
  endDelisted(): void {
    for (const state of this.#register.accounts.values()) {
      for (const symbol of new Set([...state.open.values()].map(({ pair }) => pair.symbol))) {
        if (this.#register.pair(symbol)?.status === 'delisted') this.#endAll(state, END_REASON.venue, symbol);
      }
    }
  }

  #cancelOne(state: AccountRecord, order: ExchangeOrder): string | undefined {
    const points = cancelPoints(this.#register.nowNs() - order.touchedNs);
    if (!this.#register.spend(state, order.pair.symbol, points)) return VENUE_REFUSAL.rate;
    this.#engine.fillBeforeCancel(order);
    if (!order.isOpen) return VENUE_REFUSAL.unknownOrder;
    this.#engine.end(order, 'canceled', END_REASON.user);
    return undefined;
  }

  #endAll(state: AccountRecord, reason: string, symbol?: string): number {
    const orders = [...state.open.values()].filter(({ pair }) => symbol === undefined || pair.symbol === symbol);
    for (const order of orders) this.#engine.end(order, 'canceled', reason);
    return orders.length;
  }

  /** All orders of the account go; the switch is off until it is set again. While nothing can be cancelled, it waits. */
  #trigger(state: AccountRecord): void {
    const strike = () => {
      state.triggerAtMs = undefined;
      this.#endAll(state, END_REASON.deadMansSwitch);
    };
    state.cancelTrigger = this.#nowOrWhenPossible(strike);
  }

  #expire(order: ExchangeOrder): void {
    order.cancelExpiry = this.#nowOrWhenPossible(() => {
      if (order.isOpen) this.#engine.end(order, 'expired', END_REASON.expired);
    });
  }

  /** @returns takes it back if it has not happened yet. */
  #nowOrWhenPossible(run: () => void): () => void {
    if (this.#modeRefusal() === undefined) {
      run();
      return () => {};
    }
    this.#due.add(run);
    return () => this.#due.delete(run);
  }

  #modeRefusal(): string | undefined {
    return cancelRefusal(this.#register.market.system);
  }
}
