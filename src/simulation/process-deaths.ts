/** When the process of a simulated day dies, and what of its records is committed by then. */
import type { Chance } from '../platform/chance.ts';
import type { SurvivingRecords } from './surviving-records.ts';

/** At some time; with a plan of which nothing is committed; with what it has booked of a plan of an earlier run. */
const DEATHS = ['any', 'trading', 'recovering'] as const;
/** Longest time until a process that was just started dies again, if it is to die while it recovers. */
const AGAIN_WITHIN_MS = 3_000;
/** Looks between two commits, on average, and age by which a record is committed. */
const COMMITS_EVERY = 8;
export const RECORDS_LOST_MS = 6_000;
/** Time between two looks, at most. */
const LOOK_MS = 500;

export class ProcessDeaths {
  readonly records: SurvivingRecords;
  readonly #chance: Chance;
  readonly #everyMs: number;
  #committedMs = 0;
  #dueMs: number;
  #moment: (typeof DEATHS)[number] = 'any';

  constructor(records: SurvivingRecords, chance: Chance, everyMs: number, nowMs: number) {
    this.records = records;
    this.#chance = chance;
    this.#everyMs = everyMs;
    this.#dueMs = nowMs + chance.integer(everyMs);
  }

  /** Commits what is in transit, now and then: what is not committed when the process dies is lost. */
  look(nowMs: number): void {
    const isDue = nowMs - this.#committedMs >= RECORDS_LOST_MS - LOOK_MS;
    if (!isDue && this.#chance.integer(COMMITS_EVERY) !== 0) return;
    this.records.commit();
    this.#committedMs = nowMs;
  }

  /** @param bootedMs wall time at which the process began. */
  isDue(nowMs: number, bootedMs: number): boolean {
    if (nowMs >= this.#dueMs) return true;
    if (this.#moment === 'trading') return this.records.holdsPlan();
    return this.#moment === 'recovering' && this.records.holdsOfEarlierRuns(Math.floor(bootedMs));
  }

  /** Another process has begun: draws what it dies of. */
  begin(nowMs: number): void {
    this.#moment = DEATHS[this.#chance.integer(DEATHS.length)] ?? 'any';
    this.#dueMs = nowMs + this.#chance.integer(this.#moment === 'recovering' ? AGAIN_WITHIN_MS : this.#everyMs);
  }

  /** It dies no more. */
  end(): void {
    this.#moment = 'any';
    this.#dueMs = Number.POSITIVE_INFINITY;
  }
}
