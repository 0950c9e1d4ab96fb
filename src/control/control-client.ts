/** The operator's end of the control socket: sends one request to the running process and returns its answer. */
import { connect } from 'node:net';
import { type Clock, systemClock } from '../platform/clock.ts';
import { arbitradeError, reasonOf } from '../platform/errors.ts';
import { CONTROL_REPLY, type ControlReply, type ControlRequest, LINE_BYTES_MAX } from './control-protocol.ts';
import { LineSplitter } from './line-splitter.ts';
import { socketAddress } from './socket-address.ts';

/** A status may be larger than a request, but not without bound. */
const REPLY_BYTES_MAX = 256 * LINE_BYTES_MAX;
const ANSWER_WITHIN_MS = 5_000;

/** A request without its number, which the client gives. */
export type ControlAsk = ControlRequest extends infer R ? (R extends ControlRequest ? Omit<R, 'id'> : never) : never;

/**
 * Asks the process that listens on `path`.
 * @throws CONTROL_SOCKET_UNREACHABLE when no process listens, CONTROL_SOCKET_SILENT when the listening one does not answer in
 * time or not in this language; CONTROL_ANSWERED_NO, with its words, when it says no.
 */
export async function askControl(path: string, ask: ControlAsk, clock: Clock = systemClock): Promise<unknown> {
  const reply = await exchange(path, `${JSON.stringify({ id: 1, ...ask })}\n`, clock);
  if (reply.ok) return reply.result;
  throw arbitradeError(
    reply.code === 'CONTROL_REFUSED' ? 'CONTROL_ANSWERED_NO' : 'CONTROL_ANSWERED_FAILURE',
    reply.error,
  );
}

function exchange(path: string, line: string, clock: Clock): Promise<ControlReply> {
  return new Promise((resolve, reject) => {
    const splitter = new LineSplitter(REPLY_BYTES_MAX);
    let code: 'CONTROL_SOCKET_UNREACHABLE' | 'CONTROL_SOCKET_SILENT' = 'CONTROL_SOCKET_UNREACHABLE';
    const socket = connect(socketAddress(path), () => {
      code = 'CONTROL_SOCKET_SILENT';
      socket.write(line);
    });
    const fail = (why: string): void => {
      cancelTimer();
      socket.destroy();
      reject(arbitradeError(code, path, why));
    };
    const cancelTimer = clock.after(ANSWER_WITHIN_MS, () => {
      code = 'CONTROL_SOCKET_SILENT'; // with no process listening, that would have failed at once
      fail(`no answer within ${ANSWER_WITHIN_MS} ms`);
    });
    socket.on('error', (thrown) => fail(reasonOf(thrown)));
    socket.on('close', () => fail('the connection was closed without an answer'));
    socket.on('data', (chunk) => {
      const [first] = splitter.push(chunk) ?? ['']; // an endless line is no reply
      if (first === undefined) return;
      const reply = parseReply(first);
      if (reply === undefined) return fail('the answer was not understood');
      cancelTimer();
      socket.destroy();
      resolve(reply);
    });
  });
}

function parseReply(line: string): ControlReply | undefined {
  try {
    return CONTROL_REPLY.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
