/** One subscription of the first version's private socket: its snapshot, its updates, its own sequence. */
import type { ExecutionEvent, TradingDesk, TradingListener } from '../../../exchange/exchange-types.ts';
import type { PrivateLine } from '../private/private-line.ts';
import { v1DataFrame, v1OrderRow, v1OrderStep, v1TradeRow } from './v1-private-frames.ts';

export const V1_PRIVATE_CHANNELS = ['openOrders', 'ownTrades'] as const;
export type V1PrivateChannel = (typeof V1_PRIVATE_CHANNELS)[number];

/** Trades in a snapshot. */
const SNAPSHOT_TRADES = 50;

export interface V1ChannelDeps {
  readonly channel: V1PrivateChannel;
  readonly account: string;
  readonly desk: TradingDesk;
  readonly line: PrivateLine;
  /** Of `ownTrades`: those of before are sent first. */
  readonly snapshot: boolean;
  /** Of `openOrders`: each step carries the trading counter. */
  readonly rateCounter: boolean;
  /** All of an operation has been sent. */
  readonly onSettled: () => void;
}

export class V1PrivateSubscription implements TradingListener {
  readonly #deps: V1ChannelDeps;
  readonly #stop: () => void;
  #sequence = 0;

  /** From here on it receives the account's events. */
  constructor(deps: V1ChannelDeps) {
    this.#deps = deps;
    this.#stop = deps.desk.listen(deps.account, this);
  }

  get account(): string {
    return this.#deps.account;
  }

  /** Newest first, also where there is none: a client waits for it. */
  sendSnapshot(): void {
    const { channel, desk, account, snapshot } = this.#deps;
    if (channel === 'openOrders') {
      const rows = desk.openOrders(account).map((order) => ({ [order.id]: v1OrderRow(order) }));
      this.#send('snapshot', undefined, rows.reverse());
    } else if (snapshot) {
      const newest = desk.trades(account).slice(-SNAPSHOT_TRADES).reverse();
      this.#send(
        'snapshot',
        undefined,
        newest.map((trade) => ({ [trade.id]: v1TradeRow(trade) })),
      );
    }
  }

  onExecution(event: ExecutionEvent): void {
    const { channel, rateCounter } = this.#deps;
    const { kind, order, trade } = event;
    if (channel === 'openOrders') {
      const row = v1OrderStep(event, rateCounter ? event.rateCount : undefined);
      this.#send(kind, order.id, [{ [order.id]: row }]);
    } else if (trade !== undefined) {
      this.#send(kind, order.id, [{ [trade.id]: v1TradeRow(trade) }]);
    }
  }

  /** This version has no balances. */
  onLedger(): void {}

  onSettled(): void {
    this.#deps.onSettled();
  }

  /** It receives nothing more. */
  close(): void {
    this.#stop();
  }

  #send(step: ExecutionEvent['kind'] | 'snapshot', orderId: string | undefined, rows: readonly object[]): void {
    const { account, channel, line } = this.#deps;
    this.#sequence += 1;
    line.queue(account, { kind: 'execution', step, orderId }, v1DataFrame(channel, rows, this.#sequence));
  }
}
