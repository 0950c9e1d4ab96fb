/** Cuts a stream of bytes into lines of bounded length. Holds at most one unfinished line. */
export class LineSplitter {
  readonly #bytesMax: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Lines that `chunk` completes, without their ends; undefined when a line is longer than allowed. */
  push(chunk: Buffer): string[] | undefined {
    const lines: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([this.#rest, chunk.subarray(from, end)]);
      if (line.length > this.#bytesMax) return undefined;
      this.#rest = Buffer.alloc(0);
      lines.push(line.toString('utf8'));
      from = end + 1;
    }
    this.#rest = Buffer.concat([this.#rest, chunk.subarray(from)]);
    return this.#rest.length > this.#bytesMax ? undefined : lines;
  }
}
