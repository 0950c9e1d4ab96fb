/**
 * Kraken as the sequencer trades on it: orders out by the private socket, word of them by the socket's two streams, and by
 * REST where the socket cannot tell.
 *
 *   send, cancel ──▶ TradingConnection ──▶ socket            lookUp ──▶ OrderLookup ──┐
 *                       │ frames                              readAccount ──▶ AccountReader ──▶ KrakenRest
 *                       ▼                                                             │
 *                  OwnOrders (merged, each thing told once) ──▶ events ◀──────────────┘
 *
 * Nothing here decides. An order is sent once; what is not proven is said to be uncertain.
 */
import type { ApprovedOrder } from '../../shared/approved-order.ts';
import type { Chance } from '../../shared/chance.ts';
import { decodeClientOrderId } from '../../shared/client-order-id.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Config } from '../../shared/config.ts';
import {
  type Instrument,
  type InstrumentDirectory,
  type InstrumentIndex,
  isSameScale,
  type OrderScale,
} from '../../shared/instrument.ts';
import type { OrderReading, TradingEvent, TradingPort } from '../trading-port.ts';
import type { SocketPort } from '../transport.ts';
import { AccountOpening } from './account-opening.ts';
import { AccountReader } from './account-reader.ts';
import { apiErrorOf } from './api-error.ts';
import { CancelRequests } from './cancel-requests.ts';
import type { ConnectBudget } from './connect-budget.ts';
import { DeadMansSwitch } from './dead-mans-switch.ts';
import type { KrakenRest } from './kraken-rest.ts';
import { OrderLookup } from './order-lookup.ts';
import { OwnOrders } from './own-orders.ts';
import type { BalancesFrame, ExecutionsFrame } from './private-frame.ts';
import type { PrivateReply } from './private-reply.ts';
import { addOrder } from './private-requests.ts';
import { isCountable, roundedAmount } from './rounded-amount.ts';
import { SocketTokens } from './socket-tokens.ts';
import { type ConnectionHandler, TradingConnection } from './trading-connection.ts';
import { ADD_POINTS, TradingCounter, tierOfThreshold } from './trading-counter.ts';

export interface KrakenTradingDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly config: Pick<Config, 'venue' | 'trading'>;
  readonly sockets: SocketPort;
  readonly rest: Pick<
    KrakenRest,
    | 'keyInfo'
    | 'loadNames'
    | 'systemStatus'
    | 'time'
    | 'disagreement'
    | 'webSocketsToken'
    | 'setTier'
    | 'balances'
    | 'openOrders'
    | 'endedOrders'
    | 'order'
    | 'cancelOrder'
    | 'cancelAll'
    | 'stop'
  >;
  /** What the venue lists, kept current by whoever made it. */
  readonly directory: InstrumentDirectory;
  /** Scale of an order that is at work, whoever sent it; undefined for any other. */
  readonly scaleOf: (clOrdId: string) => OrderScale | undefined;
  /** Attempts to connect, of the private socket alone. */
  readonly budget: ConnectBudget;
  /** Called when there is something to poll. */
  readonly wake: () => void;
}

/** Past its deadline an order cannot be taken; this much later REST shows every one that was. */
const VISIBLE_WITHIN_MS = 2_000;

/** Time that cancels on their way by REST get when everything stops. */
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
  /** Orders whose points the venue may not have counted yet: until there is word of them, or none can arrive. */
  readonly #uncounted = new Map<string, { readonly instrument: InstrumentIndex; readonly sentMs: number }>();
  #events: TradingEvent[] = [];
  #moves = 0;

  constructor(deps: KrakenTradingDeps) {
    const { clock, chance, config, sockets, rest, directory, budget, scaleOf } = deps;
    const { venue, trading } = config;
    this.#deps = deps;
    const emit = (event: TradingEvent): void => this.#emit(event);
    const onUnexpected = (text: string): void => emit({ type: 'unexpected', text });
    const isStanding = (): boolean => this.#connection.isStanding;
    const tokens = new SocketTokens({
      clock,
      chance,
      fetch: (done) => rest.webSocketsToken(done),
      retryMs: venue.backoff_repeated_min_ms,
    });
    this.#opening = new AccountOpening({
      rest,
      clock,
      retryMs: venue.backoff_repeated_min_ms,
      onReady: () => {
        this.#tellDisagreements();
        this.#connection.start();
      },
      onRefused: (error) => this.onRefused(error),
      onUnexpected,
    });
    this.#connection = new TradingConnection({ clock, chance, venue, sockets, tokens, budget, handler: this });
    this.#counter = new TradingCounter(venue.rate_tier);
    this.#orders = new OwnOrders({
      directory,
      scaleOf,
      emit,
      wallMs: () => clock.wallMs(),
      answerTimeoutMs: trading.answer_timeout_ms,
    });
    this.#lookup = new OrderLookup({
      rest,
      orders: this.#orders,
      emit,
      isStanding,
      nowMs: () => this.#nowMs(),
      absentAfterMs: trading.deadline_ms + VISIBLE_WITHIN_MS,
    });
    this.#account = new AccountReader({
      rest,
      emit,
      isStanding,
      moves: () => this.#moves,
      onOrder: (order) => this.#onAccountOrder(order),
    });
    this.#switch = new DeadMansSwitch({
      afterMs: trading.dead_mans_switch_ms,
      intervalMs: trading.dead_mans_switch_interval_ms,
      send: (write) => {
        this.#counter.onEveryPair(1, this.#nowMs());
        return this.#connection.sendSoon(write);
      },
      onUnexpected,
    });
    this.#cancels = new CancelRequests({
      rest,
      orders: this.#orders,
      counter: this.#counter,
      send: (write) => this.#connection.sendSoon(write),
      isStanding,
      answerTimeoutMs: trading.answer_timeout_ms,
      onUnexpected,
      onRefused: (own, why) => this.#orders.doubt(own, why),
    });
  }

  get isConnected(): boolean {
    return this.#connection.isStanding;
  }

  start(): void {
    this.#opening.start();
  }

  stop(): void {
    this.#opening.stop();
    this.#connection.stop();
    if (this.#cancels.isAskingRest) this.#deps.clock.after(STOP_WITHIN_MS, () => this.#deps.rest.stop());
    else this.#deps.rest.stop();
  }

  hasRoomFor(instruments: readonly InstrumentIndex[]): boolean {
    if (!this.#connection.isReady || !this.#connection.hasPaceForOrders(instruments.length)) return false;
    return instruments.every((instrument) => {
      const known = this.#deps.directory.instruments[instrument];
      if (known === undefined || this.#deps.rest.disagreement(known) !== undefined) return false;
      const orders = instruments.filter((one) => one === instrument).length;
      return this.#counter.hasRoomToAdd(instrument, orders * ADD_POINTS, this.#nowMs());
    });
  }

  send(order: ApprovedOrder): void {
    const instrument = this.#deps.directory.instruments[order.instrument];
    const why = this.#whyNot(instrument) ?? whyNotInScale(order, instrument);
    if (instrument === undefined || why !== undefined) this.#notSent(order, why ?? '', instrument?.status === 'online');
    else this.#sendNow(order, instrument);
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

  readAccount(sinceMs: number): void {
    // By the venue's clock, which may be behind ours: nothing may fall between the two.
    const aheadMs = this.#deps.clock.wallMs() - this.#connection.venueMs;
    this.#account.read(sinceMs - Math.max(0, aheadMs));
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
    if (this.#orders.onTimer(nowMs)) this.#connection.onMissing('the executions do not tell how an order ended');
    this.#switch.onTimer(nowMs);
    this.#cancels.onTimer(nowMs);
    this.#settleOld(nowMs - this.#deps.config.trading.deadline_ms);
  }

  onStand(): void {
    this.#emit({ type: 'connected' });
    this.#switch.onStand(this.#nowMs());
  }

  onFall(why: string): void {
    this.#switch.onFall();
    this.#cancels.onFall(this.#nowMs());
    this.#settleOld(Number.POSITIVE_INFINITY);
    this.#emit({ type: 'disconnected', reason: why });
    this.#orders.onFall(why);
  }

  onExecutions({ reports, unreadable, isSnapshot }: ExecutionsFrame): void {
    const nowMs = this.#nowMs();
    this.#moves++;
    for (const entry of unreadable) this.#orders.onUnreadable(entry);
    for (const report of reports) {
      const { order } = this.#orders.onReport(report, isSnapshot, nowMs);
      if (order.clOrdId !== undefined) {
        this.#settle(order.clOrdId);
        this.#cancels.onNews(order.clOrdId, nowMs);
      }
      const instrument = order.symbol === undefined ? undefined : this.#deps.directory.instrumentNamed(order.symbol);
      if (report.rateCount !== undefined && instrument !== undefined) {
        this.#counter.onTold(instrument.index, report.rateCount, nowMs);
      }
    }
  }

  onBalances({ reports, unreadable }: BalancesFrame): void {
    this.#moves++;
    for (const why of unreadable) this.#emit({ type: 'unexpected', text: `balances: ${why}` });
    for (const { asset: name, balance, refId } of reports) {
      const asset = this.#deps.directory.assetNamed(name);
      if (asset === undefined) continue; // reading the account tells of assets that nobody announced
      const { value, isExact } = roundedAmount(balance, asset.precision, 'down', name);
      if (!isExact) this.#emit({ type: 'unexpected', text: `balance ${balance} ${name} does not fit; rounded down` });
      if (!isCountable(value)) this.#emit({ type: 'unexpected', text: `balance ${balance} ${name} cannot be counted` });
      else this.#emit({ type: 'balance', asset: asset.index, totalUnits: value, refId });
    }
  }

  onReply(reply: PrivateReply): void {
    const nowMs = this.#nowMs();
    const { topic } = apiErrorOf(reply.error);
    if (this.#switch.onReply(reply, nowMs) || this.#cancels.onReply(reply, nowMs)) return;
    const own = this.#orders.onReply(reply, nowMs);
    for (const warning of reply.warnings) this.#emit({ type: 'unexpected', text: `${reply.method}: ${warning}` });
    if (own === undefined) this.#onStrangeReply(reply);
    else {
      this.#settle(own.clOrdId);
      if (topic === 'rate_limit') this.#counter.onExceeded(own.instrument.index, nowMs);
      this.#cancels.onNews(own.clOrdId, nowMs);
    }
    if (topic === 'token') this.#connection.onTokenRefused();
  }

  onRateExceeded(): void {
    this.#orders.doubtUnanswered('the venue dropped a request, without saying which');
  }

  onMaxRateCount(count: number): void {
    const tier = tierOfThreshold(count);
    this.#counter.setTier(tier, this.#nowMs());
    this.#deps.rest.setTier(tier);
  }

  onUnexpected(text: string): void {
    this.#emit({ type: 'unexpected', text });
  }

  onRefused(error: Error): void {
    this.#emit({ type: 'fatal', error });
  }

  #tellDisagreements(): void {
    for (const instrument of this.#deps.directory.instruments) {
      const why = this.#deps.rest.disagreement(instrument);
      if (why !== undefined) this.onUnexpected(`${instrument.symbol} is not traded: ${why}`);
    }
  }

  /** Why nothing may leave for this instrument; undefined when it may. */
  #whyNot(instrument: Instrument | undefined): string | undefined {
    if (instrument === undefined) return 'the venue does not list the instrument';
    if (instrument.status !== 'online') return `${instrument.symbol} is ${instrument.status}`;
    const disagreement = this.#deps.rest.disagreement(instrument);
    if (disagreement !== undefined) return `${instrument.symbol} is not traded: ${disagreement}`;
    if (!this.#connection.isStanding) return 'not connected';
    if (this.#connection.system !== 'online') return `the venue is ${this.#connection.system}`;
    return this.hasRoomFor([instrument.index]) ? undefined : 'the venue takes no order now';
  }

  #sendNow(order: ApprovedOrder, instrument: Instrument): void {
    const reqId = this.#connection.nextRequest();
    const deadlineMs = this.#connection.venueMs + this.#deps.config.trading.deadline_ms;
    const hasLeft = this.#connection.sendOrder((token) => addOrder(order, instrument, { reqId, token, deadlineMs }));
    if (!hasLeft) {
      this.#notSent(order, 'the connection took nothing', true);
      return;
    }
    this.#moves++;
    this.#counter.onSent(instrument.index, ADD_POINTS);
    const sentMs = this.#nowMs();
    this.#uncounted.set(order.clOrdId, { instrument: instrument.index, sentMs });
    this.#orders.onSent(order, instrument, reqId, sentMs);
  }

  /** Proven: no byte has left. */
  #notSent({ clOrdId }: ApprovedOrder, why: string, isRetryable: boolean): void {
    this.#emit({ type: 'order.refused', clOrdId, error: `not sent: ${why}`, isRetryable });
  }

  /** An answer to nothing that is known to be out: to an order of a lost table, or twice to the same one. */
  #onStrangeReply({ method, reqId, error }: PrivateReply): void {
    this.#emit({ type: 'unexpected', text: `an answer to ${method} ${reqId ?? 'without a number'}: ${error}` });
  }

  /** Orders that a predecessor left are taken up, so that what still comes of them is told. */
  #onAccountOrder(order: OrderReading): void {
    const { clOrdId } = order;
    if (clOrdId === undefined || decodeClientOrderId(clOrdId) === undefined) return;
    const scale = this.#orders.scaleOf(clOrdId);
    if (scale !== undefined && !isSameScale(scale, order)) return; // whoever has it at work asks after it in its scale
    if (this.#orders.named(clOrdId) === undefined) this.#orders.onFate(order, this.#nowMs());
  }

  #settle(clOrdId: string): void {
    const sent = this.#uncounted.get(clOrdId);
    if (sent === undefined) return;
    this.#uncounted.delete(clOrdId);
    this.#counter.onSettled(sent.instrument, ADD_POINTS, this.#nowMs());
  }

  /** Of what was sent before `sentBeforeMs`, nothing is under way any more. */
  #settleOld(sentBeforeMs: number): void {
    for (const [clOrdId, { sentMs }] of this.#uncounted) if (sentMs <= sentBeforeMs) this.#settle(clOrdId);
  }

  #emit(event: TradingEvent): void {
    this.#events.push(event);
    this.#deps.wake();
  }

  #nowMs(): number {
    return this.#deps.clock.nowNs() / 1e6;
  }
}

/** Its ticks and lots would be other amounts. */
function whyNotInScale(order: ApprovedOrder, instrument: Instrument | undefined): string | undefined {
  if (instrument === undefined || isSameScale(order, instrument)) return undefined;
  return `the precision of ${instrument.symbol} has changed since the order was made`;
}
