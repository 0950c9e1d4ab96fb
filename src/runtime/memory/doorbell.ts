/**
 * One futex word per worker thread. The producer that fills a ring of an actor there rings it, and pays for the wake-up only when
 * that thread is parked.
 *
 *   RUNNING ──announceParking()──▶ PARKED ──ring()──▶ RUNNING
 *
 * Beside it stands a count of summonses: a sender that has posted something to the thread's event loop (a control call, the
 * order to stop) summons it, and the thread, which may be spinning or blocked, lets its event loop turn.
 */

const BELL = 0;
const SUMMONS = 1; // beside the bell: both are read often and written rarely
const RUNNING = 0;
const PARKED = 1;

/**
 * Waits of this thread, by doorbell: a module is loaded once per thread. A callback of the owner's own event loop (a
 * socket's frame) that rings ends the wait at once, in the microtask after it, without the futex.
 */
const ownWaits = new WeakMap<SharedArrayBuffer, Map<number, () => void>>();

function ownWaitsOn(memory: SharedArrayBuffer): Map<number, () => void> {
  const known = ownWaits.get(memory);
  if (known !== undefined) return known;
  const waits = new Map<number, () => void>();
  ownWaits.set(memory, waits);
  return waits;
}

/** Words are a cache line pair apart: doorbells of different threads must not share one. */
const WORD_STRIDE = 32;

export function createDoorbellMemory(count: number): SharedArrayBuffer {
  return new SharedArrayBuffer(count * WORD_STRIDE * 4);
}

export class Doorbell {
  readonly #words: Int32Array;
  readonly #bell: number;
  readonly #summons: number;
  readonly #ownWaits: Map<number, () => void>;
  /** Whether a futex wait is outstanding: one that a ring from the same thread has overtaken goes on for the next wait. */
  #hasFutexWait = false;
  /** Ends the current wait. */
  #endWait: ((outcome: string) => void) | undefined;

  constructor(memory: SharedArrayBuffer, index: number) {
    this.#words = new Int32Array(memory);
    this.#ownWaits = ownWaitsOn(memory);
    this.#bell = index * WORD_STRIDE + BELL;
    this.#summons = index * WORD_STRIDE + SUMMONS;
  }

  /** Wakes the owner if it is parked. Any thread. */
  ring(): void {
    if (Atomics.load(this.#words, this.#bell) === RUNNING) return;
    Atomics.store(this.#words, this.#bell, RUNNING);
    const ownWait = this.#ownWaits.get(this.#bell);
    if (ownWait === undefined) Atomics.notify(this.#words, this.#bell);
    else ownWait();
  }

  /** Makes the owner turn its event loop, in which a message is waiting for it. Any thread. */
  summon(): void {
    Atomics.add(this.#words, this.#summons, 1);
    this.ring();
  }

  /** Summonses so far (mod 2^32): when it has changed, the event loop is to be turned. */
  get summonses(): number {
    return Atomics.load(this.#words, this.#summons);
  }

  /**
   * Announces that the owner is about to park. It must look at its rings once more after this and before it waits:
   * a message published earlier did not ring.
   */
  announceParking(): void {
    Atomics.store(this.#words, this.#bell, PARKED);
  }

  /** Takes the announcement back: the owner found work after all. */
  cancelParking(): void {
    Atomics.store(this.#words, this.#bell, RUNNING);
  }

  /** Blocks the thread until rung or until `timeoutMs` has passed. @returns whether it was rung. */
  waitBlocking(timeoutMs: number): boolean {
    const outcome = Atomics.wait(this.#words, this.#bell, PARKED, timeoutMs);
    Atomics.store(this.#words, this.#bell, RUNNING);
    return outcome !== 'timed-out';
  }

  /**
   * Like {@link waitBlocking}, but the event loop goes on. Without a time-out it waits until rung. Owner only, one wait
   * at a time. @returns whether it was rung.
   */
  async waitTurning(timeoutMs?: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#ownWaits.set(this.#bell, () => resolve('ok'));
    this.#endWait = resolve;
    if (timeoutMs !== undefined) void this.#waitFutex(timeoutMs).then(resolve);
    else if (!this.#hasFutexWait) void this.#waitFutexForWaiter();
    const outcome = await promise;
    this.#endWait = undefined;
    this.#ownWaits.delete(this.#bell);
    Atomics.store(this.#words, this.#bell, RUNNING);
    return outcome !== 'timed-out';
  }

  /** No promise of a wait hangs on it (as with `Promise.race`): it can outlast any number of waits, and would keep them. */
  async #waitFutexForWaiter(): Promise<void> {
    this.#hasFutexWait = true;
    const outcome = await this.#waitFutex();
    this.#hasFutexWait = false;
    this.#endWait?.(outcome);
  }

  async #waitFutex(timeoutMs?: number): Promise<string> {
    const wait = Atomics.waitAsync(this.#words, this.#bell, PARKED, timeoutMs);
    return wait.value;
  }
}
