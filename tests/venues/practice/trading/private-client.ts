/** A client of the private socket without a socket. */
import type { ClientEvents, ClientPort } from '../../../../src/venues/practice/client-connection.ts';
import type { PracticeExchange } from '../../../../src/venues/practice/practice-exchange.ts';

export type Frame = Record<string, unknown>;

export class PrivateClient implements ClientPort {
  readonly frames: string[] = [];
  closedWith: number | undefined;
  token: string;
  readonly #events: ClientEvents;

  constructor(exchange: PracticeExchange, account: string) {
    this.#events = exchange.connectPrivate(this);
    this.token = exchange.tokens.issue(account).token;
  }

  send(text: string): void {
    this.frames.push(text);
  }

  close(code: number): void {
    this.closedWith = code;
  }

  terminate(): void {
    this.closedWith = 1006;
  }

  bufferedBytes(): number {
    return 0;
  }

  leave(): void {
    this.#events.closed();
  }

  answersPings(): boolean {
    return this.#events.answersPings();
  }

  raw(text: string): void {
    this.#events.receive(text);
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
