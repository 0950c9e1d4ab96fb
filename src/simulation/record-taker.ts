/**
 * Persistence without a database: hands on every record in the turn that finds it. As with the product's own, a record
 * stays on its ring until it is committed. What the checker reads are the records, and DuckDB's part in keeping them is
 * tested with DuckDB.
 */
import type { Actor, ActorContext } from '../runtime/actor.ts';

/** Takes one record as it lies on the ring; valid during the call only. */
export type TakeRecord = (source: string, view: DataView, offset: number) => void;

/** Records of one ring in one turn. */
const BATCH = 256;

/** Records of a source that were handed on and are not committed. */
export type Uncommitted = (source: string) => number;

export function recordTaker(take: TakeRecord, uncommitted: Uncommitted) {
  return (context: ActorContext<'persistence'>): Actor => new RecordTaker(context, take, uncommitted);
}

class RecordTaker implements Actor {
  readonly id = 'persistence';
  readonly #rings;
  readonly #take: TakeRecord;
  readonly #uncommitted: Uncommitted;

  constructor(context: ActorContext<'persistence'>, take: TakeRecord, uncommitted: Uncommitted) {
    this.#take = take;
    this.#uncommitted = uncommitted;
    this.#rings = context.rings
      .filter(({ to }) => to === context.id)
      .map(({ name, from }) => ({
        source: from,
        ring: context.consumer(name),
        handed: 0,
      }));
  }

  onStart(): void {}

  doWork(): number {
    let taken = 0;
    for (const one of this.#rings) {
      const { source, ring } = one;
      const until = Math.min(ring.available(), one.handed + BATCH);
      for (; one.handed < until; one.handed++, taken++) this.#take(source, ring.view, ring.offset(one.handed));
      const committed = one.handed - this.#uncommitted(source);
      if (committed > 0) ring.advance(committed);
      one.handed -= committed;
    }
    return taken;
  }

  onStop(): void {
    while (this.doWork() > 0);
  }
}
