/**
 * A connection that is kept: when the next attempt is made, the socket of the newest one, since when it stands, when it
 * last brought anything, and its closing within a time limit. Which state follows which is its owner's business. Events
 * of a socket that was given up are dropped.
 */
import type { Chance } from '../platform/chance.ts';
import type { CancelTimer, Clock } from '../platform/clock.ts';
import { ConnectAttempts } from './connect-attempts.ts';
import type { ConnectWaits } from './connect-waits.ts';
import type { SlidingWindow } from './limiters/sliding-window.ts';
import type { Socket, SocketEvents, SocketPort } from './transport.ts';

export interface KeptSocketEvents extends SocketEvents {
  /** The next attempt is due, and has its place in the budget: open it. */
  onDue(): void;
  /** The far side has not closed in time. */
  onCloseOverdue(why: string): void;
}

export interface KeptSocketDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly sockets: SocketPort;
  /** How often connections may be tried. */
  readonly budget: SlidingWindow;
  readonly waits: ConnectWaits;
  readonly events: KeptSocketEvents;
}

/** Longest wait for the far side's half of the closing handshake. */
export const CLOSE_WITHIN_MS = 1_000;

export class KeptSocket {
  /** What has become of the attempts so far, and when the next one is made. */
  readonly attempts: ConnectAttempts;
  readonly #deps: KeptSocketDeps;
  #socket: Socket | undefined;
  #cancelClose: CancelTimer | undefined;
  #sinceMs = 0;
  #heardMs = 0;

  constructor(deps: KeptSocketDeps) {
    this.#deps = deps;
    const { clock, chance, budget, waits, events } = deps;
    this.attempts = new ConnectAttempts({ clock, chance, budget, waits, onDue: () => events.onDue() });
  }

  /** Time of the frame being handled, or of the newest one, or of the opening. Monotonic milliseconds. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /** How long the socket has been open; before it is, how long the attempt has lasted. Milliseconds. */
  ageMs(nowMs: number): number {
    return nowMs - this.#sinceMs;
  }

  /** How long an open socket has brought nothing. Milliseconds. */
  silentMs(nowMs: number): number {
    return nowMs - this.#heardMs;
  }

  /** @throws when `url` is none that a socket can have. */
  open(url: string): void {
    const { sockets, events } = this.#deps;
    let socket: Socket | undefined;
    this.#sinceMs = this.#nowMs();
    socket = sockets.open(url, {
      onOpen: () => {
        if (this.#socket !== socket) return;
        this.#sinceMs = this.#nowMs();
        this.#heardMs = this.#sinceMs;
        events.onOpen();
      },
      // The tick path: no allocation here.
      onMessage: (data) => {
        if (this.#socket !== socket) return;
        this.#heardMs = this.#nowMs();
        events.onMessage(data);
      },
      onClosed: (code, reason, httpStatus) => {
        if (this.#socket === socket) events.onClosed(code, reason, httpStatus);
      },
    });
    this.#socket = socket;
  }

  /** False when nothing was sent. */
  send(text: string): boolean {
    return this.#socket?.send(text) === true;
  }

  /** Begins the closing handshake, and its time limit. */
  close(): void {
    const { clock, events } = this.#deps;
    this.#socket?.close();
    this.#cancelClose = clock.after(CLOSE_WITHIN_MS, () =>
      events.onCloseOverdue(`not closed within ${CLOSE_WITHIN_MS} ms; cut off`),
    );
  }

  /** No attempt is made any more, and no closing is overdue. */
  cancelTimers(): void {
    this.attempts.cancel();
    this.#cancelClose?.();
    this.#cancelClose = undefined;
  }

  /** Ends the socket, in any state. */
  cut(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.terminate();
  }

  #nowMs(): number {
    return this.#deps.clock.nowNs() / 1e6;
  }
}

/** What a close frame says, in one line. */
export const describeClose = (code: number, reason: string): string =>
  reason === '' ? `close ${code}` : `close ${code}: ${reason}`;
