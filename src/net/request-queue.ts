/**
 * What leaves on a socket on which orders go, at the pace the venue takes. An order leaves at once or not at all; everything else
 * waits its turn. Orders leave part of the pace to the rest: cancels, pings, the dead-man's switch.
 */
import type { CancelTimer, Clock } from '../platform/clock.ts';
import { Pacer } from './limiters/pacer.ts';

/** What a request carries besides what it asks. */
export interface RequestTerms {
  /** Its number, which the answer carries back. */
  readonly reqId: number;
  /** The newest token. */
  readonly token: string;
}

export interface RequestQueueDeps {
  readonly clock: Clock;
  readonly perSecond: number;
  /** Undefined when there is none to be used. */
  readonly token: () => string | undefined;
  /** False when nothing was sent. */
  readonly write: (text: string) => boolean;
}

/** Messages a second that orders leave to the rest. */
const RESERVED = 3;

export class RequestQueue {
  readonly #deps: RequestQueueDeps;
  readonly #pacer: Pacer;
  readonly #orderPacer: Pacer;
  /** Each is written when it leaves, with the newest token. */
  #waiting: (() => string | undefined)[] = [];
  #cancelPump: CancelTimer | undefined;
  #requests = 0;

  constructor(deps: RequestQueueDeps) {
    this.#deps = deps;
    this.#pacer = new Pacer(deps.perSecond);
    this.#orderPacer = new Pacer(Math.max(1, deps.perSecond - RESERVED));
  }

  /** Whether the pace lets `count` orders leave now. */
  hasPaceForOrders(count: number): boolean {
    const nowNs = this.#deps.clock.nowNs();
    return this.#orderPacer.waitNs(nowNs, count) === 0 && this.#pacer.waitNs(nowNs, count) === 0;
  }

  nextRequest(): number {
    return ++this.#requests;
  }

  /** @returns false when nothing was sent. */
  sendOrder(write: (token: string) => string): boolean {
    const token = this.#deps.token();
    if (token === undefined || !this.hasPaceForOrders(1) || !this.#deps.write(write(token))) return false;
    const nowNs = this.#deps.clock.nowNs();
    this.#pacer.tryTake(nowNs);
    this.#orderPacer.tryTake(nowNs);
    return true;
  }

  /** Sends a request as soon as the pace allows. It is dropped when the connection falls before, or there is no token. */
  sendSoon(write: (terms: RequestTerms) => string): number {
    const reqId = this.nextRequest();
    this.#waiting.push(() => {
      const token = this.#deps.token();
      return token === undefined ? undefined : write({ reqId, token });
    });
    this.#pump();
    return reqId;
  }

  /** The venue complained of the pace. */
  slowDown(): void {
    const nowNs = this.#deps.clock.nowNs();
    this.#pacer.slowDown(nowNs);
    this.#orderPacer.slowDown(nowNs);
  }

  /** Nothing that waits is of use to another connection. */
  clear(): void {
    this.#cancelPump?.();
    this.#cancelPump = undefined;
    this.#waiting = [];
  }

  #pump(): void {
    this.#cancelPump?.();
    this.#cancelPump = undefined;
    const { clock } = this.#deps;
    while (this.#waiting.length > 0) {
      const waitNs = this.#pacer.waitNs(clock.nowNs());
      if (waitNs > 0) {
        this.#cancelPump = clock.after(Math.ceil(waitNs / 1e6), () => this.#pump());
        return;
      }
      const text = this.#waiting.shift()?.();
      if (text !== undefined && this.#deps.write(text)) this.#pacer.tryTake(clock.nowNs());
    }
  }
}
