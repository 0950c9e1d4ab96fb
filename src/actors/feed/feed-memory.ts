/**
 * What the feed's successor must know, in memory that outlives the feed:
 *
 *   f64: | frames handled | frames handled when the lap began | announced log bytes | announced status | – … | attempts to connect … |
 */

const ATTEMPTS_OFFSET = 64;

export class FeedMemory {
  readonly #values: Float64Array;
  readonly #memory: SharedArrayBuffer;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
    this.#values = new Float64Array(memory, 0, ATTEMPTS_OFFSET / 8);
  }

  /** Received frames whose consequences are published. */
  get framesHandled(): number {
    return this.#values[0] as number;
  }

  set framesHandled(count: number) {
    this.#values[0] = count;
  }

  /** How many frames had been handled when the capture was begun (again). */
  get lapStart(): number {
    return this.#values[1] as number;
  }

  set lapStart(count: number) {
    this.#values[1] = count;
  }

  /** Bytes of the instrument log that control messages have announced. */
  get announcedBytes(): number {
    return this.#values[2] as number;
  }

  set announcedBytes(bytes: number) {
    this.#values[2] = bytes;
  }

  /** Index into SYSTEM_STATUSES of the venue status that a control message has announced. */
  get announcedStatus(): number {
    return this.#values[3] as number;
  }

  set announcedStatus(code: number) {
    this.#values[3] = code;
  }

  /** The attempts to connect that all generations of this feed have made. */
  connectAttempts(bytes: number): Float64Array {
    return new Float64Array(this.#memory, ATTEMPTS_OFFSET, bytes / Float64Array.BYTES_PER_ELEMENT);
  }
}
