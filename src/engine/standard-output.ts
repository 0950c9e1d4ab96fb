/**
 * stdout and stderr of a program that must go on with every fate of them. Lines are queued here and written by a process
 * of their own (`output-process.ts`), one batch at a time for each of the two. A reader that stalls or a full disk costs
 * lines, counted, and nothing else: the main thread, which has the supervisor, the signals and the control socket, never
 * waits for a write.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type CancelTimer, type Clock, systemClock } from '../platform/clock.ts';

/** File descriptors. */
export type OutputName = 1 | 2;
export const STDOUT = 1;
export const STDERR = 2;

export interface ToOutput {
  readonly to: OutputName;
  readonly bytes: Uint8Array;
}

/** A batch was taken up: from now on it is the reader that can hold it up, not a machine too busy to run the writer. */
export interface Begun {
  readonly to: OutputName;
  readonly begun: true;
}

/** A batch is over: so many of its bytes were written, and why not more. */
export interface Written {
  readonly to: OutputName;
  readonly written: number;
  readonly error: string | undefined;
}

export type FromOutput = Begun | Written;

export interface OutputReading {
  /** Lines that had no room. */
  readonly dropped: number;
  readonly waitingBytes: number;
  /** For how long nothing was written although something waits; 0 when it flows. */
  readonly blockedForMs: number;
  /** Why the newest batch could not be written, such as ENOSPC or EPIPE; undefined when it was. */
  readonly failure: string | undefined;
}

const PROCESS_FILE = fileURLToPath(new URL('./output-process.ts', import.meta.url));
/** Held for each of the two at most: some thousands of log lines. */
const WAITING_BYTES_MAX = 1_048_576;
/** Handed over at a time, so that a death of the writer repeats little. */
const BATCH_BYTES_MAX = 65_536;
/** After a failure the same bytes are tried again, and a writer that died is started again, this much later. */
const AGAIN_MS = 1_000;
/** At the end what waits gets this long, again with everything that is written, and this long in all. */
const FLUSH_WITHIN_MS = 1_000;
const FLUSH_MOST_MS = 5_000;
/** Before that a busy machine gets this long to start the writer: what a short command has to say must not be lost. */
const BEGIN_WITHIN_MS = 30_000;
const FLUSH_POLL_MS = 5;

/** One of the two, as its lines wait. */
class Lane {
  readonly lines: Buffer[] = [];
  bytes = 0;
  dropped = 0;
  /** What a command came to is among its lines; that of it which had no room. */
  hasResult = false;
  isResultDropped = false;
  failure: string | undefined;
  /** The batch that the writer has; its bytes are still counted in `bytes`. */
  batchOut: Buffer | undefined;
  /** When the writer took that up, ns; undefined before. */
  begunNs: number | undefined;
  /** Since when something waits without anything having been written, ns. */
  waitingSinceNs = 0;
  retryAtNs = 0;

  /** What comes next, taken off the lines. */
  nextBatch(): Buffer {
    let count = 0;
    let bytes = 0;
    while (count < this.lines.length && (count === 0 || bytes < BATCH_BYTES_MAX)) {
      bytes += this.lines[count]?.length ?? 0;
      count++;
    }
    return Buffer.concat(this.lines.splice(0, count));
  }
}

export class StandardOutput {
  readonly #clock: Clock;
  readonly #lanes: Readonly<Record<OutputName, Lane>> = { 1: new Lane(), 2: new Lane() };
  #writer: ChildProcess | undefined;
  #startAtNs = 0;
  #cancelRetry: CancelTimer | undefined;
  /** Called when a reader has gone away for good (EPIPE). */
  onReaderGone: (to: OutputName) => void = () => undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Takes `text` for stdout or stderr. @returns false when it had no room and was dropped. Never blocks. */
  write(to: OutputName, text: string): boolean {
    const lane = this.#lanes[to];
    const line = Buffer.from(text);
    if (lane.bytes > 0 && lane.bytes + line.length > WAITING_BYTES_MAX) {
      lane.dropped++;
      return false;
    }
    if (lane.bytes === 0) lane.waitingSinceNs = this.#clock.nowNs();
    lane.lines.push(line);
    lane.bytes += line.length;
    this.#pump();
    return true;
  }

  /** {@link write} to stdout of what the command was run for: losing it is a failure, see {@link resultLost}. */
  writeResult(text: string): void {
    const lane = this.#lanes[STDOUT];
    lane.hasResult = true;
    if (!this.write(STDOUT, text)) lane.isResultDropped = true;
  }

  /**
   * After {@link close}: why a result did not come out whole; undefined when it did, or there was none, or its reader had
   * seen enough and gone.
   */
  resultLost(): string | undefined {
    const { hasResult, isResultDropped, bytes, failure } = this.#lanes[STDOUT];
    if (!hasResult || failure === 'EPIPE' || (bytes === 0 && !isResultDropped)) return undefined;
    return failure ?? 'its reader does not read';
  }

  /** Whether something waits: what is only worth showing now is better left out then. */
  isBehind(to: OutputName): boolean {
    return this.#lanes[to].bytes > 0;
  }

  reading(to: OutputName): OutputReading {
    const { dropped, bytes, waitingSinceNs, failure } = this.#lanes[to];
    const blockedForMs = bytes === 0 ? 0 : Math.round((this.#clock.nowNs() - waitingSinceNs) / 1e6);
    return { dropped, waitingBytes: bytes, blockedForMs, failure };
  }

  /** Lets what waits be written, for a bounded time, and ends the writer. */
  async close(): Promise<void> {
    const beginUntilNs = this.#clock.nowNs() + BEGIN_WITHIN_MS * 1e6;
    let mostNs = this.#clock.nowNs() + FLUSH_MOST_MS * 1e6;
    while (this.#mayStillFlow() && this.#clock.nowNs() < mostNs) {
      if (this.#isToBegin()) mostNs = Math.min(this.#clock.nowNs() + FLUSH_MOST_MS * 1e6, beginUntilNs);
      await new Promise<void>((resolve) => this.#clock.after(FLUSH_POLL_MS, resolve));
    }
    this.#cancelRetry?.();
    const writer = this.#writer;
    this.#writer = undefined;
    if (writer === undefined) return;
    const exited = new Promise<void>((resolve) => writer.once('exit', () => resolve()));
    if (writer.exitCode !== null || writer.signalCode !== null) return;
    // One that is stuck in a write does not end by being asked.
    const isStuck = this.isBehind(STDOUT) || this.isBehind(STDERR);
    if (isStuck || !writer.connected) writer.kill('SIGKILL');
    else writer.disconnect();
    const cancelKill = this.#clock.after(FLUSH_WITHIN_MS, () => writer.kill('SIGKILL'));
    writer.ref();
    await exited;
    cancelKill();
  }

  #mayStillFlow(): boolean {
    const sinceNs = this.#clock.nowNs() - FLUSH_WITHIN_MS * 1e6;
    return Object.values(this.#lanes).some(
      (lane) =>
        lane.bytes > 0 &&
        lane.failure === undefined &&
        (isToBegin(lane) || Math.max(lane.waitingSinceNs, lane.begunNs ?? 0) > sinceNs),
    );
  }

  #isToBegin(): boolean {
    return Object.values(this.#lanes).some(isToBegin);
  }

  /** Hands a batch to the writer for each of the two that has something and no batch out. */
  #pump(): void {
    const nowNs = this.#clock.nowNs();
    for (const to of [STDOUT, STDERR] as const) {
      const lane = this.#lanes[to];
      if (lane.batchOut !== undefined || lane.lines.length === 0 || nowNs < lane.retryAtNs) continue;
      const writer = this.#startedWriter(nowNs);
      if (writer === undefined) return;
      lane.batchOut = lane.nextBatch();
      lane.begunNs = undefined;
      writer.send({ to, bytes: lane.batchOut } satisfies ToOutput, () => undefined); // its exit shows that it failed
    }
  }

  #startedWriter(nowNs: number): ChildProcess | undefined {
    if (this.#writer !== undefined) return this.#writer;
    if (nowNs < this.#startAtNs) return void this.#pumpLater();
    this.#startAtNs = nowNs + AGAIN_MS * 1e6;
    const writer = fork(PROCESS_FILE, [], {
      serialization: 'advanced',
      execArgv: ['--disable-sigusr1'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    writer.on('message', (message) => this.#onMessage(message as FromOutput));
    writer.on('error', () => this.#lose(writer));
    writer.on('exit', () => this.#lose(writer));
    // The program does not live for its output's sake: its end calls close() first.
    writer.unref();
    writer.channel?.unref();
    this.#writer = writer;
    return writer;
  }

  #onMessage(message: FromOutput): void {
    if ('begun' in message) this.#lanes[message.to].begunNs = this.#clock.nowNs();
    else this.#onWritten(message);
  }

  #onWritten({ to, written, error }: Written): void {
    const lane = this.#lanes[to];
    const batch = lane.batchOut;
    if (batch === undefined) return;
    const nowNs = this.#clock.nowNs();
    lane.batchOut = undefined;
    lane.bytes -= written;
    lane.failure = error;
    if (written > 0) lane.waitingSinceNs = nowNs;
    if (error !== undefined) {
      lane.lines.unshift(batch.subarray(written));
      lane.retryAtNs = nowNs + AGAIN_MS * 1e6;
      this.#pumpLater();
      if (error === 'EPIPE') this.onReaderGone(to);
    }
    this.#pump();
  }

  /** The writer is gone: its batch may have been written, and is written again rather than lost. */
  #lose(writer: ChildProcess): void {
    if (this.#writer !== writer) return;
    this.#writer = undefined;
    for (const lane of Object.values(this.#lanes)) {
      if (lane.batchOut !== undefined) lane.lines.unshift(lane.batchOut);
      lane.batchOut = undefined;
      lane.begunNs = undefined;
    }
    this.#pump();
  }

  #pumpLater(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#clock.after(AGAIN_MS, () => this.#pump());
  }
}

/** Something waits that no writer has been seen to take up: it is still starting, or died, and another will. */
const isToBegin = ({ bytes, begunNs }: Lane): boolean => bytes > 0 && begunNs === undefined;

/** The program's own. A process has one stdout, so there is one of these. */
export const standardOutput = new StandardOutput();

/** A line for a person on stdout, or on stderr. */
export const printLine = (text: string): void => void standardOutput.write(STDOUT, `${text}\n`);
/** The same for what the command was run for, at its end or once it is ready. */
export const printResultLine = (text: string): void => standardOutput.writeResult(`${text}\n`);
export const printErrorLine = (text: string): void => void standardOutput.write(STDERR, `${text}\n`);
