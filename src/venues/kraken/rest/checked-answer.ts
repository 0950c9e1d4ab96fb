/** Answers whose shape is checked before anybody looks at them. */
import type { z } from 'zod';
import { reasonOf } from '../../../platform/errors.ts';
import { failed, type RestResult } from './rest-answer.ts';
import type { RestClient, RestParams } from './rest-client.ts';
import type { EndpointName } from './rest-endpoints.ts';

export type Done<T> = (result: RestResult<T>) => void;

/** Makes a call and hands over its answer, once it has the shape of `schema`. What has not is unreadable, never thrown. */
export function ask<A>(
  client: RestClient,
  endpoint: EndpointName,
  params: RestParams,
  schema: z.ZodType<A>,
  done: Done<A>,
): void {
  client.call(endpoint, params, (result) => done(readResult(result, (value) => checked(endpoint, schema, value))));
}

/** The result of `read` in place of what it reads; unreadable when it throws. */
export function readResult<A, T>(result: RestResult<A>, read: (value: A) => T): RestResult<T> {
  if (!result.ok) return result;
  try {
    return { ok: true, value: read(result.value) };
  } catch (thrown) {
    return failed('unknown', 'unreadable', reasonOf(thrown), 'later');
  }
}

function checked<A>(endpoint: EndpointName, schema: z.ZodType<A>, value: unknown): A {
  const answer = schema.safeParse(value);
  if (answer.success) return answer.data;
  const issue = answer.error.issues[0];
  throw new SyntaxError(`${endpoint} ${issue?.path.join('.')}: ${issue?.message}`);
}
