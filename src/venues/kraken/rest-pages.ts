/**
 * Lists that the venue gives fifty rows at a time, newest first (protocol reference 3.3). A row that comes in while pages
 * are read pushes older ones down: some are seen twice, none is missed.
 */
import { z } from 'zod';
import { ask, type Done } from './checked-answer.ts';
import { wholeNumberText } from './number-text-json.ts';
import type { ById } from './order-rows.ts';
import { failed } from './rest-answer.ts';
import type { RestClient, RestParams } from './rest-client.ts';
import type { EndpointName } from './rest-endpoints.ts';

/** Pages of one list at most: 2,000 rows. More is a question that was put wrong. */
const PAGES_MAX = 40;

export interface PagedList<R> {
  readonly endpoint: EndpointName;
  readonly params: RestParams;
  /** Where the rows stand in the result. */
  readonly key: string;
  readonly row: z.ZodType<R>;
}

/** Reads all of a list. */
export function readPages<R>(client: RestClient, list: PagedList<R>, done: Done<ById<R>>): void {
  readFrom(client, list, {}, 0, done);
}

function readFrom<R>(client: RestClient, list: PagedList<R>, seen: ById<R>, page: number, done: Done<ById<R>>): void {
  const { endpoint, params, key, row } = list;
  const schema = z.object({ [key]: z.record(z.string().max(64), row), count: wholeNumberText.nullish() });
  const paged = page === 0 ? params : { ...params, ofs: String(Object.keys(seen).length) };
  ask(client, endpoint, paged, schema, (result) => {
    if (!result.ok) {
      done(result);
      return;
    }
    const rows = result.value[key] as ById<R>;
    const all = { ...seen, ...rows };
    const total = (result.value['count'] as number | null | undefined) ?? Number.POSITIVE_INFINITY;
    const isComplete = Object.keys(rows).length === 0 || Object.keys(all).length >= total;
    if (isComplete) done({ ok: true, value: all });
    else if (page + 1 >= PAGES_MAX)
      done(failed('unknown', 'unreadable', `${endpoint} has more than ${PAGES_MAX} pages`, 'never'));
    else readFrom(client, list, all, page + 1, done);
  });
}
