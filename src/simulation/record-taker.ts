/**
 * Persistence without a database: takes every record off its ring in the turn that finds it, and hands it on. What the
 * checker reads are the records, and DuckDB's part in keeping them is tested with DuckDB.
 */
import { RECORD_SOURCES } from '../actors/persistence/database-protocol.ts';
import type { Actor, ActorContext } from '../runtime/actor.ts';

/** Takes one record as it lies on the ring; valid during the call only. */
export type TakeRecord = (source: string, view: DataView, offset: number) => void;

/** Records of one ring in one turn. */
const BATCH = 256;

export function recordTaker(take: TakeRecord) {
  return (context: ActorContext<'persistence'>): Actor => new RecordTaker(context, take);
}

class RecordTaker implements Actor {
  readonly id = 'persistence';
  readonly #rings;
  readonly #take: TakeRecord;

  constructor(context: ActorContext<'persistence'>, take: TakeRecord) {
    this.#take = take;
    this.#rings = RECORD_SOURCES.filter((source) => source !== 'persistence').map(
      (source) => [source, context.consumer(`${source}_records`)] as const,
    );
  }

  onStart(): void {}

  doWork(): number {
    let taken = 0;
    for (const [source, ring] of this.#rings) {
      taken += ring.drain((view, offset) => this.#take(source, view, offset), BATCH);
    }
    return taken;
  }

  onStop(): void {
    while (this.doWork() > 0);
  }
}
