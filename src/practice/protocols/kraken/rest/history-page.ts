/** Which part of a long list a call wants: from when, until when, and how far into it. */
import type { Answer } from '../../../exchange/exchange-types.ts';
import { refused } from '../venue-refusals.ts';
import { BAD_ARGUMENTS, done } from './rest-context.ts';
import { paramCount, paramFlag, paramText, type RestParams } from './rest-params.ts';

/** Rows per answer. */
const PAGE_ROWS = 50;

export interface Period {
  /** Wall milliseconds; what is at this very time is left out. */
  readonly afterMs: number;
  /** Up to and with this time. */
  readonly untilMs: number;
}

/** @param timeOf wall milliseconds of a record by its id: `start` and `end` may name one. */
export function periodOf(params: RestParams, timeOf: (id: string) => number | undefined): Answer<Period> {
  const after = boundary(paramText(params, 'start'), timeOf, Number.NEGATIVE_INFINITY);
  const until = boundary(paramText(params, 'end'), timeOf, Number.POSITIVE_INFINITY);
  if (after === undefined) return refused(`${BAD_ARGUMENTS}:start`);
  if (until === undefined) return refused(`${BAD_ARGUMENTS}:end`);
  return done({ afterMs: after, untilMs: until });
}

function boundary(
  text: string | undefined,
  timeOf: (id: string) => number | undefined,
  open: number,
): number | undefined {
  if (text === undefined || text === '0') return open;
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : timeOf(text);
}

/** Times are reported in whole microseconds, so they are compared in them. */
export function isWithin(atMs: number, { afterMs, untilMs }: Period): boolean {
  const at = Math.round(atMs * 1_000);
  return at > Math.round(afterMs * 1_000) && at <= Math.round(untilMs * 1_000);
}

/** How many there are of them in all, unless the caller does without. */
export function countOf(found: readonly unknown[], params: RestParams): object {
  return paramFlag(params, 'without_count') ? {} : { count: found.length };
}

/** A page of `all`, newest first, beginning after the first `ofs`. */
export function pageOf<T>(all: readonly T[], params: RestParams): Answer<readonly T[]> {
  const offset = paramCount(params, 'ofs') ?? 0;
  if (Number.isNaN(offset)) return refused(`${BAD_ARGUMENTS}:ofs`);
  return done(all.toReversed().slice(offset, offset + PAGE_ROWS));
}
