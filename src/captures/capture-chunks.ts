/**
 * The bytes of a capture file, read ahead in the background: a bounded number of chunks waits for the caller that takes them
 * synchronously. Gzip is recognised by its magic bytes. A capture small enough is kept, so that it can be read again and again.
 */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import { arbitradeError, reasonOf } from '../platform/errors.ts';

const CHUNK_BYTES = 262_144;
const CHUNKS_AHEAD = 8;
/** A capture of at most this many (unpacked) bytes is kept in memory for the next reading. */
const KEPT_BYTES_MAX = 33_554_432;

export class CaptureChunks {
  readonly path: string;
  readonly #onReady: () => void;
  #waiting: Uint8Array[] = [];
  #kept: Uint8Array[] | undefined = [];
  #keptBytes = 0;
  #isComplete = false;
  #ended = false;
  #failure: Error | undefined;
  #takeMore: (() => void) | undefined;
  #stream: Readable | undefined;
  #generation = 0;

  /** @param onReady called whenever a chunk, the end or a failure can be taken. */
  constructor(path: string, onReady: () => void) {
    this.path = path;
    this.#onReady = onReady;
    this.#begin();
  }

  /** The next chunk; `undefined` when none is there now: {@link ended} says whether one will come. @throws CAPTURE_UNREADABLE */
  take(): Uint8Array | undefined {
    if (this.#waiting.length === 0 && this.#failure !== undefined) throw this.#failure;
    const chunk = this.#waiting.shift();
    this.#takeMore?.();
    return chunk;
  }

  /** Whether every chunk was taken. */
  get ended(): boolean {
    return this.#ended && this.#waiting.length === 0 && this.#failure === undefined;
  }

  /** Begins again at the start of the file. */
  rewind(): void {
    if (this.#isComplete && this.#kept !== undefined) {
      this.#waiting = [...this.#kept];
      return;
    }
    this.close();
    this.#kept = undefined; // too large to keep, or not read to its end
    this.#waiting = [];
    this.#ended = false;
    this.#begin();
  }

  close(): void {
    this.#generation++;
    this.#stream?.destroy();
    this.#takeMore?.();
  }

  #begin(): void {
    const generation = this.#generation;
    this.#pump(generation)
      .catch((thrown: unknown) => this.#fail(generation, thrown))
      .finally(() => generation === this.#generation && this.#onReady());
  }

  async #pump(generation: number): Promise<void> {
    this.#stream = await openUnpacked(this.path);
    for await (const chunk of this.#stream as AsyncIterable<Uint8Array>) {
      if (generation !== this.#generation) return;
      this.#keep(chunk);
      this.#waiting.push(chunk);
      this.#onReady();
      while (this.#waiting.length >= CHUNKS_AHEAD && generation === this.#generation) await this.#room();
    }
    if (generation !== this.#generation) return;
    this.#ended = true;
    this.#isComplete = true;
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#takeMore = () => {
        this.#takeMore = undefined;
        resolve();
      };
    });
  }

  #keep(chunk: Uint8Array): void {
    this.#keptBytes += chunk.length;
    if (this.#keptBytes > KEPT_BYTES_MAX) this.#kept = undefined;
    this.#kept?.push(chunk);
  }

  #fail(generation: number, thrown: unknown): void {
    if (generation === this.#generation)
      this.#failure = arbitradeError('CAPTURE_UNREADABLE', this.path, reasonOf(thrown));
  }
}

async function openUnpacked(path: string): Promise<Readable> {
  const file = await open(path, 'r');
  const magic = Buffer.alloc(2);
  const { bytesRead } = await file.read(magic, 0, 2, 0).finally(() => file.close());
  const raw = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  await once(raw, 'open');
  if (bytesRead < 2 || magic[0] !== 0x1f || magic[1] !== 0x8b) return raw;
  // A file whose writer was killed ends in the middle of its stream: what came before the cut is good.
  const unpacked = createGunzip({ chunkSize: CHUNK_BYTES, finishFlush: constants.Z_SYNC_FLUSH });
  raw.on('error', (thrown) => unpacked.destroy(thrown));
  unpacked.once('close', () => raw.destroy());
  return raw.pipe(unpacked);
}
