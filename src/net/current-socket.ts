/** The socket of the newest attempt to connect. Events of one that was given up are nobody's. */
import type { Socket, SocketEvents, SocketPort } from './transport.ts';

export class CurrentSocket {
  readonly #sockets: SocketPort;
  readonly #events: SocketEvents;
  #socket: Socket | undefined;

  constructor(sockets: SocketPort, events: SocketEvents) {
    this.#sockets = sockets;
    this.#events = events;
  }

  /** @throws when `url` is none that a socket can have. */
  open(url: string): void {
    const { onOpen, onMessage, onClosed } = this.#events;
    let socket: Socket | undefined;
    const ifCurrent = (act: () => void): void => {
      if (this.#socket === socket) act();
    };
    socket = this.#sockets.open(url, {
      onOpen: () => ifCurrent(onOpen),
      onMessage: (data) => ifCurrent(() => onMessage(data)),
      onClosed: (code, reason, status) => ifCurrent(() => onClosed(code, reason, status)),
    });
    this.#socket = socket;
  }

  /** False when nothing was sent. */
  send(text: string): boolean {
    return this.#socket?.send(text) === true;
  }

  /** Begins the closing handshake. */
  close(): void {
    this.#socket?.close();
  }

  /** Ends it, whatever its state. */
  cut(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.terminate();
  }
}
