/**
 * Single-producer, single-consumer ring of fixed-size slots in shared memory.
 *
 *   control (int32, one 128-byte line each):  | tail … | head … | in progress … | refused … | waiting … |
 *   slots:                                    capacity × slotBytes
 *
 * Positions run free (mod 2^32) and are masked into slots. TAIL is written by the producer, HEAD and IN_PROGRESS by the
 * consumer, REFUSED by the producer. Each side keeps its own position in a private field and looks across only when the
 * ring seems full or empty. Full is an answer: `tryClaim` says false, counts it, and never waits.
 *
 * Delivery is at least once: a consumer advances only after it has handled a message, so its successor sees again what
 * was in progress.
 */
import { arbitradeError } from '../../platform/errors.ts';
import type { Doorbell } from './doorbell.ts';

const LINE = 32; // int32 words in 128 bytes: neighbouring lines are fetched in pairs
const TAIL = 0;
const HEAD = LINE;
const IN_PROGRESS = 2 * LINE;
const REFUSED = 3 * LINE;
const WRAPPED = REFUSED + 1; // 1 when the tail has passed 2^32: position 0 then does not mean "none yet"
const WAITING = 4 * LINE; // 1 while the producer wants to be woken when the consumer has moved on
const CONTROL_WORDS = 5 * LINE;

export interface RingMemory {
  readonly control: SharedArrayBuffer;
  readonly slots: SharedArrayBuffer;
  readonly slotBytes: number;
}

/**
 * @param startPosition where both positions begin: other than 0 only for tests of what happens when they wrap.
 * @throws TOPOLOGY_INVALID when `capacity` is no power of two or `slotBytes` no multiple of 8.
 */
export function createRingMemory(capacity: number, slotBytes: number, startPosition = 0): RingMemory {
  if (capacity < 2 || (capacity & (capacity - 1)) !== 0) {
    throw arbitradeError('TOPOLOGY_INVALID', `ring capacity ${capacity} is not a power of two`);
  }
  if (slotBytes < 8 || slotBytes % 8 !== 0) {
    throw arbitradeError('TOPOLOGY_INVALID', `ring slot size ${slotBytes} is not a multiple of 8`);
  }
  const control = new SharedArrayBuffer(CONTROL_WORDS * 4);
  const words = new Int32Array(control);
  for (const position of [TAIL, HEAD, IN_PROGRESS]) words[position] = startPosition | 0;
  return {
    control,
    slots: new SharedArrayBuffer(capacity * slotBytes),
    slotBytes,
  };
}

/** Handles the message at byte `offset` of `view`. */
export type MessageHandler = (view: DataView, offset: number) => void;

/** How full a ring is, for monitoring. Any thread. */
export class RingGauge {
  readonly capacity: number;
  readonly #control: Int32Array;

  constructor(memory: RingMemory) {
    this.capacity = memory.slots.byteLength / memory.slotBytes;
    this.#control = new Int32Array(memory.control);
  }

  get used(): number {
    return (Atomics.load(this.#control, TAIL) - Atomics.load(this.#control, HEAD)) | 0;
  }

  /** Claims that were refused because the ring was full. */
  get refused(): number {
    return Atomics.load(this.#control, REFUSED) >>> 0;
  }

  /** Messages ever taken off it (mod 2^32). */
  get taken(): number {
    return Atomics.load(this.#control, HEAD) >>> 0;
  }

  /** Messages ever published (mod 2^32). */
  get published(): number {
    return Atomics.load(this.#control, TAIL) >>> 0;
  }
}

/** The producing end. One thread at a time. A successor continues at the published tail. */
export class RingProducer {
  readonly view: DataView;
  /** The slots as 32-bit words, for hot loops: `offset / 4` leads into them. */
  readonly words: Int32Array;
  /** The slots as doubles: `offset / 8` leads into them. */
  readonly doubles: Float64Array;
  readonly capacity: number;
  readonly #control: Int32Array;
  readonly #doorbell: Doorbell | undefined;
  readonly #slotBytes: number;
  readonly #mask: number;
  #tail: number;
  #headSeen: number;

  constructor(memory: RingMemory, doorbell?: Doorbell) {
    this.view = new DataView(memory.slots);
    this.words = new Int32Array(memory.slots);
    this.doubles = new Float64Array(memory.slots);
    this.capacity = memory.slots.byteLength / memory.slotBytes;
    this.#control = new Int32Array(memory.control);
    this.#doorbell = doorbell;
    this.#slotBytes = memory.slotBytes;
    this.#mask = this.capacity - 1;
    this.#tail = Atomics.load(this.#control, TAIL);
    this.#headSeen = Atomics.load(this.#control, HEAD);
  }

  /** Makes room for `count` messages. False, and counted, when there is none; nothing is claimed then. */
  tryClaim(count: number): boolean {
    if (this.hasRoom(count)) return true;
    Atomics.add(this.#control, REFUSED, 1);
    return false;
  }

  /** Whether `count` messages would fit now; does not count as a refusal. */
  hasRoom(count: number): boolean {
    if (((this.#tail - this.#headSeen) | 0) + count <= this.capacity) return true;
    this.#headSeen = Atomics.load(this.#control, HEAD); // look across only when it seems full
    if (((this.#tail - this.#headSeen) | 0) + count <= this.capacity) return true;
    this.wakeWhenAdvanced();
    return ((this.#tail - this.#headSeen) | 0) + count <= this.capacity;
  }

  /**
   * Has this end's thread rung when the consumer next advances, if it is parked by then. A full ring does that by itself;
   * for a producer that waits for the consumer for another reason. What it waits for is to be looked at once more after
   * this.
   */
  wakeWhenAdvanced(): void {
    if (Atomics.load(this.#control, WAITING) === 0) Atomics.store(this.#control, WAITING, 1);
    this.#headSeen = Atomics.load(this.#control, HEAD);
  }

  /** Byte offset in `view` of the `index`-th slot claimed. */
  offset(index: number): number {
    return ((this.#tail + index) & this.#mask) * this.#slotBytes;
  }

  /** Makes the first `count` claimed slots visible at once, and rings the consumer if it is parked. */
  publish(count: number): void {
    this.#tail = (this.#tail + count) | 0;
    if (this.#tail === 0) this.#control[WRAPPED] = 1;
    Atomics.store(this.#control, TAIL, this.#tail); // the slots are written before this
    this.#doorbell?.ring();
  }

  /** Byte offset of the newest published message, or -1 when none ever was. How a successor finds its sequence. */
  newestOffset(): number {
    const none = this.#tail === 0 && this.#control[WRAPPED] === 0;
    return none ? -1 : ((this.#tail - 1) & this.#mask) * this.#slotBytes;
  }

  /** Byte offset of the oldest message the consumer has not handled, or -1 when it has handled all. */
  oldestUnhandledOffset(): number {
    this.#headSeen = Atomics.load(this.#control, HEAD);
    return this.#headSeen === this.#tail ? -1 : (this.#headSeen & this.#mask) * this.#slotBytes;
  }
}

/** The consuming end. One thread at a time. A successor continues at the first message that was not advanced over. */
export class RingConsumer {
  readonly view: DataView;
  /** The slots as 32-bit words, for hot loops: `offset / 4` leads into them. */
  readonly words: Int32Array;
  /** The slots as doubles: `offset / 8` leads into them. */
  readonly doubles: Float64Array;
  readonly capacity: number;
  readonly #control: Int32Array;
  readonly #slotBytes: number;
  readonly #mask: number;
  #head: number;
  readonly #producersDoorbell: Doorbell | undefined;
  #setAside: number | undefined;

  /**
   * @param setAside position of a message that is passed over, see {@link inProgressPosition}.
   * @param producersDoorbell rung when a waiting producer can go on.
   */
  constructor(memory: RingMemory, setAside?: number, producersDoorbell?: Doorbell) {
    this.view = new DataView(memory.slots);
    this.words = new Int32Array(memory.slots);
    this.doubles = new Float64Array(memory.slots);
    this.capacity = memory.slots.byteLength / memory.slotBytes;
    this.#control = new Int32Array(memory.control);
    this.#slotBytes = memory.slotBytes;
    this.#mask = this.capacity - 1;
    this.#head = Atomics.load(this.#control, HEAD);
    this.#setAside = setAside;
    this.#producersDoorbell = producersDoorbell;
  }

  /** Messages that can be read now. Looks across to the producer each time. */
  available(): number {
    const ready = (Atomics.load(this.#control, TAIL) - this.#head) | 0;
    return this.#setAside === undefined ? ready : this.#availableBeside(ready, this.#setAside);
  }

  /** Ends what is available before the message set aside; once all before it is handled, advances over it. */
  #availableBeside(ready: number, setAside: number): number {
    const before = (setAside - this.#head) | 0;
    if (before > 0 || ready === 0) return Math.min(ready, Math.max(0, before));
    this.#setAside = undefined;
    if (before < 0) return ready;
    this.advance(1);
    return ready - 1;
  }

  /** Byte offset in `view` of the `index`-th unread message. */
  offset(index: number): number {
    return ((this.#head + index) & this.#mask) * this.#slotBytes;
  }

  /** Gives the first `count` unread messages back to the producer: they are handled. */
  advance(count: number): void {
    this.#head = (this.#head + count) | 0;
    Atomics.store(this.#control, HEAD, this.#head);
    if (Atomics.load(this.#control, WAITING) === 1) this.#wakeProducer();
  }

  #wakeProducer(): void {
    Atomics.store(this.#control, WAITING, 0);
    this.#producersDoorbell?.ring();
  }

  /**
   * Notes that the `index`-th unread message is being handled, so that after a death the supervisor knows which
   * message it was; -1 takes the note back. A plain store: it only has to be visible once the thread is gone.
   */
  markInProgress(index: number): void {
    this.#control[IN_PROGRESS] = (this.#head + index + 1) | 0;
  }

  /**
   * Hands up to `limit` messages to `handle`, oldest first, and advances over them when all are handled.
   * @returns how many were handled.
   */
  drain(handle: MessageHandler, limit: number): number {
    const ready = this.available();
    const count = Math.min(ready, limit);
    for (let index = 0; index < count; index++) {
      this.markInProgress(index);
      handle(this.view, this.offset(index));
    }
    if (count > 0) this.advance(count);
    return count;
  }
}

/**
 * Position (mod 2^32) of the message the consumer was handling when it died, if it is still unread. Positions name a
 * message over restarts: the same one twice is a message that kills its handler.
 */
export function inProgressPosition(memory: RingMemory): number | undefined {
  const control = new Int32Array(memory.control);
  const head = Atomics.load(control, HEAD);
  const position = (Atomics.load(control, IN_PROGRESS) - 1) | 0;
  const index = (position - head) | 0;
  return index >= 0 && index < ((Atomics.load(control, TAIL) - head) | 0) ? position : undefined;
}
