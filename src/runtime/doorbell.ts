/**
 * One futex word per worker thread. Whoever fills a ring of an actor there rings it, and pays for the wake-up only when
 * that thread is parked.
 *
 *   RUNNING ──park()──▶ PARKED ──ring()──▶ RUNNING
 */

const RUNNING = 0;
const PARKED = 1;

/** Words are a cache line pair apart: doorbells of different threads must not share one. */
const WORD_STRIDE = 32;

export function createDoorbellMemory(count: number): SharedArrayBuffer {
  return new SharedArrayBuffer(count * WORD_STRIDE * 4);
}

export class Doorbell {
  readonly #words: Int32Array;
  readonly #index: number;

  constructor(memory: SharedArrayBuffer, index: number) {
    this.#words = new Int32Array(memory);
    this.#index = index * WORD_STRIDE;
  }

  /** Wakes the owner if it is parked. Any thread. */
  ring(): void {
    if (Atomics.load(this.#words, this.#index) === RUNNING) return;
    Atomics.store(this.#words, this.#index, RUNNING);
    Atomics.notify(this.#words, this.#index);
  }

  /**
   * Announces that the owner is about to park. It must look at its rings once more after this and before it waits:
   * a message published earlier did not ring.
   */
  announceParking(): void {
    Atomics.store(this.#words, this.#index, PARKED);
  }

  /** Takes the announcement back: the owner found work after all. */
  cancelParking(): void {
    Atomics.store(this.#words, this.#index, RUNNING);
  }

  /** Blocks the thread until rung or until `timeoutMs` has passed. */
  waitBlocking(timeoutMs: number): void {
    Atomics.wait(this.#words, this.#index, PARKED, timeoutMs);
    Atomics.store(this.#words, this.#index, RUNNING);
  }

  /** Like {@link waitBlocking}, but the event loop goes on: for threads with sockets or a database. */
  async waitTurning(timeoutMs: number): Promise<void> {
    const wait = Atomics.waitAsync(this.#words, this.#index, PARKED, timeoutMs);
    if (wait.async) await wait.value;
    Atomics.store(this.#words, this.#index, RUNNING);
  }
}
