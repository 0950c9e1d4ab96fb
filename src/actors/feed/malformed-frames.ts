/** The newest frames that could not be read, kept for finding out why. Bounded in number and in size. */
import type { MalformedFrame } from '../../runtime/control-calls.ts';

const BYTES_KEPT = 4_096;

export class MalformedFrames {
  readonly #limit: number;
  readonly #frames: MalformedFrame[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  keep(recvIndex: number, connection: number, why: string, bytes: Uint8Array, start: number, end: number): void {
    if (this.#limit === 0) return;
    if (this.#frames.length === this.#limit) this.#frames.shift();
    const text = Buffer.from(bytes.subarray(start, Math.min(end, start + BYTES_KEPT))).toString('utf8');
    this.#frames.push({ recvIndex, connection, why, bytes: end - start, text });
  }

  /** Oldest first. */
  list(): readonly MalformedFrame[] {
    return [...this.#frames];
  }
}
