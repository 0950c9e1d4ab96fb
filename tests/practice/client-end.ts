/** The far end of a connection of the core, without a socket, as the inline host has it. It keeps what it is sent. */
import type { ClientEvents, ClientPort } from '../../src/practice/network/client-connection.ts';

export class ClientEnd implements ClientPort {
  readonly frames: string[] = [];
  closedWith: number | undefined;
  buffered = 0;
  readonly #events: ClientEvents;

  constructor(connect: (port: ClientPort) => ClientEvents) {
    this.#events = connect(this);
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

  leave(): void {
    this.#events.closed();
  }

  answersPings(): boolean {
    return this.#events.answersPings();
  }

  raw(text: string): void {
    this.#events.receive(text);
  }
}
