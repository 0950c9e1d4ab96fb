/** The practice exchange on real sockets: loopback only, no compression, one HTTP server for everything it serves. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { textOf } from '../../net/exact-json.ts';
import type { CancelTimer, Clock } from '../../platform/clock.ts';
import { arbitradeError, reasonOf } from '../../platform/errors.ts';
import { type AccountSpec, hasKey, madeAccounts, readAccounts, withFees } from '../exchange/accounts/account-spec.ts';
import { readCaptureRows } from '../market/capture-rows.ts';
import { readAssetPairs } from '../market/instrument-entries.ts';
import { type MarketTape, readTape } from '../market/market-tape.ts';
import {
  PRACTICE_DEFAULTS,
  PracticeExchange,
  type PracticeListener,
  type PracticeSettings,
} from '../practice-exchange.ts';
import { serveRest } from '../protocols/kraken/rest/rest-edge.ts';
import type { ClientEvents, ClientPort } from './client-connection.ts';

const LOOPBACK = '127.0.0.1';
const PUBLIC_PATH = '/v2';
/** Ends as the venue's does: clients that are given a host and append `/v2` come here with `<host>/private`. */
const PRIVATE_PATH = '/private/v2';
/** On the venue single orders have a host of their own too. */
const LEVEL3_PATH = '/l3/v2';
/** The first version has no path on the venue's hosts. */
const PUBLIC_V1_PATH = '/';
const PRIVATE_V1_PATH = '/private';
/** Largest request a client may send; beyond it the socket is closed with 1009. */
const REQUEST_BYTES_MAX = 262_144;
const PINGS_MISSED_MAX = 2;
/** A client that sends its REST request slower than this is cut off. */
const HEADERS_WITHIN_MS = 10_000;
const REQUEST_WITHIN_MS = 30_000;
/** How long a REST connection may stand idle: longer than clients keep theirs, which would write an order into its end. */
const IDLE_WITHIN_MS = 120_000;

export interface PracticeServerOptions {
  /** The recording that is the market: Kraken v2 frames, plain or gzip. */
  readonly capture: string;
  /** Port on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** The venue's REST AssetPairs answer, for captures without an instrument message. */
  readonly assetPairs?: string | undefined;
  /** WebSocket pings to every client; one that misses two in a row is cut off. */
  readonly pingIntervalMs?: number;
  /** Accounts from a file; without one, two that hold something of everything. */
  readonly accountFile?: string | undefined;
  /** Fees of every account: a percentage, or a tier such as `tier5`. */
  readonly fees?: string | undefined;
  readonly settings?: Partial<PracticeSettings>;
}

export interface PracticeServer {
  /** Base URL of the REST side. */
  readonly rest: string;
  /** URL of the public socket. */
  readonly wsPublic: string;
  /** URL of the private socket. */
  readonly wsPrivate: string;
  /** URL of the socket for single orders. */
  readonly wsLevel3: string;
  /** URLs of the sockets in their first version. */
  readonly wsPublicV1: string;
  readonly wsPrivateV1: string;
  readonly accounts: readonly AccountSpec[];
  readonly exchange: PracticeExchange;
  /** What is synthetic or ignored about the recording. */
  readonly notes: readonly string[];
  /** Closes every connection and the port. */
  close(): Promise<void>;
}

/** Reads the recording and listens. @throws CAPTURE_UNREADABLE, OPTION_INVALID when the port is taken. */
export async function startPracticeServer(
  options: PracticeServerOptions,
  clock: Clock,
  listener: PracticeListener = {},
): Promise<PracticeServer> {
  const tape = loadTape(options);
  const accounts = options.settings?.accounts ?? accountsOf(options, tape);
  const exchange = new PracticeExchange(tape, clock, { ...PRACTICE_DEFAULTS, ...options.settings, accounts }, listener);
  const server = createServer(
    {
      headersTimeout: HEADERS_WITHIN_MS,
      requestTimeout: REQUEST_WITHIN_MS,
      keepAliveTimeout: IDLE_WITHIN_MS,
      shouldUpgradeCallback: wantsSocket,
    },
    (request, response) => serveRest(exchange.rest, request, response),
  );
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: REQUEST_BYTES_MAX,
    autoPong: false,
  });
  const clients = new Map<WebSocket, Attached>();
  server.on('upgrade', (request, socket, head) => {
    const connect = connectorOf(request, exchange);
    if (connect === undefined) refuseUpgrade(socket, '404 Not Found');
    else if (!exchange.admit()) refuseUpgrade(socket, '429 Too Many Requests');
    else {
      sockets.handleUpgrade(request, socket, head, (ws) => {
        clients.set(ws, attach(ws, socket, connect));
        ws.on('close', () => clients.delete(ws));
      });
    }
  });
  await listen(server, options.port);
  const stopPings = pingClients(clients, clock, options.pingIntervalMs ?? 30_000);
  const { port } = server.address() as AddressInfo;
  return {
    rest: `http://${LOOPBACK}:${port}`,
    wsPublic: `ws://${LOOPBACK}:${port}${PUBLIC_PATH}`,
    wsPrivate: `ws://${LOOPBACK}:${port}${PRIVATE_PATH}`,
    wsLevel3: `ws://${LOOPBACK}:${port}${LEVEL3_PATH}`,
    wsPublicV1: `ws://${LOOPBACK}:${port}${PUBLIC_V1_PATH}`,
    wsPrivateV1: `ws://${LOOPBACK}:${port}${PRIVATE_V1_PATH}`,
    accounts: accounts.filter(hasKey),
    exchange,
    notes: [...tape.notes, ...dislocationNotes(options.settings?.dislocateBps ?? 0)],
    close: async () => {
      stopPings();
      exchange.close();
      await closeServer(server, clients, clock);
    },
  };
}

function loadTape({ capture, assetPairs }: PracticeServerOptions): MarketTape {
  const rest = assetPairs === undefined ? undefined : readAssetPairs(assetPairs);
  return readTape(capture, readCaptureRows(capture), rest);
}

function accountsOf({ accountFile, fees, settings }: PracticeServerOptions, tape: MarketTape): readonly AccountSpec[] {
  const assets = tape.entries.assets.map((entry) => textOf(entry, 'id') ?? '');
  const accounts =
    accountFile === undefined
      ? madeAccounts(assets, settings?.seed)
      : readAccounts(accountFile, assets, settings?.seed);
  return fees === undefined ? accounts : withFees(accounts, fees);
}

/** The market must not be mistaken for a recorded one. */
function dislocationNotes(bps: number): readonly string[] {
  return bps === 0 ? [] : [`injected: pairs are moved out of line by ${bps} bps now and then; no market did this`];
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(arbitradeError('OPTION_INVALID', 'port', `one that is free on ${LOOPBACK} (${reasonOf(error)})`, port)),
    );
    server.listen(port, LOOPBACK, resolve);
  });
}

/** Not a client that offers HTTP/2 with a plain request, as Java's client does: that is answered as if it had not. */
function wantsSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

type Connector = (port: ClientPort) => ClientEvents;

/** The side of the exchange that the path names. */
function connectorOf({ url = '/' }: IncomingMessage, exchange: PracticeExchange): Connector | undefined {
  // Some clients append the version to every address they are given, others do not.
  const path =
    url
      .split('?')[0]
      ?.replace(/(\/v2)+\/?$/, '/v2')
      .replace(/(?<=.)\/$/, '') ?? '/';
  const connectors: Readonly<Record<string, Connector | undefined>> = {
    [PUBLIC_PATH]: (port) => exchange.connectPublic(port),
    [PRIVATE_PATH]: (port) => exchange.connectPrivate(port),
    [LEVEL3_PATH]: (port) => exchange.connectLevel3(port),
    [PUBLIC_V1_PATH]: (port) => exchange.connectPublicV1(port),
    [PRIVATE_V1_PATH]: (port) => exchange.connectPrivateV1(port),
  };
  return Object.hasOwn(connectors, path) ? connectors[path] : undefined;
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** A connected client and how many WebSocket pings it left unanswered. */
interface Attached {
  readonly client: ClientEvents;
  missedPongs: number;
}

function attach(ws: WebSocket, socket: Duplex, connect: Connector): Attached {
  // A protocol violation arrives as 'error'; 'close' follows and ends the session.
  ws.on('error', () => ws.terminate());
  const client = connect(clientPort(ws, socket));
  const attached: Attached = { client, missedPongs: 0 };
  ws.on('message', (data) => client.receive(frameText(data)));
  ws.on('pong', () => {
    attached.missedPongs = 0;
  });
  ws.on('ping', (data) => {
    if (client.answersPings()) ws.pong(data);
  });
  ws.on('close', () => client.closed());
  return attached;
}

/** Frames of one turn leave in one write: the socket is corked until the turn is over. */
function clientPort(ws: WebSocket, socket: Duplex): ClientPort {
  let corked = false;
  const uncork = () => {
    corked = false;
    socket.uncork();
  };
  return {
    send: (text) => {
      if (!corked) {
        corked = true;
        socket.cork();
        process.nextTick(uncork);
      }
      ws.send(text);
    },
    close: (code, reason) => ws.close(code, reason),
    terminate: () => ws.terminate(),
    bufferedBytes: () => ws.bufferedAmount,
  };
}

function frameText(data: RawData): string {
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer)).toString('utf8');
}

/** @returns stops the pings. */
function pingClients(clients: ReadonlyMap<WebSocket, Attached>, clock: Clock, intervalMs: number): CancelTimer {
  let cancel: CancelTimer = () => {};
  const round = () => {
    for (const [ws, attached] of clients) pingOrCut(ws, attached);
    cancel = clock.after(intervalMs, round);
  };
  cancel = clock.after(intervalMs, round);
  return () => cancel();
}

function pingOrCut(ws: WebSocket, attached: Attached): void {
  if (!attached.client.answersPings()) return;
  attached.missedPongs += 1;
  if (attached.missedPongs > PINGS_MISSED_MAX) ws.terminate();
  else ws.ping();
}

/** Clients have been asked to close; those that do not are cut off after a moment. */
function closeServer(server: Server, clients: ReadonlyMap<WebSocket, Attached>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(250, () => {
      for (const ws of clients.keys()) ws.terminate();
      server.closeAllConnections();
    });
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}
