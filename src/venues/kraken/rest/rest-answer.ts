/** What came back for a REST request, distinguished by what it proves (protocol reference 3.1, 3.6). Pure. */
import { z } from 'zod';
import { parseNumberTexts } from '../../../net/exact-json.ts';
import type { HttpResult } from '../../../net/transport.ts';
import { reasonOf } from '../../../platform/errors.ts';
import { decisiveError, type ErrorTopic, type Repeatability } from '../wire/api-error.ts';

export interface RestFailure {
  /**
   * What is certain about the request: it never left; the venue did not carry it out; or nothing, it may have been
   * carried out.
   */
  readonly proof: 'not_sent' | 'refused' | 'unknown';
  readonly topic: ErrorTopic | 'transport' | 'http' | 'unreadable' | 'not_possible' | 'key_lost';
  /** The venue's words, or ours when it said nothing. */
  readonly text: string;
  readonly repeatable: Repeatability;
  /** Unix time in seconds before which the venue wants no requests. */
  readonly retryAtS: number | undefined;
}

export type RestResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: RestFailure };

const ENVELOPE = z.object({ error: z.array(z.string()), result: z.unknown().optional() });
const TOO_MANY_REQUESTS = 429;
const TEXT_MAX = 200;

/** Reads an answer; numbers of the result are texts. */
export function readAnswer(http: HttpResult): RestResult<unknown> {
  if (!http.ok) return failed(http.neverSent ? 'not_sent' : 'unknown', 'transport', http.why, 'later');
  const envelope = envelopeOf(http.body);
  if (http.status !== 200) return refusedStatus(http.status, envelope);
  if (typeof envelope === 'string') return failed('unknown', 'unreadable', envelope, 'later');
  const error = decisiveError(envelope.error);
  if (error !== undefined) return { ok: false, failure: apiFailure(envelope.error) };
  if (envelope.result === undefined) return failed('unknown', 'unreadable', 'neither error nor result', 'later');
  return { ok: true, value: envelope.result };
}

/** A failure without the venue's doing. */
export function failed(
  proof: RestFailure['proof'],
  topic: RestFailure['topic'],
  text: string,
  repeatable: Repeatability,
): { readonly ok: false; readonly failure: RestFailure } {
  return { ok: false, failure: { proof, topic, text, repeatable, retryAtS: undefined } };
}

/** The edge answers with a status (429, 502, 503, 520) and HTML; what an error array says beside it still counts. */
function refusedStatus(status: number, envelope: z.infer<typeof ENVELOPE> | string): RestResult<unknown> {
  const said = typeof envelope === 'string' ? undefined : decisiveError(envelope.error);
  const text = `HTTP ${status}${said === undefined ? '' : `: ${said.text}`}`;
  if (status === TOO_MANY_REQUESTS) return failed('refused', 'rate_limit', text, 'later');
  if (said !== undefined && typeof envelope !== 'string' && status < 500) {
    return { ok: false, failure: apiFailure(envelope.error) };
  }
  return failed('unknown', 'http', text, status >= 500 ? 'later' : 'never');
}

function apiFailure(texts: readonly string[]): RestFailure {
  const error = decisiveError(texts);
  if (error === undefined) throw new RangeError('an answer without an error has no failure');
  const { topic, repeatable, retryAtS, provesRefusal } = error;
  const text = texts.join(', ').slice(0, TEXT_MAX);
  return { proof: provesRefusal ? 'refused' : 'unknown', topic, text, repeatable, retryAtS };
}

/** The envelope, or why there is none. */
function envelopeOf(body: string): z.infer<typeof ENVELOPE> | string {
  try {
    const envelope = ENVELOPE.safeParse(parseNumberTexts(body));
    return envelope.success ? envelope.data : 'an answer without an error list';
  } catch (thrown) {
    return `no JSON: ${reasonOf(thrown).slice(0, TEXT_MAX)}`;
  }
}
