/**
 * The language of the control socket: JSON lines over a Unix domain socket, one request, one reply, in order.
 *
 *   → {"id":1,"command":"status"}
 *   → {"id":2,"command":"halt","reason":"going home","by":"ana"}
 *   → {"id":2,"command":"drain","reason":"maintenance at noon","by":"ana"}
 *   → {"id":3,"command":"resume","reason":"checked the books","by":"ana"}
 *   → {"id":4,"command":"flatten","assets":["BTC"],"to":"USD","loss_max_bps":100}
 *   ← {"id":1,"ok":true,"result":{…}}
 *   ← {"id":3,"ok":false,"code":"CONTROL_REFUSED","error":"resume was refused: the kill switch is still there"}
 *
 * What is too long or too strange to be kept of reason and
 * name is left out, and the answer says so; only a resume is refused for its words, when it has none. A line is UTF-8 and at most {@link LINE_BYTES_MAX} bytes. A line that is no request is answered with an error and
 * `id` null; one that is too long also ends the connection, for its end is not known.
 */
import { z } from 'zod';
import type { FlattenAsk, FlattenReport } from '../messages/flatten-message.ts';

export const LINE_BYTES_MAX = 65_536;
/** Requests a connection may have waiting for their replies. */
export const REQUESTS_WAITING_MAX = 16;

const id = z.int().min(0);
/** A text that may be anything, or missing: a halt is never refused for its text. */
const anyText = z
  .unknown()
  .optional()
  .transform((input) => {
    if (input === undefined || input === null) return '';
    return typeof input === 'string' ? input : JSON.stringify(input);
  });
const reason = z.string().refine((input) => input.trim() !== '', 'a reason');
const assetName = z.string().min(1).max(32);
const amount = z.string().regex(/^\d{1,38}(\.\d{1,18})?$/, 'an amount such as 0.25');
const by = z.string().refine((input) => input.trim() !== '', 'a name');

export const CONTROL_REQUEST = z.discriminatedUnion('command', [
  z.strictObject({ id, command: z.literal('status') }),
  z.object({ id, command: z.literal('halt'), reason: anyText, by: anyText }),
  z.object({ id, command: z.literal('drain'), reason: anyText, by: anyText }),
  z.strictObject({ id, command: z.literal('resume'), reason, by }),
  z.strictObject({
    id,
    command: z.literal('flatten'),
    assets: z.array(assetName).max(64).default([]),
    to: assetName.optional(),
    loss_max_bps: z.int().min(0).optional(),
    /** What of a preview a person has said yes to; without it nothing is changed. */
    accepted: z
      .array(z.strictObject({ asset: assetName, to: assetName, amount, reference: amount }))
      .max(64)
      .optional(),
    reason: anyText,
    by: anyText,
  }),
]);
export type ControlRequest = z.infer<typeof CONTROL_REQUEST>;
export type ControlCommand = ControlRequest['command'];

export const CONTROL_REPLY = z.union([
  z.strictObject({ id, ok: z.literal(true), result: z.unknown() }),
  z.strictObject({ id: id.nullable(), ok: z.literal(false), code: z.string(), error: z.string() }),
]);
export type ControlReply = z.infer<typeof CONTROL_REPLY>;

/** What halt, drain and resume came to. `text` says why when refused, and what holds now otherwise. */
export interface CommandOutcome {
  readonly ok: boolean;
  readonly text: string;
}

/** What stands behind the socket: the running process. */
export interface ControlTarget {
  status(): Promise<unknown> | unknown;
  halt(reason: string, by: string): Promise<CommandOutcome> | CommandOutcome;
  drain(reason: string, by: string): Promise<CommandOutcome> | CommandOutcome;
  resume(reason: string, by: string): Promise<CommandOutcome> | CommandOutcome;
  flatten(ask: FlattenAsk): Promise<FlattenReport> | FlattenReport;
  /** Every command that was understood, with what it came to: for the audit log. */
  audit(command: ControlCommand, by: string, text: string, outcome: string): void;
}
