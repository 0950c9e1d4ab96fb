/**
 * Detects that a thread, or the whole process, was stopped: by a signal, a paused virtual machine, a starved core. The
 * monotonic clock goes on meanwhile, so every age is too old at once, and says nothing of who is to blame.
 */
export class StallWatch {
  readonly #limitNs: number;
  #lookedNs = 0;
  #thawedNs = Number.NEGATIVE_INFINITY;

  /** @param limitMs between two looks, beyond which it stood still. */
  constructor(limitMs: number) {
    this.#limitNs = limitMs * 1e6;
  }

  /** To be called often. @returns how long it stood still since the last look, ns; 0 when it did not. */
  look(nowNs: number): number {
    const goneNs = this.#lookedNs === 0 ? 0 : nowNs - this.#lookedNs;
    this.#lookedNs = nowNs;
    if (goneNs <= this.#limitNs) return 0;
    this.#thawedNs = nowNs;
    return goneNs;
  }

  /** When it went on after it had stood still last: ages count from there. Monotonic. */
  get thawedNs(): number {
    return this.#thawedNs;
  }
}
