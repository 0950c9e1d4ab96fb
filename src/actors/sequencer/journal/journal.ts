/**
 * Changes of the sequencer's memory together with what they report to others, exactly once. The messages of a change stand in
 * an outbox that is committed with it; then they are put on the rings. A successor puts out what is missing: the newest
 * message of each ring shows how far its predecessor came.
 */
import assert from 'node:assert/strict';
import { EXECUTION } from '../../../messages/execution-message.ts';
import { AUDIT, RECORD_FOLLOWERS, RECORD_KIND } from '../../../messages/record-messages.ts';
import type { DoubleBufferedState } from '../../../runtime/memory/double-buffered-state.ts';
import type { RingProducer } from '../../../runtime/memory/ring.ts';
import type { RecordWriter } from '../../../runtime/records/record-writer.ts';
import { countUp, OUTBOX_MAX, outboxOffset, SEQUENCER_HEADER } from './sequencer-memory.ts';

/** The record writer sets kind, number and time itself; they are not copied. */
const OWN_BYTES = [
  [1, AUDIT.recordSeq],
  [EXECUTION.plan, EXECUTION.SIZE],
] as const;

export class Journal {
  readonly #memory: DoubleBufferedState;
  readonly #executions: RingProducer;
  readonly #records: RecordWriter;
  #bank: DataView;
  #isFlushed = false;

  constructor(memory: DoubleBufferedState, executions: RingProducer, records: RecordWriter) {
    this.#memory = memory;
    this.#executions = executions;
    this.#records = records;
    this.#bank = memory.current;
  }

  /** The change that was begun. */
  get open(): DataView {
    return this.#bank;
  }

  /** What counts. Read only. */
  get current(): DataView {
    return this.#memory.current;
  }

  /** Whether a change can be begun: everything before is out, and all its messages will fit the rings. */
  ready(): boolean {
    return this.flush() && this.#executions.hasRoom(OUTBOX_MAX) && this.#records.hasRoom(OUTBOX_MAX);
  }

  /** The ring that {@link ready} waits for. */
  get waitsFor(): 'executions' | 'sequencer_records' | undefined {
    if (this.ready()) return undefined;
    return this.#executions.hasRoom(OUTBOX_MAX) ? 'sequencer_records' : 'executions';
  }

  /** Notes when this process began to trade, unless a predecessor did. */
  noteRun(wallMs: number): void {
    if (this.current.getFloat64(SEQUENCER_HEADER.runMs, true) !== 0) return;
    this.#memory.begin().setFloat64(SEQUENCER_HEADER.runMs, wallMs, true);
    this.#memory.commit();
  }

  /** Begins a change. @returns the bank to change. */
  begin(): DataView {
    this.#bank = this.#memory.begin();
    this.#bank.setFloat64(SEQUENCER_HEADER.outboxCount, 0, true);
    return this.#bank;
  }

  /** Number that the record of the message added last, to the change that is open, will have. */
  get newestRecordSeq(): number {
    return this.#records.seq + this.#bank.getFloat64(SEQUENCER_HEADER.outboxCount, true);
  }

  /** Whether a record is committed to the database, and all before it. */
  isCommitted(recordSeq: number): boolean {
    return this.#isFlushed && this.#records.isCommitted(recordSeq);
  }

  /** Adds an execution, numbered, to the change: for risk and for the database. */
  emitExecution(event: number, fill: (view: DataView, at: number) => void): void {
    const at = this.#claim(RECORD_KIND.EXECUTION);
    this.#bank.setUint8(at + EXECUTION.event, event);
    this.#bank.setFloat64(at + EXECUTION.executionSeq, countUp(this.#bank, SEQUENCER_HEADER.executionSeq), true);
    this.#bank.setFloat64(at + EXECUTION.runMs, this.#bank.getFloat64(SEQUENCER_HEADER.runMs, true), true);
    fill(this.#bank, at);
  }

  /** Adds an audit event to the change: for the database. */
  emitAudit(fill: (view: DataView, at: number) => void): void {
    fill(this.#bank, this.#claim(RECORD_KIND.AUDIT));
  }

  /** Makes the change count, and puts its messages out. */
  commit(): void {
    this.#bank.setFloat64(SEQUENCER_HEADER.outboxRecordSeq, this.#records.seq + 1, true);
    this.#memory.commit();
    this.#isFlushed = false;
    this.flush();
  }

  /** Puts out what is not out yet. False when a ring has no room: call again. */
  flush(): boolean {
    if (this.#isFlushed) return true;
    const bank = this.#memory.current;
    const count = bank.getFloat64(SEQUENCER_HEADER.outboxCount, true);
    const firstRecord = bank.getFloat64(SEQUENCER_HEADER.outboxRecordSeq, true);
    for (let index = 0; index < count; index++) {
      const at = outboxOffset(index);
      if (!this.#send(bank, at)) return false;
      if (this.#records.seq < firstRecord + index && !this.#record(bank, at, count - 1 - index)) return false;
    }
    this.#isFlushed = true;
    return true;
  }

  #claim(kind: number): number {
    const count = this.#bank.getFloat64(SEQUENCER_HEADER.outboxCount, true);
    assert.ok(count < OUTBOX_MAX, `a change brings forth at most ${OUTBOX_MAX} messages`);
    this.#bank.setFloat64(SEQUENCER_HEADER.outboxCount, count + 1, true);
    const at = outboxOffset(count);
    for (let offset = 0; offset < EXECUTION.SIZE; offset += 8) this.#bank.setFloat64(at + offset, 0, true);
    this.#bank.setUint8(at + EXECUTION.kind, kind);
    return at;
  }

  /** To risk, unless it is an audit event or is on the ring already. */
  #send(bank: DataView, at: number): boolean {
    if (bank.getUint8(at + EXECUTION.kind) !== RECORD_KIND.EXECUTION) return true;
    const { view } = this.#executions;
    const newest = this.#executions.newestOffset();
    const newestSeq = newest === -1 ? 0 : view.getFloat64(newest + EXECUTION.executionSeq, true);
    if (bank.getFloat64(at + EXECUTION.executionSeq, true) <= newestSeq) return true;
    if (!this.#executions.tryClaim(1)) return false;
    copyBytes(bank, at, view, this.#executions.offset(0), 0, EXECUTION.SIZE);
    this.#executions.publish(1);
    return true;
  }

  #record(bank: DataView, at: number, followers: number): boolean {
    return this.#records.tryWrite(bank.getUint8(at + EXECUTION.kind), (view, offset) => {
      for (const [from, to] of OWN_BYTES) copyBytes(bank, at, view, offset, from, to);
      view.setUint8(offset + RECORD_FOLLOWERS, followers);
    });
  }
}

function copyBytes(from: DataView, at: number, to: DataView, offset: number, begin: number, end: number): void {
  for (let byte = begin; byte < end; byte++) to.setUint8(offset + byte, from.getUint8(at + byte));
}
