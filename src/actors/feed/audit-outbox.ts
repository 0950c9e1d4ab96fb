/** Audit records that found their ring full, kept in order until it has room. */

import type { AuditEvent } from '../../runtime/records/audit-events.ts';
import type { AuditDetails, RecordWriter } from '../../runtime/records/record-writer.ts';

/** More than this are not kept; {@link AuditOutbox.leftOut} counts the others. */
const WAITING_MAX = 1_024;
/** A storm is recorded one by one up to here, then every time its count doubles. */
const ONE_BY_ONE = 16;

export class AuditOutbox {
  /** Records that could neither be written nor kept. */
  leftOut = 0;
  readonly #records: RecordWriter;
  readonly #waiting: { readonly event: AuditEvent; readonly details: AuditDetails }[] = [];

  constructor(records: RecordWriter) {
    this.#records = records;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  write(event: AuditEvent, details: AuditDetails): void {
    if (this.flush() && this.#records.tryAudit(event, details)) return;
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push({ event, details });
    else this.leftOut++;
  }

  /** Writes what waits. False when some of it still does. */
  flush(): boolean {
    while (this.#waiting.length > 0) {
      const [next] = this.#waiting;
      if (next === undefined || !this.#records.tryAudit(next.event, next.details)) return false;
      this.#waiting.shift();
    }
    return true;
  }
}

/** Whether the `count`-th trouble of a kind (from 1) is worth a record of its own. */
export function isWorthRecording(count: number): boolean {
  return count <= ONE_BY_ONE || Number.isInteger(Math.log2(count));
}
