/** A client without a socket: the far end of a connection of the core, as the inline host has it. */
import type { ClientEvents, ClientPort } from '../../../src/venues/practice/client-connection.ts';
import type { PracticeExchange } from '../../../src/venues/practice/practice-exchange.ts';

export class InlineClient implements ClientPort {
  readonly frames: string[] = [];
  closedWith: number | undefined;
  buffered = 0;
  readonly #events: ClientEvents;

  constructor(exchange: PracticeExchange) {
    this.#events = exchange.connectPublic(this);
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
    return this.buffered;
  }

  say(message: unknown): void {
    this.#events.receive(typeof message === 'string' ? message : JSON.stringify(message));
  }

  leave(): void {
    this.#events.closed();
  }

  answersPings(): boolean {
    return this.#events.answersPings();
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
