/** The newest frames that could not be read, for whoever wants to know why. Bounded in number and in size. */

const BYTES_KEPT = 4_096;

export interface MalformedFrame {
  readonly recvIndex: number;
  readonly connection: number;
  readonly why: string;
  /** Length of the whole frame; `text` is cut. */
  readonly bytes: number;
  readonly text: string;
}

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
