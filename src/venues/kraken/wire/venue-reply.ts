/**
 * Frames of the public socket that are no market data: status, heartbeat, pong, acknowledgements, refusals (protocol
 * reference 1.3 to 1.5). They are rare, so `JSON.parse` reads them; numbers that must stay exact are not among them.
 * What is not recognised is `undefined`: the caller counts it as malformed.
 */
import { z } from 'zod';
import type { VenueReply } from '../../market-data.ts';
import { wireTimeMs } from './wire-time.ts';

/** A longer text is no known state. */
const STATE_MAX = 64;

const STATUS = z.object({ channel: z.literal('status'), data: z.array(z.object({ system: z.string() })).min(1) });
const HEARTBEAT = z.object({ channel: z.literal('heartbeat') });
const RATE_EXCEEDED = z.object({ Error: z.string() });
const REPLY = z.object({
  method: z.string(),
  req_id: z.int().nullish(),
  success: z.unknown().optional(),
  error: z.string().nullish(),
  symbol: z.string().nullish(),
  result: z.object({ channel: z.string().nullish(), symbol: z.string().nullish() }).nullish(),
  time_in: z.string().nullish(),
  time_out: z.string().nullish(),
});

/** Reads a parsed frame. Undefined when it is none of these. */
export function venueReplyOf(frame: unknown): VenueReply | undefined {
  const status = STATUS.safeParse(frame);
  if (status.success)
    return { kind: 'status', system: (status.data.data.at(-1)?.system ?? '').slice(0, STATE_MAX) || 'unknown' };
  if (HEARTBEAT.safeParse(frame).success) return { kind: 'heartbeat' };
  if (RATE_EXCEEDED.safeParse(frame).success) return { kind: 'rate_exceeded' };
  const reply = REPLY.safeParse(frame);
  return reply.success ? methodReply(reply.data) : undefined;
}

function methodReply(reply: z.infer<typeof REPLY>): VenueReply {
  const reqId = reply.req_id ?? undefined;
  if (reply.method === 'pong') {
    return { kind: 'pong', reqId, timeInMs: wireTimeMs(reply.time_in), timeOutMs: wireTimeMs(reply.time_out) };
  }
  // A missing or odd `success` counts as a failure (reference 1.3); only `pong` carries none.
  const accepted = reply.success === true;
  return {
    kind: accepted ? 'ack' : 'refusal',
    method: reply.method,
    reqId,
    channel: reply.result?.channel ?? undefined,
    symbol: reply.symbol ?? reply.result?.symbol ?? undefined,
    error: accepted ? undefined : (reply.error ?? 'no reason given'),
  };
}
