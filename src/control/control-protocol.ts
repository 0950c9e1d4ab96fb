/**
 * The language of the control socket: JSON lines over a Unix domain socket, one request, one reply, in order.
 *
 *   → {"id":1,"command":"status"}
 *   → {"id":2,"command":"halt","reason":"going home","by":"ana"}
 *   → {"id":3,"command":"resume","reason":"checked the books","by":"ana"}
 *   ← {"id":1,"ok":true,"result":{…}}
 *   ← {"id":3,"ok":false,"code":"CONTROL_REFUSED","error":"resume was refused: the kill switch is still there"}
 *
 * A line is UTF-8 and at most {@link LINE_BYTES_MAX} bytes. A line that is no request is answered with an error and
 * `id` null; one that is too long also ends the connection, for its end is not known.
 */
import { z } from 'zod';

export const LINE_BYTES_MAX = 8_192;
/** Requests a connection may have waiting for their replies. */
export const REQUESTS_WAITING_MAX = 16;

const id = z.int().min(0);
const reason = z.string().trim().min(1, 'a reason').max(100);
const by = z.string().trim().min(1, 'a name').max(32);

export const CONTROL_REQUEST = z.discriminatedUnion('command', [
  z.strictObject({ id, command: z.literal('status') }),
  z.strictObject({ id, command: z.literal('halt'), reason, by }),
  z.strictObject({ id, command: z.literal('resume'), reason, by }),
]);
export type ControlRequest = z.infer<typeof CONTROL_REQUEST>;
export type ControlCommand = ControlRequest['command'];

export const CONTROL_REPLY = z.union([
  z.strictObject({ id, ok: z.literal(true), result: z.unknown() }),
  z.strictObject({ id: id.nullable(), ok: z.literal(false), code: z.string(), error: z.string() }),
]);
export type ControlReply = z.infer<typeof CONTROL_REPLY>;

/** What halt and resume came to. `text` says why when refused, and what holds now otherwise. */
export interface CommandOutcome {
  readonly ok: boolean;
  readonly text: string;
}

/** What stands behind the socket: the running process. */
export interface ControlTarget {
  status(): Promise<unknown> | unknown;
  halt(reason: string, by: string): Promise<CommandOutcome> | CommandOutcome;
  resume(reason: string, by: string): Promise<CommandOutcome> | CommandOutcome;
  /** Every command that was understood, with what it came to: for the audit log. */
  audit(command: ControlCommand, by: string, text: string, outcome: string): void;
}
