/** What the private connection brings, made into the sequencer's events: executions, balances, answers. */

import type { InstrumentDirectory } from '../../../market/instrument.ts';
import { units } from '../../../money/money.ts';
import type { TradingEvent } from '../../trading-port.ts';
import type { BalancesFrame, ExecutionsFrame } from '../private/private-frame.ts';
import type { PrivateReply } from '../private/private-reply.ts';
import type { StreamHandler } from '../private/private-streams.ts';
import type { KrakenRest } from '../rest/kraken-rest.ts';
import { apiErrorOf, type ErrorTopic } from '../wire/api-error.ts';
import { isCountable, roundedAmount } from '../wire/rounded-amount.ts';
import type { CancelRequests } from './cancel-requests.ts';
import type { DeadMansSwitch } from './dead-mans-switch.ts';
import type { OrderPoints } from './order-points.ts';
import type { OwnOrders } from './own-orders.ts';
import { type TradingCounter, tierOfThreshold } from './trading-counter.ts';

export interface TradingNewsDeps {
  readonly directory: InstrumentDirectory;
  readonly rest: Pick<KrakenRest, 'setTier'>;
  readonly orders: OwnOrders;
  readonly points: OrderPoints;
  readonly counter: TradingCounter;
  readonly cancels: CancelRequests;
  readonly deadMansSwitch: DeadMansSwitch;
  readonly emit: (event: TradingEvent) => void;
  readonly nowMs: () => number;
  readonly onTokenRefused: () => void;
}

export class TradingNews implements StreamHandler {
  readonly #deps: TradingNewsDeps;

  constructor(deps: TradingNewsDeps) {
    this.#deps = deps;
  }

  onExecutions({ reports, unreadable, isSnapshot }: ExecutionsFrame): void {
    const { orders, points, cancels, directory, counter } = this.#deps;
    const nowMs = this.#deps.nowMs();
    for (const entry of unreadable) orders.onUnreadable(entry);
    for (const report of reports) {
      const { order } = orders.onReport(report, isSnapshot, nowMs);
      if (order.clOrdId !== undefined) {
        points.settle(order.clOrdId, nowMs);
        cancels.onNews(order.clOrdId, nowMs);
      }
      const instrument = order.symbol === undefined ? undefined : directory.instrumentNamed(order.symbol);
      if (report.rateCount !== undefined && instrument !== undefined) {
        counter.onReported(instrument.index, report.rateCount, nowMs);
      }
    }
  }

  onBalances({ reports, unreadable }: BalancesFrame): void {
    const { directory, emit } = this.#deps;
    for (const why of unreadable) emit({ type: 'unexpected', text: `balances: ${why}` });
    for (const { asset: name, balance, refId } of reports) {
      const asset = directory.assetNamed(name);
      if (asset === undefined) continue; // reading the account reports assets that were not announced
      const { value, isExact } = roundedAmount(balance, asset.precision, 'down', name);
      if (!isExact) emit({ type: 'unexpected', text: `balance ${balance} ${name} does not fit; rounded down` });
      if (!isCountable(value)) emit({ type: 'unexpected', text: `balance ${balance} ${name} cannot be counted` });
      else emit({ type: 'balance', asset: asset.index, totalUnits: units(value), refId });
    }
  }

  onReply(reply: PrivateReply): void {
    const { deadMansSwitch, cancels, nowMs, onTokenRefused } = this.#deps;
    const { topic } = apiErrorOf(reply.error);
    const isHandled = deadMansSwitch.onReply(reply, nowMs()) || cancels.onReply(reply, nowMs());
    if (!isHandled) this.#onOrderReply(reply, topic);
    // Whichever request carried it: every one to come carries the same.
    if (topic === 'token') onTokenRefused();
  }

  #onOrderReply(reply: PrivateReply, topic: ErrorTopic): void {
    const { cancels, orders, points, counter } = this.#deps;
    const nowMs = this.#deps.nowMs();
    const own = orders.onReply(reply, nowMs);
    for (const warning of reply.warnings) this.onUnexpected(`${reply.method}: ${warning}`);
    if (own === undefined) this.#onStrangeReply(reply);
    else {
      points.settle(own.clOrdId, nowMs);
      if (topic === 'rate_limit') counter.onExceeded(own.instrument.index, nowMs);
      cancels.onNews(own.clOrdId, nowMs);
    }
  }

  onMaxRateCount(count: number): void {
    const tier = tierOfThreshold(count);
    const { counter, rest, nowMs } = this.#deps;
    counter.setTier(tier, nowMs());
    rest.setTier(tier);
  }

  onUnexpected(text: string): void {
    this.#deps.emit({ type: 'unexpected', text });
  }

  /** An answer to nothing that is known to be out: to an order of a lost table, or twice to the same one. */
  #onStrangeReply({ method, reqId, error }: PrivateReply): void {
    this.onUnexpected(`an answer to ${method} ${reqId ?? 'without a number'}: ${error}`);
  }
}
