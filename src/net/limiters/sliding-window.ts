/**
 * At most so many events in any span of time. Time is handed in, in nanoseconds, and counts in whole ones.
 *
 * The window counts the forward steps of the clock alone: one that stops lets nothing more through, and one that
 * is set back costs no more than a wait of one span, and never an event too many.
 *
 * Its numbers lie in memory that can outlive the counting actor, so that a successor continues where its predecessor stopped:
 *
 *   f64: | time passed (ns) | the clock when it was last read (ns) | events ever | time of event 0 | time of event 1 | … |
 */

export interface WindowSettings {
  /** Events that any span may hold. An integer of at least 0. */
  readonly max: number;
  /** An event counts until this long after it, not at it. Nanoseconds. */
  readonly spanNs: number;
}

const PASSED = 0;
const READ = 1;
const EVENTS = 2;
const FIRST = 3;

export class SlidingWindow {
  readonly #max: number;
  readonly #spanNs: number;
  readonly #slots: Float64Array<ArrayBufferLike>;

  /** @param slots at least {@link SlidingWindow.bytesFor} of them: zeros, or what a predecessor with these settings left. */
  constructor({ max, spanNs }: WindowSettings, slots: Float64Array<ArrayBufferLike> = new Float64Array(FIRST + max)) {
    this.#max = max;
    this.#spanNs = spanNs;
    this.#slots = slots;
  }

  /** Bytes of memory for a window of at most `max` events. */
  static bytesFor(max: number): number {
    return (FIRST + max) * Float64Array.BYTES_PER_ELEMENT;
  }

  /**
   * Nanoseconds until `count` events may happen at once when a span may hold `most` (up to the window's own, which it is
   * when not given); 0: now; infinite: never.
   */
  waitNs(nowNs: number, count = 1, most: number = this.#max): number {
    if (count > most) return Number.POSITIVE_INFINITY;
    if (this.hasRoom(nowNs, count, most)) return 0;
    return this.#timeOf(this.#value(EVENTS) + count - 1 - most) + this.#spanNs - this.#value(PASSED);
  }

  /** Whether {@link waitNs} is 0. Makes no object: a number that is returned can become one. */
  hasRoom(nowNs: number, count = 1, most: number = this.#max): boolean {
    this.#pass(nowNs);
    const before = this.#value(EVENTS) + count - 1 - most;
    return count <= most && (before < 0 || this.#value(PASSED) - this.#timeOf(before) >= this.#spanNs);
  }

  /** Takes an event in, unless it is one too many. */
  tryTake(nowNs: number, most: number = this.#max): boolean {
    if (!this.hasRoom(nowNs, 1, most)) return false;
    this.note(nowNs);
    return true;
  }

  /** Takes an event in, also one too many: it has happened. */
  note(nowNs: number): void {
    this.#pass(nowNs);
    const events = this.#value(EVENTS);
    this.#slots[this.#slotOf(events)] = this.#value(PASSED);
    this.#slots[EVENTS] = events + 1;
  }

  /** Events that count now; at most the window's `max` of them are remembered. */
  countAt(nowNs: number): number {
    const sinceNs = this.pass(nowNs) - this.#spanNs;
    const events = this.#value(EVENTS);
    let first = Math.max(0, events - this.#max);
    while (first < events && this.#timeOf(first) <= sinceNs) first++;
    return events - first;
  }

  /** Lets the window's time pass until the clock is at `nowNs`. @returns how much has passed in all, in nanoseconds. */
  pass(nowNs: number): number {
    this.#pass(nowNs);
    return this.#value(PASSED);
  }

  #pass(nowNs: number): void {
    const readNs = Math.floor(nowNs);
    this.#slots[PASSED] = this.#value(PASSED) + Math.max(0, readNs - this.#value(READ));
    this.#slots[READ] = readNs;
  }

  #timeOf(event: number): number {
    return this.#value(this.#slotOf(event));
  }

  #slotOf(event: number): number {
    return FIRST + (event % this.#max);
  }

  #value(slot: number): number {
    return this.#slots[slot] as number;
  }
}
