/**
 * Time in a replay: the capture's, the same for all actors, on one thread or on six. It stops while anything is to
 * be done, and moves on only when all is done, so nothing that is decided depends on which thread was faster.
 *
 *   feed ──turn──▶ sequencer ◀──turn──▶ risk
 *    ▲                 │
 *    └──────turn───────┘
 *
 * Book and detector take no turns: they handle what comes, and the feed waits until their rings are empty. The sequencer
 * acts only in its turn, risk only in its own. Only the holder of the turn writes here.
 *
 *   | now (f64) | due (f64) | beat (f64) | turn (i32) |
 */
import type { Doorbell } from '../memory/doorbell.ts';
import type { RingGauge } from '../memory/ring.ts';

const HOLDERS = ['feed', 'sequencer', 'risk'] as const;
export type TurnHolder = (typeof HOLDERS)[number];

const NOW = 0;
const DUE = 1;
const BEAT = 2;
const TURN = 6; // in 32-bit words: the fourth double
const BYTES = 32;

/** All zero: it is the feed's turn, at time zero, and everybody is due for a first look. */
export const createCaptureTimeMemory = (): SharedArrayBuffer => new SharedArrayBuffer(BYTES);

export class CaptureTime {
  readonly #times: Float64Array;
  readonly #words: Int32Array;
  readonly #doorbellOf: Readonly<Record<TurnHolder, Doorbell>>;
  readonly #frameRings: readonly RingGauge[];

  /** @param frameRings the rings that a frame passes before a decision: `deltas` and `tops`. */
  constructor(
    memory: SharedArrayBuffer,
    doorbellOf: Readonly<Record<TurnHolder, Doorbell>>,
    frameRings: readonly RingGauge[],
  ) {
    this.#times = new Float64Array(memory);
    this.#words = new Int32Array(memory);
    this.#doorbellOf = doorbellOf;
    this.#frameRings = frameRings;
  }

  /** Since the capture's first row. */
  get nowNs(): number {
    return this.#times[NOW] as number;
  }

  /** As {@link nowNs}, into `into[at]`: without a number that could become an object. */
  readNs(into: Float64Array, at: number): void {
    into[at] = this.#times[NOW] as number;
  }

  /** Moves time to `ns`, never back. Feed only. */
  moveTo(ns: number): void {
    if (ns > this.nowNs) this.#times[NOW] = ns;
  }

  /** Time must not pass this before the sequencer has had its turn. */
  get dueNs(): number {
    return this.#times[DUE] as number;
  }

  set dueNs(ns: number) {
    this.#times[DUE] = ns;
  }

  /** From this time on sequencer and risk are due to look at their time-outs: the heartbeat of the capture's time. */
  get beatNs(): number {
    return this.#times[BEAT] as number;
  }

  set beatNs(ns: number) {
    this.#times[BEAT] = ns;
  }

  get turn(): TurnHolder {
    return HOLDERS[Atomics.load(this.#words, TURN)] ?? 'feed';
  }

  /** Hands the turn over. What was written before is visible to the next holder. */
  pass(to: TurnHolder): void {
    Atomics.store(this.#words, TURN, HOLDERS.indexOf(to));
    this.#doorbellOf[to].ring();
  }

  /** Whether book and detector have handled everything that the feed brought. */
  get isFrameDone(): boolean {
    for (const ring of this.#frameRings) if (ring.used !== 0) return false;
    return true;
  }

  /** The feed waits for the end of a frame; its thread may be parked. */
  ringFeed(): void {
    this.#doorbellOf.feed.ring();
  }
}
