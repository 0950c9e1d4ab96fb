/**
 * Writes a capture in the format of `capture-format.ts`. A plain file gets every row in one write call, so a killed
 * process loses at most the row it was writing; a name that ends in `.gz` is packed and flushed with {@link flush}.
 */
import { once } from 'node:events';
import { closeSync, createWriteStream, openSync, type WriteStream, writeSync } from 'node:fs';
import { constants, createGzip, type Gzip } from 'node:zlib';
import { arbitradeError, reasonOf } from '../platform/errors.ts';
import type { CaptureHeader, CaptureRowKind } from './capture-format.ts';

interface RowSink {
  write(line: string): void;
  flush(): void;
  close(): Promise<void>;
}

export interface CaptureWriterOptions {
  /** Goes on at the end of an existing file instead of refusing it: for the successor of a writer that died. */
  readonly append?: boolean;
}

export class CaptureWriter {
  readonly #sink: RowSink;

  /**
   * @throws OPTION_INVALID when the file exists already or cannot be made, and when a packed one is to be gone on with:
   * what its writer left is cut in the middle, and nothing behind the cut could be unpacked.
   */
  constructor(path: string, header: Omit<CaptureHeader, 't'>, { append = false }: CaptureWriterOptions = {}) {
    const isPacked = path.endsWith('.gz');
    if (append && isPacked) throw arbitradeError('OPTION_INVALID', 'capture file', 'a plain file to go on with', path);
    const file = openNew(path, append);
    this.#sink = isPacked ? gzipSink(path, file) : plainSink(file);
    if (!append) this.#sink.write(`${JSON.stringify({ t: 'header', ...header })}\n`);
  }

  /** Appends one row. `ns` is Unix time in nanoseconds, `data` the frame's text as it was on the wire. */
  write(
    kind: CaptureRowKind,
    conn: string,
    ns: bigint,
    data: string,
    extra: Readonly<Record<string, string>> = {},
  ): void {
    this.#sink.write(`${JSON.stringify({ t: kind, conn, ns: ns.toString(), ...extra, data })}\n`);
  }

  /** Makes what was written so far readable to others, as far as the packing allows. */
  flush(): void {
    this.#sink.flush();
  }

  /** Ends the file. Nothing may be written afterwards. */
  close(): Promise<void> {
    return this.#sink.close();
  }
}

function openNew(path: string, append: boolean): number {
  try {
    return openSync(path, append ? 'a' : 'wx');
  } catch (thrown) {
    throw arbitradeError(
      'OPTION_INVALID',
      'capture file',
      `a new file that can be written (${reasonOf(thrown)})`,
      path,
    );
  }
}

function plainSink(file: number): RowSink {
  return {
    write: (line) => {
      const bytes = Buffer.from(line);
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    },
    flush: () => {},
    close: async () => closeSync(file),
  };
}

function gzipSink(path: string, file: number): RowSink {
  const gzip: Gzip = createGzip();
  const out: WriteStream = gzip.pipe(createWriteStream(path, { fd: file }));
  let failure: Error | undefined;
  out.on('error', (thrown) => {
    failure = arbitradeError('OPTION_INVALID', 'capture file', `a file that can be written (${thrown.message})`, path);
  });
  return {
    write: (line) => {
      if (failure !== undefined) throw failure;
      gzip.write(line);
    },
    flush: () => gzip.flush(constants.Z_SYNC_FLUSH),
    close: async () => {
      if (failure !== undefined) throw failure;
      const done = once(out, 'close');
      gzip.end();
      await done;
    },
  };
}
