/** A client of the private socket without a socket. */
import type { PracticeExchange } from '../../../src/practice/practice-exchange.ts';
import { ClientEnd } from '../client-end.ts';

export type Frame = Record<string, unknown>;

export class PrivateClient extends ClientEnd {
  token: string;

  constructor(exchange: PracticeExchange, account: string) {
    super((port) => exchange.connectPrivate(port));
    this.token = exchange.tokens.issue(account).token;
  }

  /** Sends a request with the token and gives what was answered to it, channel messages included. */
  ask(method: string, params: object = {}, reqId = 7): Frame[] {
    const from = this.frames.length;
    this.raw(JSON.stringify({ method, params: { token: this.token, ...params }, req_id: reqId }));
    return this.since(from);
  }

  subscribe(channel: 'executions' | 'balances', params: object = {}): Frame[] {
    return this.ask('subscribe', { channel, ...params });
  }

  add(order: object): Frame[] {
    return this.ask('add_order', { order_type: 'limit', side: 'buy', symbol: 'BTC/USD', ...order });
  }

  since(from: number): Frame[] {
    return this.frames.slice(from).map((frame) => JSON.parse(frame) as Frame);
  }
}
