/**
 * A trader for tests: sends orders through a trading port, looks up what is uncertain, and believes nothing but what it
 * is reported. What it knows in the end is compared with the exchange's own books.
 */

import type { InstrumentDirectory, InstrumentIndex } from '../../../src/market/instrument.ts';
import type { Lots, Ticks } from '../../../src/money/money.ts';
import type { Side } from '../../../src/money/side.ts';
import { monotonicNs } from '../../../src/platform/time.ts';
import type { PracticeExchange } from '../../../src/practice/practice-exchange.ts';
import { fine } from '../../../src/simulation/day-readings.ts';
import { encodeClientOrderId } from '../../../src/trading/client-order-id.ts';
import type { Fill, TradingEvent, TradingPort } from '../../../src/venues/trading-port.ts';
import { approved } from '../../support/approved.ts';

type State = 'out' | 'uncertain' | 'ended' | 'refused' | 'absent';

/** What the trader knows of one of its orders. */
export interface Known {
  state: State;
  readonly fills: Map<string, Fill>;
  ended: bigint | undefined;
  lookUpAtMs: number;
}

export class Trader {
  readonly orders = new Map<string, Known>();
  readonly events: TradingEvent[] = [];
  readonly #port: TradingPort;
  readonly #directory: InstrumentDirectory;
  readonly #nowMs: () => number;
  readonly #twice: string[] = [];
  #plans = 0;

  constructor(port: TradingPort, directory: InstrumentDirectory, nowMs: () => number) {
    this.#port = port;
    this.#directory = directory;
    this.#nowMs = nowMs;
  }

  /** Orders whose fate it does not know. */
  get open(): Known[] {
    return [...this.orders.values()].filter(({ state }) => state === 'out' || state === 'uncertain');
  }

  send(instrument: InstrumentIndex, side: Side, qtyLots: Lots, limitTicks: Ticks): string {
    const plan = ++this.#plans;
    const clOrdId = encodeClientOrderId({ runMs: 1_700_000_000_000, plan, leg: 0, attempt: 0 });
    this.orders.set(clOrdId, { state: 'out', fills: new Map(), ended: undefined, lookUpAtMs: 0 });
    const { pricePrecision, qtyPrecision } = this.#directory.instruments[instrument]!;
    const terms = { instrument, side, qtyLots, limitTicks, pricePrecision, qtyPrecision };
    this.#port.send(approved({ clOrdId, plan, placedNs: monotonicNs(this.#nowMs() * 1e6), ...terms }));
    return clOrdId;
  }

  /** One turn, as an actor takes them. */
  turn(): void {
    this.#port.onTimer();
    while (this.#port.poll((event) => this.#on(event), 16) > 0);
    for (const [clOrdId, known] of this.orders) {
      if (known.state !== 'uncertain' || this.#nowMs() < known.lookUpAtMs) continue;
      known.lookUpAtMs = Number.POSITIVE_INFINITY;
      this.#port.lookUp(clOrdId, undefined);
    }
  }

  #on(event: TradingEvent): void {
    this.events.push(event);
    if (!('clOrdId' in event)) return;
    const known = this.orders.get(event.clOrdId);
    if (known === undefined) throw new Error(`${event.type} of an order that was never sent: ${event.clOrdId}`);
    switch (event.type) {
      case 'order.filled':
        if (known.fills.has(event.fill.execId)) this.#twice.push(event.fill.execId);
        known.fills.set(event.fill.execId, event.fill);
        break;
      case 'order.ended':
        known.state = 'ended';
        known.ended = event.filledLots;
        break;
      case 'order.refused':
        known.state = 'refused';
        break;
      case 'order.uncertain':
        known.state = 'uncertain';
        known.lookUpAtMs = this.#nowMs();
        break;
      case 'order.fate':
        if (event.found === undefined) known.state = 'absent';
        else {
          for (const fill of event.found.fills) known.fills.set(fill.execId, fill);
          if (event.found.isOpen) known.lookUpAtMs = this.#nowMs() + 1_000;
          else known.state = 'ended';
        }
        break;
      case 'order.denied':
      case 'order.fate_unknown':
        known.lookUpAtMs = this.#nowMs() + 1_000;
        break;
      case 'order.acked':
      case 'order.misreported':
        break;
      default:
        event satisfies never;
    }
  }

  /** Every difference between what it knows and what the exchange has in its books. */
  differences(
    exchange: PracticeExchange,
    directory: InstrumentDirectory,
    sent: readonly string[] = [],
    account = 'alice',
  ): string[] {
    const { orders } = this;
    const wrong = this.#twice.map((execId) => `fill ${execId} was told twice`);
    const theirs = new Map(
      [...exchange.trading.closedOrders(account), ...exchange.trading.openOrders(account)].map((order) => [
        order.clOrdId,
        order,
      ]),
    );
    const sentIds = sent
      .filter((text) => text.includes('"add_order"'))
      .map((text) => String(JSON.parse(text).params.cl_ord_id));
    if (new Set(sentIds).size !== sentIds.length) wrong.push('an order was sent twice');
    const records = [...exchange.trading.closedOrders(account), ...exchange.trading.openOrders(account)];
    if (records.length !== theirs.size) wrong.push('the exchange has a cl_ord_id twice');
    for (const order of records) if (!orders.has(order.clOrdId ?? '')) wrong.push(`${order.clOrdId} was never sent`);
    for (const [clOrdId, { state, fills, ended }] of orders) {
      const order = theirs.get(clOrdId);
      const isOver = state === 'ended' || state === 'refused' || state === 'absent';
      if (!isOver) wrong.push(`${clOrdId} is ${state}`);
      if ((order !== undefined) !== (state === 'ended'))
        wrong.push(`${clOrdId} is ${state}, the exchange: ${order?.status}`);
      if (order === undefined) continue;
      const ours = [...fills.values()].map(({ execId, qtyLots, costUnits, feeUnits, feeAsset }) => {
        const instrument = directory.instrumentNamed(order.pair.symbol)!;
        const asset = directory.assets[feeAsset]!;
        const cost = fine(costUnits, directory.assets[instrument.quote]!.precision);
        return `${execId} ${fine(qtyLots, instrument.qtyPrecision)} ${cost} ${fine(feeUnits, asset.precision)} ${feeUnits === 0n ? '' : asset.id}`;
      });
      const books = order.trades.map(
        ({ id, qty, cost, fee, feeAsset }) =>
          `${id} ${fine(qty, order.pair.scale.qty)} ${fine(cost, order.pair.quote.decimals)} ${fine(fee, feeAsset.decimals)} ${fee === 0n ? '' : feeAsset.id}`,
      );
      if (ours.sort().join() !== books.sort().join())
        wrong.push(`${clOrdId}: fills ${ours.join(', ')}; the exchange ${books.join(', ')}`);
      const filled = fine(order.filledQty, order.pair.scale.qty);
      const said =
        ended === undefined ? filled : fine(ended, directory.instrumentNamed(order.pair.symbol)!.qtyPrecision);
      if (said !== filled) wrong.push(`${clOrdId} ended with ${said}, the exchange has ${filled}`);
    }
    return wrong;
  }
}
