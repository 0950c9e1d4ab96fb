/**
 * The instrument log: everything the venue said of its instruments, in order, in shared memory. The feed is its one
 * writer. Each line is JSON; a control message on the market-data rings carries a line's position, so every reader takes
 * a change at the same point of the stream, and an actor's successor rebuilds the directory by reading from the start.
 *
 *   control:  | used bytes (int32) | lines (int32) |
 *   text:     | length (u32) | JSON of seq and changes | length | JSON | …
 */
import { arbitradeError } from '../platform/errors.ts';
import { type InstrumentChanges, InstrumentDirectory } from './instrument.ts';

export interface InstrumentLogMemory {
  readonly control: SharedArrayBuffer;
  readonly text: SharedArrayBuffer;
}

/** A line of the log. */
export interface InstrumentLine {
  readonly changes: InstrumentChanges;
  /** The market message that announces it: what has a lower number was said before. */
  readonly seq: number;
  /** Position after it. */
  readonly next: number;
}

const USED = 0;
const LINES = 1;
const LENGTH_BYTES = 4;

export function createInstrumentLogMemory(bytes: number): InstrumentLogMemory {
  return { control: new SharedArrayBuffer(8), text: new SharedArrayBuffer(bytes) };
}

export class InstrumentLog {
  readonly #control: Int32Array;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  constructor(memory: InstrumentLogMemory) {
    this.#control = new Int32Array(memory.control);
    this.#view = new DataView(memory.text);
    this.#bytes = new Uint8Array(memory.text);
  }

  /** Lines written so far. */
  get lines(): number {
    return Atomics.load(this.#control, LINES);
  }

  /** Bytes used so far: the position the next line will have. */
  get used(): number {
    return Atomics.load(this.#control, USED);
  }

  /** Appends the line that message `seq` will announce and returns its position. Feed only. @throws INSTRUMENT_LOG_FULL. */
  append(changes: InstrumentChanges, seq = 0): number {
    const line = new TextEncoder().encode(JSON.stringify({ seq, changes }, (_key, value) => encodeBigInt(value)));
    const position = this.used;
    const end = position + LENGTH_BYTES + line.length;
    if (end > this.#bytes.length) throw arbitradeError('INSTRUMENT_LOG_FULL', this.#bytes.length);
    this.#view.setUint32(position, line.length, true);
    this.#bytes.set(line, position + LENGTH_BYTES);
    Atomics.add(this.#control, LINES, 1);
    Atomics.store(this.#control, USED, end); // publish: the line is visible before this
    return position;
  }

  /** The line at `position`. */
  read(position: number): InstrumentLine {
    const length = this.#view.getUint32(position, true);
    const start = position + LENGTH_BYTES;
    const text = new TextDecoder().decode(this.#bytes.slice(start, start + length));
    const line = JSON.parse(text, (_key, value) => decodeBigInt(value)) as Pick<InstrumentLine, 'changes' | 'seq'>;
    return { ...line, next: start + length };
  }

  /** The directory as of `end` (a position), or of now. */
  directory(end = this.used): InstrumentDirectory {
    const directory = new InstrumentDirectory();
    for (let position = 0; position < end; ) {
      const { changes, next } = this.read(position);
      directory.apply(changes);
      position = next;
    }
    return directory;
  }
}

/** JSON has no integers beyond 2^53: a bigint travels as `"123n"`. Names on the venue never look like that. */
function encodeBigInt(value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

function decodeBigInt(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value;
}
