/** A client of the public socket without a socket. */
import type { PracticeExchange } from '../../src/practice/practice-exchange.ts';
import { ClientEnd } from './client-end.ts';

export class InlineClient extends ClientEnd {
  constructor(exchange: PracticeExchange) {
    super((port) => exchange.connectPublic(port));
  }

  say(message: unknown): void {
    this.raw(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(symbol: string[], depth = 10, reqId = 1): void {
    this.say({ method: 'subscribe', params: { channel: 'book', symbol, depth }, req_id: reqId });
  }

  /** Frames that hold `part`, parsed. */
  having(part: string): Record<string, unknown>[] {
    return this.frames.filter((frame) => frame.includes(part)).map((frame) => JSON.parse(frame));
  }

  /** The newest frame, parsed. */
  last(): Record<string, unknown> {
    return JSON.parse(this.frames.at(-1) ?? '{}');
  }
}
