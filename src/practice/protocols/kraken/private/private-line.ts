/** What is sent to a private client: frames in order, changed by the faults. */
import type { Clock } from '../../../../platform/clock.ts';
import type { FrameFault, PrivateFrame, TradingFaults } from '../../../faults/trading-faults.ts';
import type { ClientConnection } from '../../../network/client-connection.ts';

/** As by a restarting proxy. */
const GOING_AWAY = 1001;

export interface LineDeps {
  readonly connection: ClientConnection;
  /** Its timers end with the exchange. */
  readonly clock: Clock;
  readonly faults: TradingFaults;
  /** Number of the connection. */
  readonly number: number;
}

interface Waiting {
  readonly frame: Omit<PrivateFrame, 'connection'>;
  readonly text: string;
}

export class PrivateLine {
  readonly #deps: LineDeps;
  /** Channel messages of an operation that is not over. */
  #waiting: Waiting[] = [];
  /** Struck by a fault: leaves after its successor. */
  #held: string | undefined;
  #isSilent = false;

  constructor(deps: LineDeps) {
    this.#deps = deps;
  }

  /** A channel message, made in the middle of what causes it: it leaves with {@link flush}. */
  queue(account: string, content: PrivateFrame['content'], text: string): void {
    this.#waiting.push({ frame: { account, content }, text });
  }

  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { frame, text } of waiting) this.#send(frame, text);
  }

  /** A reply; `asError` writes the one that a fault puts in its place. */
  reply(account: string, content: PrivateFrame['content'], text: string, asError: (error: string) => string): void {
    this.#send({ account, content }, text, asError);
  }

  #send(frame: Omit<PrivateFrame, 'connection'>, text: string, asError?: (error: string) => string): void {
    const { faults, number } = this.#deps;
    const isChannel = frame.content.kind !== 'reply';
    if (isChannel && this.#isSilent) return;
    const fault = faults.onFrame({ ...frame, connection: number });
    if (fault === undefined) this.#put(text);
    else this.#strike(fault, text, asError);
  }

  #strike(fault: FrameFault, text: string, asError?: (error: string) => string): void {
    const { connection, clock } = this.#deps;
    switch (fault.kind) {
      case 'drop':
        return;
      case 'duplicate':
        this.#put(text);
        this.#put(text);
        return;
      case 'delay':
        clock.after(fault.ms, () => this.#put(text));
        return;
      case 'swap':
        if (this.#held === undefined) this.#held = text;
        else this.#put(text);
        return;
      case 'disconnect':
        connection.close(GOING_AWAY, 'going away');
        return;
      case 'half-open':
        connection.goHalfOpen();
        return;
      case 'silence':
        this.#isSilent = true;
        return;
      case 'error':
        this.#put(asError?.(fault.error) ?? text);
        return;
      default:
        fault satisfies never;
    }
  }

  #put(text: string): void {
    const held = this.#held;
    this.#held = undefined;
    this.#deps.connection.send(text);
    if (held !== undefined) this.#deps.connection.send(held);
  }
}
