/**
 * Kraken as the sequencer trades on it: orders out by the private socket, reports of them by the socket's two streams, and by
 * REST where the socket does not say.
 *
 *   send, cancel ──▶ TradingConnection ──▶ socket            lookUp ──▶ OrderLookup ──┐
 *                       │ frames                              readAccount ──▶ AccountReader ──▶ KrakenRest
 *                       ▼                                                             │
 *                  OwnOrders (merged, each reported once) ──▶ events ◀──────────────┘
 *
 * Nothing here decides. An order is sent once; what is not proven is said to be uncertain.
 */

import {
  type Instrument,
  type InstrumentDirectory,
  type InstrumentIndex,
  isSameScale,
  type OrderScale,
} from '../../../market/instrument.ts';
import type { SlidingWindow } from '../../../net/limiters/sliding-window.ts';
import type { SocketPort } from '../../../net/transport.ts';
import type { Chance } from '../../../platform/chance.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Config } from '../../../settings/config.ts';
import type { ApprovedOrder } from '../../../trading/approved-order.ts';
import { decodeClientOrderId } from '../../../trading/client-order-id.ts';
import type { AccountQuestion, NoRoom, OrderReading, TradingEvent, TradingPort } from '../../trading-port.ts';
import { notSent } from '../../unsent-order.ts';
import { addOrder } from '../private/private-requests.ts';
import { SocketTokens } from '../private/socket-tokens.ts';
import { type ConnectionHandler, TradingConnection } from '../private/trading-connection.ts';
import type { KrakenRest } from '../rest/kraken-rest.ts';
import { AccountOpening } from './account-opening.ts';
import { AccountReader } from './account-reader.ts';
import { CancelRequests } from './cancel-requests.ts';
import { DeadMansSwitch } from './dead-mans-switch.ts';
import { OrderGate } from './order-gate.ts';
import { OrderLookup } from './order-lookup.ts';
import { OrderPoints } from './order-points.ts';
import { OwnOrders } from './own-orders.ts';
import { PairTerms } from './pair-terms.ts';
import { TradingCounter } from './trading-counter.ts';
import { TradingNews } from './trading-news.ts';

export interface KrakenTradingDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly config: Pick<Config, 'venue' | 'trading'>;
  readonly sockets: SocketPort;
  readonly rest: KrakenRest;
  /** What the venue lists, kept current by its maker. */
  readonly directory: InstrumentDirectory;
  /** Scale of an order that is at work, of this process or an earlier one; undefined for any other. */
  readonly scaleOf: (clOrdId: string) => OrderScale | undefined;
  /** Attempts to connect, of the private socket alone. */
  readonly budget: SlidingWindow;
  /** Called when there is something to poll. */
  readonly wake: () => void;
}

/** Past its deadline an order cannot be taken; this much later REST shows every one that was. */
const VISIBLE_WITHIN_MS = 2_000;

/** Time that cancels in flight by REST get when everything stops. */
const STOP_WITHIN_MS = 1_000;

/** Kraken's trading connection. Nothing is opened before `start`. */
export function createKrakenTrading(deps: KrakenTradingDeps): TradingPort {
  return new KrakenTrading(deps);
}

class KrakenTrading implements TradingPort, ConnectionHandler {
  readonly #deps: KrakenTradingDeps;
  readonly #opening: AccountOpening;
  readonly #connection: TradingConnection;
  readonly #orders: OwnOrders;
  readonly #lookup: OrderLookup;
  readonly #account: AccountReader;
  readonly #switch: DeadMansSwitch;
  readonly #cancels: CancelRequests;
  readonly #counter: TradingCounter;
  readonly #points: OrderPoints;
  readonly #news: TradingNews;
  readonly #gate: OrderGate;
  readonly #terms: PairTerms;
  #events: TradingEvent[] = [];

  constructor(deps: KrakenTradingDeps) {
    const { config, directory, rest, scaleOf } = deps;
    this.#deps = deps;
    this.#opening = this.#makeOpening();
    rest.whenKeyLost((error) => this.onRefused(error));
    this.#terms = this.#makeTerms();
    this.#counter = new TradingCounter(config.venue.rate_tier);
    this.#points = new OrderPoints(this.#counter);
    this.#orders = new OwnOrders({
      directory,
      scaleOf,
      emit: (event) => this.#emit(event),
      venueMs: () => this.#connection.venueMs,
      answerTimeoutMs: config.trading.answer_timeout_ms,
    });
    this.#lookup = this.#makeLookup();
    this.#account = this.#makeAccountReader();
    this.#switch = this.#makeSwitch();
    this.#cancels = this.#makeCancels();
    this.#news = this.#makeNews();
    this.#connection = this.#makeConnection();
    this.#gate = this.#makeGate();
  }

  get isConnected(): boolean {
    return this.#connection.isStanding;
  }

  start(): void {
    this.#opening.start();
  }

  stop(): void {
    this.#opening.stop();
    this.#terms.stop();
    this.#connection.stop();
    if (this.#cancels.isAskingRest) this.#deps.clock.after(STOP_WITHIN_MS, () => this.#deps.rest.stop());
    else this.#deps.rest.stop();
  }

  whyNoRoom(instruments: readonly InstrumentIndex[]): NoRoom | undefined {
    return this.#gate.whyNoRoom(instruments);
  }

  agreesOn(instruments: readonly InstrumentIndex[]): boolean {
    return this.#gate.agreesOn(instruments);
  }

  send(order: ApprovedOrder): void {
    const instrument = this.#deps.directory.instruments[order.instrument];
    if (instrument === undefined) {
      this.#emit(notSent(order, 'the venue does not list the instrument', false));
      return;
    }
    const why = this.#gate.whyNot(order, instrument);
    if (why === undefined) this.#sendNow(order, instrument);
    else this.#emit(notSent(order, why, instrument.status === 'online'));
  }

  cancel(clOrdId: string): void {
    this.#cancels.cancel(clOrdId, this.#nowMs());
  }

  cancelAll(): void {
    this.#cancels.cancelAll(this.#nowMs());
  }

  lookUp(clOrdId: string, venueOrderId: string | undefined): void {
    this.#lookup.lookUp(clOrdId, venueOrderId);
  }

  readAccount(question: AccountQuestion): void {
    this.#account.read(question);
  }

  setDeadMansSwitch(armed: boolean): void {
    this.#switch.set(armed, this.#nowMs());
  }

  poll(handle: (event: TradingEvent) => void, limit: number): number {
    const events = this.#events.splice(0, limit);
    for (const event of events) handle(event);
    return events.length;
  }

  onTimer(): void {
    const nowMs = this.#nowMs();
    this.#connection.onTimer();
    this.#terms.onTimer();
    if (this.#orders.onTimer(nowMs)) this.#connection.onMissing('the executions do not say how an order ended');
    this.#switch.onTimer(nowMs);
    this.#cancels.onTimer(nowMs);
    this.#points.settleOld(nowMs - this.#deps.config.trading.deadline_ms, nowMs);
  }

  onStand(): void {
    this.#emit({ type: 'connected' });
    this.#switch.onStand(this.#nowMs());
  }

  onFall(why: string): void {
    this.#switch.onFall();
    this.#cancels.onFall(this.#nowMs());
    this.#points.settleOld(Number.POSITIVE_INFINITY, this.#nowMs());
    this.#emit({ type: 'disconnected', reason: why });
    this.#orders.onFall(why);
  }

  onRateExceeded(): void {
    this.#orders.doubtUnanswered('the venue dropped a request, without saying which');
  }

  onUnexpected(text: string): void {
    this.#emit({ type: 'unexpected', text });
  }

  onRefused(error: Error): void {
    this.#emit({ type: 'fatal', error });
  }

  // -- orders ---------------------------------------------------------------------------------------------------------

  #sendNow(order: ApprovedOrder, instrument: Instrument): void {
    const reqId = this.#connection.requests.nextRequest();
    const deadlineMs = this.#connection.venueMs + this.#deps.config.trading.deadline_ms;
    const hasLeft = this.#connection.sendOrder((token) => addOrder(order, instrument, { reqId, token, deadlineMs }));
    if (!hasLeft) {
      this.#emit(notSent(order, 'the connection took nothing', true));
      return;
    }
    const sentMs = this.#nowMs();
    this.#points.onSent(order.clOrdId, instrument.index, sentMs);
    this.#orders.onSent(order, instrument, reqId, sentMs);
  }

  /** Orders that a predecessor left are taken up, so that what still comes of them is reported. */
  #onAccountOrder(order: OrderReading): void {
    const { clOrdId } = order;
    if (clOrdId === undefined || decodeClientOrderId(clOrdId) === undefined) return;
    const scale = this.#orders.scaleOf(clOrdId);
    if (scale !== undefined && !isSameScale(scale, order)) return; // the plan it belongs to asks after it in its scale
    if (this.#orders.named(clOrdId) === undefined) this.#orders.onFate(order, this.#nowMs());
  }

  // -- its parts, each once -------------------------------------------------------------------------------------------

  #makeOpening(): AccountOpening {
    const { clock, config, rest } = this.#deps;
    return new AccountOpening({
      rest,
      clock,
      retryMs: config.venue.backoff_repeated_min_ms,
      onReady: () => {
        this.#terms.start();
        this.#connection.start();
      },
      onRefused: (error) => this.onRefused(error),
      onUnexpected: (text) => this.onUnexpected(text),
    });
  }

  #makeTerms(): PairTerms {
    const { clock, config, directory, rest } = this.#deps;
    return new PairTerms({
      rest,
      clock,
      directory,
      intervalMs: config.venue.terms_interval_ms,
      onNews: (text, isAgreed) => this.#emit({ type: 'terms', text, isAgreed }),
      onUnexpected: (text) => this.onUnexpected(text),
    });
  }

  #makeLookup(): OrderLookup {
    return new OrderLookup({
      rest: this.#deps.rest,
      orders: this.#orders,
      emit: (event) => this.#emit(event),
      isStanding: () => this.#connection.isStanding,
      nowMs: () => this.#nowMs(),
      absentAfterMs: this.#deps.config.trading.deadline_ms + VISIBLE_WITHIN_MS,
    });
  }

  #makeAccountReader(): AccountReader {
    return new AccountReader({
      rest: this.#deps.rest,
      emit: (event) => this.#emit(event),
      isStanding: () => this.#connection.isStanding,
      venueMs: () => this.#connection.venueMs,
      onOrder: (order) => this.#onAccountOrder(order),
    });
  }

  #makeSwitch(): DeadMansSwitch {
    const { trading } = this.#deps.config;
    return new DeadMansSwitch({
      afterMs: trading.dead_mans_switch_ms,
      intervalMs: trading.dead_mans_switch_interval_ms,
      send: (write) => {
        this.#counter.onEveryPair(1, this.#nowMs());
        return this.#connection.requests.sendSoon(write);
      },
      onUnexpected: (text) => this.onUnexpected(text),
    });
  }

  #makeCancels(): CancelRequests {
    return new CancelRequests({
      rest: this.#deps.rest,
      orders: this.#orders,
      counter: this.#counter,
      send: (write) => this.#connection.requests.sendSoon(write),
      isStanding: () => this.#connection.isStanding,
      answerTimeoutMs: this.#deps.config.trading.answer_timeout_ms,
      onUnexpected: (text) => this.onUnexpected(text),
      onRefused: (own, why) => this.#orders.doubt(own, why),
    });
  }

  #makeNews(): TradingNews {
    const { directory, rest } = this.#deps;
    return new TradingNews({
      directory,
      rest,
      orders: this.#orders,
      points: this.#points,
      counter: this.#counter,
      cancels: this.#cancels,
      deadMansSwitch: this.#switch,
      emit: (event) => this.#emit(event),
      nowMs: () => this.#nowMs(),
      onTokenRefused: () => this.#connection.onTokenRefused(),
    });
  }

  #makeConnection(): TradingConnection {
    const { clock, chance, config, sockets, rest, budget } = this.#deps;
    const { venue } = config;
    const tokens = new SocketTokens({
      clock,
      chance,
      fetch: (done) => rest.webSocketsToken(done),
      retryMs: venue.backoff_repeated_min_ms,
    });
    const handlers = { handler: this, streams: this.#news };
    return new TradingConnection({ clock, chance, venue, sockets, tokens, budget, ...handlers });
  }

  #makeGate(): OrderGate {
    const { config, directory, rest } = this.#deps;
    return new OrderGate({
      directory,
      rest,
      connection: this.#connection,
      counter: this.#counter,
      nowMs: () => this.#nowMs(),
      orderAgeMaxMs: config.trading.deadline_ms,
    });
  }

  #emit(event: TradingEvent): void {
    this.#events.push(event);
    this.#deps.wake();
  }

  #nowMs(): number {
    return this.#deps.clock.nowNs() / 1e6;
  }
}
