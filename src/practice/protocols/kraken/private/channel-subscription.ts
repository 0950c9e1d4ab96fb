/** One subscription of a private channel: its snapshot, its updates, its own sequence. */
import type { ExecutionEvent, LedgerRecord, TradingDesk, TradingListener } from '../../../exchange/exchange-types.ts';
import { TIER_LIMITS } from '../../../exchange/rate-counter.ts';
import {
  balanceFields,
  dataFrame,
  executionFields,
  ledgerFields,
  openOrderFields,
  pastTradeFields,
} from './private-frames.ts';
import type { PrivateLine } from './private-line.ts';
import type { PrivateChannel, SubscribeOptions } from './private-request-reader.ts';

/** Fills in a snapshot (protocol reference 2.2). */
const SNAPSHOT_TRADES = 50;
/** What is sent to a subscriber who does not want every change of state: fills, and these. */
const MAIN_STEPS = ['new', 'trade', 'filled', 'canceled', 'expired'];

export interface ChannelDeps {
  readonly channel: PrivateChannel;
  readonly account: string;
  readonly desk: TradingDesk;
  readonly line: PrivateLine;
  readonly options: SubscribeOptions;
  /** All of an operation has been sent. */
  readonly onSettled: () => void;
}

export class PrivateSubscription implements TradingListener {
  readonly #deps: ChannelDeps;
  readonly #stop: () => void;
  #sequence = 0;

  /** From here on it receives the account's events. */
  constructor(deps: ChannelDeps) {
    this.#deps = deps;
    this.#stop = deps.desk.listen(deps.account, this);
  }

  get account(): string {
    return this.#deps.account;
  }

  /** `result` of its acknowledgement. */
  get acknowledgement(): object {
    const { channel, options, desk, account } = this.#deps;
    if (channel === 'balances') return { channel, snapshot: options.snapshot };
    const { snapOrders, snapTrades } = options;
    const maxratecount = TIER_LIMITS[desk.rateTier(account)].rate.max;
    return { channel, maxratecount, snap_orders: snapOrders, snap_trades: snapTrades };
  }

  sendSnapshot(): void {
    const { channel, options } = this.#deps;
    if (channel === 'balances') {
      if (options.snapshot) this.#send('snapshot', this.#deps.desk.balances(this.account).map(balanceFields));
    } else if (options.snapOrders || options.snapTrades) {
      this.#send('snapshot', [...this.#openOrders(), ...this.#pastTrades()]);
    }
  }

  onExecution(event: ExecutionEvent): void {
    const { channel, options, desk, line } = this.#deps;
    if (channel !== 'executions' || (!options.orderStatus && !MAIN_STEPS.includes(event.kind))) return;
    const rateCount = options.rateCounter ? event.rateCount : undefined;
    const fields = executionFields(event, desk.usdValue.bind(desk), rateCount);
    const content = { kind: 'execution', step: event.kind, orderId: event.order.id } as const;
    line.queue(this.account, content, dataFrame(channel, 'update', [fields], this.#next()));
  }

  onLedger(entry: LedgerRecord): void {
    if (this.#deps.channel === 'balances') this.#send('update', [ledgerFields(entry)]);
  }

  onSettled(): void {
    this.#deps.onSettled();
  }

  /** It receives nothing more. */
  close(): void {
    this.#stop();
  }

  #openOrders(): object[] {
    const { options, desk } = this.#deps;
    if (!options.snapOrders) return [];
    return desk.openOrders(this.account).map((order) => openOrderFields(order, desk.usdValue.bind(desk)));
  }

  #pastTrades(): object[] {
    const { options, desk } = this.#deps;
    if (!options.snapTrades) return [];
    const newest = desk.trades(this.account).slice(-SNAPSHOT_TRADES);
    return newest.map((trade) => pastTradeFields(trade, desk.usdValue.bind(desk)));
  }

  #send(type: 'snapshot' | 'update', data: readonly object[]): void {
    const { channel, line } = this.#deps;
    const content =
      channel === 'balances'
        ? ({ kind: 'balance', type } as const)
        : ({ kind: 'execution', step: 'snapshot', orderId: undefined } as const);
    line.queue(this.account, content, dataFrame(channel, type, data, this.#next()));
  }

  #next(): number {
    this.#sequence += 1;
    return this.#sequence;
  }
}
