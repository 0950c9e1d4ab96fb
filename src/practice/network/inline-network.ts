/**
 * Sockets to the practice exchange without a network: everything crosses on the clock, each message after a latency of
 * its own, and on one connection in order, as TCP has it. By a seed.
 */

import type { Socket, SocketEvents, SocketPort } from '../../net/transport.ts';
import type { Chance } from '../../platform/chance.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ClientEvents, ClientPort } from './client-connection.ts';
import { DelayLine } from './delay-line.ts';

/** What a connection leads to. */
export interface InlineListener {
  /** Whether the upgrade is let through; an HTTP status refuses it. */
  admit(path: string): number | undefined;
  connect(path: string, port: ClientPort): ClientEvents;
}

export interface InlineNetworkSettings {
  /** Least and most milliseconds that a message takes to arrive. */
  readonly latencyMs: readonly [number, number];
}

/** Sees every frame that crosses, when it leaves: for traces. */
export type FrameWatch = (direction: 'out' | 'in', path: string, text: string) => void;

export class InlineNetwork implements SocketPort {
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #listener: InlineListener;
  readonly #settings: InlineNetworkSettings;
  readonly #watch: FrameWatch;
  readonly #open = new Set<InlineSocket>();

  constructor(
    clock: Clock,
    chance: Chance,
    listener: InlineListener,
    settings: InlineNetworkSettings,
    watch: FrameWatch = () => undefined,
  ) {
    this.#clock = clock;
    this.#chance = chance;
    this.#listener = listener;
    this.#settings = settings;
    this.#watch = watch;
  }

  /** Opens a connection to the path of `url`; its host is not looked at. */
  open(url: string, events: SocketEvents): Socket {
    const { pathname } = new URL(url);
    const [least, most] = this.#settings.latencyMs;
    const latencyMs = () => least + (most - least) * this.#chance.unit();
    const socket = new InlineSocket(pathname, events, this.#listener, this.#watch, {
      out: new DelayLine(this.#clock, latencyMs),
      in: new DelayLine(this.#clock, latencyMs),
      onGone: () => this.#open.delete(socket),
    });
    this.#open.add(socket);
    return socket;
  }

  /** The process at our end dies: the exchange sees every connection end, and nothing more of them is reported. */
  cutAll(): void {
    for (const socket of [...this.#open]) socket.terminate();
  }
}

interface Lines {
  readonly out: DelayLine;
  readonly in: DelayLine;
  readonly onGone: () => void;
}

class InlineSocket implements Socket {
  readonly #path: string;
  readonly #events: SocketEvents;
  readonly #watch: FrameWatch;
  readonly #lines: Lines;
  /** The exchange's end; undefined before the upgrade and once it has ended. */
  #far: ClientEvents | undefined;
  #state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting';

  constructor(path: string, events: SocketEvents, listener: InlineListener, watch: FrameWatch, lines: Lines) {
    this.#path = path;
    this.#events = events;
    this.#watch = watch;
    this.#lines = lines;
    lines.out.push(() => this.#knock(listener));
  }

  send(text: string): boolean {
    if (this.#state !== 'open') return false;
    this.#watch('out', this.#path, text);
    this.#lines.out.push(() => this.#far?.receive(text));
    return true;
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#lines.out.push(() => {
      this.#farEnds();
      this.#lines.in.push(() => this.#ended(1000, ''));
    });
  }

  terminate(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#lines.out.push(() => this.#farEnds());
    this.#lines.in.push(() => this.#reportEnded(1006, 'terminated'));
  }

  #knock(listener: InlineListener): void {
    if (this.#state === 'closed') return;
    const refusal = listener.admit(this.#path);
    if (refusal !== undefined) {
      this.#lines.in.push(() => this.#ended(1006, `HTTP ${refusal} on upgrade`, refusal));
      return;
    }
    this.#lines.in.push(() => this.#opened());
    this.#far = listener.connect(this.#path, this.#port());
  }

  /** The exchange's handle of this connection. */
  #port(): ClientPort {
    const end = (code: number, reason: string) => {
      this.#far = undefined;
      this.#lines.in.push(() => this.#ended(code, reason));
    };
    return {
      send: (text) => this.#lines.in.push(() => this.#received(text)),
      close: end,
      terminate: () => end(1006, ''),
      bufferedBytes: () => 0,
    };
  }

  #opened(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.#events.onOpen();
  }

  #received(text: string): void {
    if (this.#state !== 'open' && this.#state !== 'closing') return;
    this.#watch('in', this.#path, text);
    this.#events.onMessage(Buffer.from(text));
  }

  #ended(code: number, reason: string, httpStatus?: number): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#reportEnded(code, reason, httpStatus);
  }

  #reportEnded(code: number, reason: string, httpStatus?: number): void {
    this.#farEnds();
    this.#lines.onGone();
    this.#events.onClosed(code, reason, httpStatus);
  }

  #farEnds(): void {
    const far = this.#far;
    this.#far = undefined;
    far?.closed();
  }
}
