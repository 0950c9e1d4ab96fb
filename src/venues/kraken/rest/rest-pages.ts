/**
 * Lists that the venue gives fifty rows at a time, newest first (protocol reference 3.3), read to their end however long
 * they are also when rows are added meanwhile.
 *
 *   newest ─────────────────────────────────────▶ oldest
 *   | page 1, open end | page 2, end = oldest of page 1 | page 3, end = oldest of page 2 | …
 *
 * A page ends at the time of the oldest row of the page before it, that time included: what comes in is newer, and moves
 * nothing that is still to be read. Ends are whole seconds; where more rows than a page fall into one of them, or the rows
 * are in another order, the page is moved on by rows within its end. Rows that are seen twice count once.
 */
import { z } from 'zod';
import { wholeNumberText } from '../amount-text.ts';
import { ask, type Done } from './checked-answer.ts';
import type { ById } from './order-rows.ts';
import { failed } from './rest-answer.ts';
import type { RestClient, RestParams } from './rest-client.ts';
import type { EndpointName } from './rest-endpoints.ts';

export interface PagedList<R> {
  readonly endpoint: EndpointName;
  readonly params: RestParams;
  /** Where the rows stand in the result. */
  readonly key: string;
  readonly row: z.ZodType<R>;
  /** The time of a row that the list is ordered by, in seconds since 1970. */
  readonly timeOf: (row: R) => number;
  /** The newest rows only, in one page. */
  readonly isNewestOnly?: boolean;
  /** Called with the number of rows that are read by then. */
  readonly onProgress?: (rows: number) => void;
}

/** Pages in a row without a row that was not seen: a venue that repeats itself would be read for ever. */
const REPEATED_MAX = 2;

/** Reads all of a list, or its newest page. */
export function readPages<R>(client: RestClient, list: PagedList<R>, done: Done<ById<R>>): void {
  new PageReader(client, list, done).read();
}

class PageReader<R> {
  readonly #client: RestClient;
  readonly #list: PagedList<R>;
  readonly #done: Done<ById<R>>;
  readonly #schema;
  readonly #seen = new Map<string, R>();
  /** Where the current page ends, in whole seconds; undefined for the first. */
  #endS: number | undefined;
  /** Rows of this end that are read. */
  #offset = 0;
  #repeated = 0;

  constructor(client: RestClient, list: PagedList<R>, done: Done<ById<R>>) {
    this.#client = client;
    this.#list = list;
    this.#done = done;
    this.#schema = z.object({
      [list.key]: z.record(z.string().max(64), list.row),
      count: wholeNumberText.nullish(),
    });
  }

  read(): void {
    const { endpoint, params, key } = this.#list;
    const end = this.#endS === undefined ? {} : { end: String(this.#endS) };
    const offset = this.#offset === 0 ? {} : { ofs: String(this.#offset) };
    ask(this.#client, endpoint, { ...params, ...end, ...offset }, this.#schema, (result) => {
      if (!result.ok) this.#done(result);
      else this.#take(result.value[key] as ById<R>, result.value['count'] as number | null | undefined);
    });
  }

  #take(rows: ById<R>, count: number | null | undefined): void {
    const { endpoint, timeOf, isNewestOnly, onProgress } = this.#list;
    const before = this.#seen.size;
    const page = Object.entries(rows);
    for (const [id, row] of page) this.#seen.set(id, row);
    onProgress?.(this.#seen.size);
    this.#repeated = this.#seen.size > before ? 0 : this.#repeated + 1;
    const isAll = page.length === 0 || (typeof count === 'number' && this.#offset + page.length >= count);
    if (isAll || isNewestOnly === true) {
      this.#done({ ok: true, value: Object.fromEntries(this.#seen) });
      return;
    }
    if (this.#repeated > REPEATED_MAX) {
      this.#done(failed('unknown', 'unreadable', `${endpoint} repeats the same rows`, 'later'));
      return;
    }
    this.#moveOn(page.map(([, row]) => timeOf(row)));
    this.read();
  }

  #moveOn(times: readonly number[]): void {
    const isOrdered = times.every((time, at) => at === 0 || time <= (times[at - 1] ?? time));
    const oldestS = Math.ceil(Math.min(...times));
    if (isOrdered && oldestS < (this.#endS ?? Number.POSITIVE_INFINITY)) {
      this.#endS = oldestS;
      this.#offset = 0;
      return;
    }
    this.#endS ??= Math.ceil(Math.max(...times));
    this.#offset += times.length;
  }
}
