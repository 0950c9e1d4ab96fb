/** Audit records of the supervisor: when their ring is full they wait here, in order, for the next flush. */
import type { AuditEvent } from './audit-events.ts';
import type { AuditDetails, RecordWriter } from './record-writer.ts';

export class AuditQueue {
  readonly #records: RecordWriter;
  #waiting: { event: AuditEvent; details: AuditDetails }[] = [];

  constructor(records: RecordWriter) {
    this.#records = records;
  }

  push(event: AuditEvent, details: AuditDetails): void {
    this.#waiting.push({ event, details });
    this.flush();
  }

  /** Writes what there is room for. */
  flush(): void {
    while (this.#waiting.length > 0 && this.#records.hasRoom(1)) {
      const next = this.#waiting.shift();
      if (next !== undefined) this.#records.tryAudit(next.event, next.details);
    }
  }
}
