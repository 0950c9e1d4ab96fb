/**
 * Deaths of a thread that have the same cause, one soon after the other. Each life may be so long that no period holds more
 * restarts than the budget allows, and still restarts do not help: a disk that is full stays full.
 */
import type { Death } from '../threads/worker-thread.ts';

interface Row {
  readonly cause: string;
  readonly count: number;
  readonly lastMs: number;
}

export class RecurringDeaths<Thread> {
  readonly #withinMs: number;
  readonly #rows = new Map<Thread, Row>();

  /** @param withinMs a life that lasted longer than this was worth its restart. */
  constructor(withinMs: number) {
    this.#withinMs = withinMs;
  }

  /** @returns how many deaths in a row of this thread had this cause. */
  note(thread: Thread, death: Pick<Death, 'actor' | 'cause' | 'code' | 'reason'>, nowMs: number): number {
    const cause = causeOf(death);
    const before = this.#rows.get(thread);
    const isNext = before !== undefined && before.cause === cause && nowMs - before.lastMs <= this.#withinMs;
    const count = isNext ? before.count + 1 : 1;
    this.#rows.set(thread, { cause, count, lastMs: nowMs });
    return count;
  }
}

/** Without numbers, which differ from time to time: positions, sizes, process ids. */
const causeOf = ({ actor, cause, code, reason }: Pick<Death, 'actor' | 'cause' | 'code' | 'reason'>): string =>
  [actor, cause, code ?? '', reason.replaceAll(/\d+/g, '#')].join(' ');
