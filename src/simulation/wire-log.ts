/**
 * What arrived at an exchange from an engine in another process, in the order in which it arrived, and what the engine was
 * ordered meanwhile. Both are noted by the process of the exchange, so no record of the engine is needed to say which orders left
 * after a halt.
 *
 *   halt asked ── orders may leave ── confirmed ── in flight ── cancel_all, or a second ── no order ── resume asked
 *
 * The sequencer sees a halt between two turns, and the first that it does then is to cancel everything: anything in the
 * same stream after that left with the gate closed. Where no such cancel is seen, because there was no connection or it
 * came before the confirmation's answer, a second is longer than any turn and any transit over loopback.
 */
import type { SentOrder } from './day-readings.ts';
import { readRequest, sentOrderOf } from './sent-order.ts';

/** Longest that an order can have been in transit when a halt was confirmed. */
const IN_FLIGHT_MS = 1_000;
/** A process that lives this long after an order has it on disk. */
const RECORD_DUE_MS = 2_000;
/** Other requests that place an order, which the engine does not use: an order must not go unseen. */
const UNREAD = ['batch_add', 'amend_order', 'edit_order'];

interface Halt {
  confirmedMs: number | undefined;
  /** Everything was cancelled since it was asked for. */
  isHeeded: boolean;
}

interface Arrival {
  order: SentOrder;
  readonly atMs: number;
}

export class WireLog {
  readonly #arrivals: Arrival[] = [];
  #halt: Halt | undefined;
  /** What was taken back by a resume that has not been answered. */
  #resumed: Halt | undefined;
  #halts = 0;
  #inFlight = 0;

  /** Every order that arrived, with any outcome. */
  get sent(): readonly SentOrder[] {
    return this.#arrivals.map(({ order }) => order);
  }

  /** Halts that were confirmed. */
  get halts(): number {
    return this.#halts;
  }

  /** Orders that arrived after a halt was confirmed, and had left before. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether a halt was confirmed and not resumed since. */
  get isHalted(): boolean {
    return this.#halt?.confirmedMs !== undefined;
  }

  /** A request of the private socket arrives. @throws for one that could bring in an order unseen. */
  note(text: string, atMs: number): void {
    const request = readRequest(text);
    if (UNREAD.includes(request.method ?? '')) throw new Error(`${request.method} brings in orders that are not read`);
    if (request.method === 'cancel_all' && this.#halt !== undefined) this.#halt.isHeeded = true;
    const order = sentOrderOf(request);
    if (order !== undefined) this.#arrivals.push({ order: { ...order, gate: this.#gateAt(atMs) }, atMs });
  }

  /** The engine is asked to halt. */
  haltAsked(): void {
    this.#halt ??= { confirmedMs: undefined, isHeeded: false };
  }

  /** It says that it has. */
  haltConfirmed(atMs: number): void {
    if (this.#halt === undefined) throw new Error('a halt was confirmed that was not asked for');
    this.#halt.confirmedMs ??= atMs;
    this.#halts++;
  }

  /** It did not answer, or said no. */
  haltFailed(): void {
    if (!this.isHalted) this.#halt = undefined;
  }

  /** From now on orders may leave again. */
  resumeAsked(): void {
    this.#resumed = this.#halt;
    this.#halt = undefined;
  }

  /** It did not answer, or said no: what held before holds from now on. */
  resumeFailed(atMs: number): void {
    this.#halt = this.#resumed?.confirmedMs === undefined ? undefined : { confirmedMs: atMs, isHeeded: false };
  }

  /** The engine was killed. */
  killed(atMs: number): void {
    for (const arrival of this.#arrivals) {
      if (atMs - arrival.atMs > RECORD_DUE_MS) continue;
      arrival.order = { ...arrival.order, mayBeUnrecorded: true };
    }
  }

  #gateAt(atMs: number): string {
    const { confirmedMs, isHeeded = false } = this.#halt ?? {};
    if (confirmedMs === undefined) return 'active';
    if (isHeeded || atMs - confirmedMs > IN_FLIGHT_MS) return 'halted';
    this.#inFlight++;
    return 'active';
  }
}
