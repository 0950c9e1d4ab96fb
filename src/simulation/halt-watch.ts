/**
 * Whether what is open was cancelled after a halt, and the dead-man's switch armed while orders were out: noted from the bytes
 * that leave. Asked for by the halts of the day's operator, who halts at moments at which the engine can answer.
 */

/** The sequencer sees a halt at its next turn; a request may wait for its turn in the pace of messages. */
const HEEDED_WITHIN_MS = 3_000;

export class HaltWatch {
  /** Halts after which nothing was cancelled, each as a text. */
  readonly unheeded: string[] = [];
  /** How often the switch was armed. */
  arms = 0;
  #cancels = 0;
  #halt: { readonly atMs: number; readonly cancels: number } | undefined;

  /** A request leaves, by socket or by REST. @param path of REST, or of the socket. */
  noteSent(path: string, text: string): void {
    if (text.includes('"cancel_all_orders_after"') && !/"timeout":0\b/.test(text)) this.arms++;
    const isCancelAll = text.includes('"cancel_all"') || path.endsWith('/CancelAll');
    if (isCancelAll) this.#cancels++;
  }

  /** Trading is halted that was not, and the venue's connection stands. */
  halted(atMs: number): void {
    this.#halt = { atMs, cancels: this.#cancels };
  }

  /** The process that was to act on the halt is gone, or has no connection: nothing is expected of it. */
  forget(): void {
    this.#halt = undefined;
  }

  look(nowMs: number): void {
    if (this.#halt === undefined || nowMs - this.#halt.atMs < HEEDED_WITHIN_MS) return;
    if (this.#cancels === this.#halt.cancels) this.unheeded.push(`the halt at ${Math.round(this.#halt.atMs)} ms`);
    this.#halt = undefined;
  }
}
