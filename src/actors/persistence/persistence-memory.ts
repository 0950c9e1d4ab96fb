/** What outlives the actor within one run of the program. */
import type { RecordSource } from './database/database-protocol.ts';

// byte 0         8                  16
//      | started | database process | newest record received, per source …
const STARTED_NS = 0; // i64, wall time; 0: not started yet
const DATABASE_PROCESS = 8; // f64
const RECEIVED = 16; // f64 each

export class OwnMemory {
  readonly #view: DataView;
  readonly #sources: readonly RecordSource[];

  /** @param sources in an order that is the same for every successor. */
  constructor(memory: SharedArrayBuffer, sources: readonly RecordSource[]) {
    this.#sources = sources;
    this.#view = new DataView(memory);
  }

  /** Wall time of the first start in this run, which with the process id names the boot. */
  startedNs(nowNs: bigint): bigint {
    if (this.#view.getBigInt64(STARTED_NS, true) === 0n) this.#view.setBigInt64(STARTED_NS, nowNs, true);
    return this.#view.getBigInt64(STARTED_NS, true);
  }

  /** Process id of the newest database process, 0 when there was none. */
  get databaseProcess(): number {
    return this.#view.getFloat64(DATABASE_PROCESS, true);
  }

  set databaseProcess(pid: number) {
    this.#view.setFloat64(DATABASE_PROCESS, pid, true);
  }

  /** Notes the newest record taken off a source's ring. Never goes back. */
  received(source: RecordSource, seq: number): void {
    const at = RECEIVED + 8 * this.#sources.indexOf(source);
    if (seq > this.#view.getFloat64(at, true)) this.#view.setFloat64(at, seq, true);
  }

  /** Records ever received, of all sources: their numbers count from 1. */
  get receivedTotal(): number {
    return this.#sources.reduce((sum, _, index) => sum + this.#view.getFloat64(RECEIVED + 8 * index, true), 0);
  }
}
