/** The running process's end of the control socket. See `control-protocol.ts` for the language. */
import { chmodSync, lstatSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { FlattenReport } from '../messages/flatten-message.ts';
import { type ArbitradeError, arbitradeError, reasonOf } from '../platform/errors.ts';
import { BY_BYTES_MAX, type KeptText, keepText, NO_NAME, NO_REASON, TEXT_BYTES_MAX } from '../trading/gate-cause.ts';
import {
  CONTROL_REQUEST,
  type CommandOutcome,
  type ControlReply,
  type ControlRequest,
  type ControlTarget,
  LINE_BYTES_MAX,
  REQUESTS_WAITING_MAX,
} from './control-protocol.ts';
import { LineSplitter } from './line-splitter.ts';
import { socketAddress } from './socket-address.ts';

/** Connections at a time; more are turned away. */
const CONNECTIONS_MAX = 16;
/** Only the user that runs the process may command it. */
const MODE = 0o600;

export interface ControlServer {
  readonly path: string;
  /** Ends all connections and removes the socket file. */
  close(): Promise<void>;
}

/**
 * Listens on `path`. The socket file of a process that died is replaced.
 * @throws CONTROL_SOCKET_TAKEN when a process answers there, or the file is no socket; CONTROL_SOCKET_FAILED otherwise.
 */
export async function startControlServer(path: string, target: ControlTarget): Promise<ControlServer> {
  await clearStaleSocket(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => serve(socket, sockets, target));
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, path);
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function listen(server: Server, path: string): Promise<void> {
  // The file must not be open to others even for the moment before chmod.
  const previous = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', (thrown) => reject(arbitradeError('CONTROL_SOCKET_FAILED', path, reasonOf(thrown))));
      server.listen(socketAddress(path), resolve);
    });
    chmodSync(path, MODE);
  } finally {
    process.umask(previous);
  }
}

async function clearStaleSocket(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  if (statSync(path, { throwIfNoEntry: false })?.isSocket() !== true) {
    throw arbitradeError('CONTROL_SOCKET_TAKEN', path, 'the file there is no socket');
  }
  if (await answers(path)) throw arbitradeError('CONTROL_SOCKET_TAKEN', path, 'another arbitrade answers there');
  rmSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketAddress(path));
    const end = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.once('connect', () => end(true));
    // Only a refusal proves that no process listens; after any other failure, the file is not ours to remove.
    socket.once('error', (thrown: NodeJS.ErrnoException) => end(thrown.code !== 'ECONNREFUSED'));
  });
}

function serve(socket: Socket, sockets: Set<Socket>, target: ControlTarget): void {
  const splitter = new LineSplitter(LINE_BYTES_MAX);
  let waiting = 0;
  let turn = Promise.resolve();
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => socket.destroy()); // a client that went away is none of our business
  socket.on('data', (chunk) => {
    const lines = splitter.push(chunk);
    if (lines === undefined) return refuse(socket, `a line is longer than ${LINE_BYTES_MAX} bytes`);
    if (waiting + lines.length > REQUESTS_WAITING_MAX) return refuse(socket, 'too many requests at once');
    waiting += lines.length;
    for (const line of lines) {
      turn = turn.then(async () => {
        send(socket, await replyTo(line, target));
        waiting--;
      });
    }
  });
}

function refuse(socket: Socket, why: string): void {
  socket.removeAllListeners('data');
  socket.end(`${JSON.stringify(failure(null, arbitradeError('CONTROL_REQUEST_INVALID', why)))}\n`);
  socket.resume(); // what else comes is thrown away until the client has closed
}

function send(socket: Socket, reply: ControlReply): void {
  if (socket.writable) socket.write(`${JSON.stringify(reply, textOfBigInt)}\n`);
}

const textOfBigInt = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

const failure = (id: number | null, { code, message }: Pick<ArbitradeError, 'code' | 'message'>): ControlReply => ({
  id,
  ok: false,
  code,
  error: message,
});

async function replyTo(line: string, target: ControlTarget): Promise<ControlReply> {
  const request = parseRequest(line);
  if ('ok' in request) return request;
  try {
    return await execute(request, target);
  } catch (thrown) {
    if (request.command !== 'status')
      target.audit(request.command, request.by, request.reason, `failed: ${reasonOf(thrown)}`);
    return failure(request.id, arbitradeError('CONTROL_FAILED', request.command, reasonOf(thrown)));
  }
}

function parseRequest(line: string): ControlRequest | ControlReply {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return failure(null, arbitradeError('CONTROL_REQUEST_INVALID', 'the line is no JSON'));
  }
  const result = CONTROL_REQUEST.safeParse(raw);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const why = `${issue?.path.join('.') || 'request'}: ${issue?.message ?? 'not valid'}`;
  return failure(null, arbitradeError('CONTROL_REQUEST_INVALID', why));
}

const describeChange = (what: string, { text, changed }: KeptText): string =>
  changed === undefined ? '' : `; the ${what} is kept as ${JSON.stringify(text)}: ${changed}`;

async function execute(request: ControlRequest, target: ControlTarget): Promise<ControlReply> {
  if (request.command === 'status') return { id: request.id, ok: true, result: await target.status() };
  const { id, command } = request;
  const [reason, by] = [
    keepText(request.reason, TEXT_BYTES_MAX, NO_REASON),
    keepText(request.by, BY_BYTES_MAX, NO_NAME),
  ];
  if (request.command === 'flatten') return flatten(request, reason.text, by.text, target);
  const outcome: CommandOutcome = await target[request.command](reason.text, by.text);
  target.audit(command, by.text, reason.text, outcome.ok ? 'done' : `refused: ${outcome.text}`);
  if (!outcome.ok) return failure(id, arbitradeError('CONTROL_REFUSED', command, outcome.text));
  return { id, ok: true, result: outcome.text + describeChange('reason', reason) + describeChange('name', by) };
}

/** A preview is a question, and not in the audit log; what is begun is, with every reason why something was not. */
async function flatten(
  { id, command, assets, to, loss_max_bps: lossMaxBps, accepted }: Extract<ControlRequest, { command: 'flatten' }>,
  reason: string,
  by: string,
  target: ControlTarget,
): Promise<ControlReply> {
  const report = await target.flatten({ assets, to, lossMaxBps, accepted });
  if (accepted === undefined) return { id, ok: true, result: report };
  const why = report.refused ?? report.kept.map((one) => `${one.asset}: ${one.why}`).join('; ');
  const isBegun = report.offers.length > 0;
  target.audit(command, by, reason, isBegun ? describeBegun(report, why) : `refused: ${why}`);
  if (!isBegun)
    return failure(id, arbitradeError('CONTROL_REFUSED', command, why === '' ? 'nothing was accepted' : why));
  return { id, ok: true, result: report };
}

const describeBegun = ({ offers }: FlattenReport, why: string): string =>
  `${offers.map(({ plan, amount, asset }) => `plan ${plan}: ${amount} ${asset}`).join(', ')}${why === '' ? '' : `; not ${why}`}`;
