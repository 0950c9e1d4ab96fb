/**
 * A small venue on loopback for tests of the sockets: a real `ws` server that answers as the protocol reference says,
 * unless the test's script answers instead. Every request and every connection is kept.
 *
 *   const venue = await startScriptedVenue({ symbols: ['BTC/USD'] });
 *   venue.script.answer = (client, request) => request.method === 'ping'; // handled: by saying nothing
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

export interface Request {
  readonly method: string;
  readonly req_id: number;
  readonly params: { readonly channel: string; readonly symbol?: readonly string[]; readonly depth?: number };
  /** When it came in, milliseconds. */
  readonly atMs: number;
}

/** What the test changes about the venue's behaviour. */
export interface Script {
  /** HTTP status to refuse an upgrade with; undefined lets it in, -1 leaves it without an answer. */
  upgrade?: ((attempt: number) => number | undefined) | undefined;
  /** True when the script has answered, or has decided not to. */
  answer?: ((client: Client, request: Request) => boolean) | undefined;
  /** Milliseconds between heartbeats; 0 sends none. */
  heartbeatMs: number;
}

export class Client {
  readonly requests: Request[] = [];
  readonly books = new Set<string>();
  closeCode: number | undefined;
  isMute = false;
  readonly #ws: WebSocket;
  readonly #venue: ScriptedVenue;

  constructor(ws: WebSocket, venue: ScriptedVenue) {
    this.#ws = ws;
    this.#venue = venue;
    ws.on('message', (data) => this.#onRequest(String(data)));
    ws.on('error', () => ws.terminate());
    ws.on('close', (code) => {
      this.closeCode = code;
    });
    this.status('online');
  }

  get isClosed(): boolean {
    return this.closeCode !== undefined;
  }

  /** Requests of a kind, such as `subscribe book`. */
  asked(kind: string): Request[] {
    return this.requests.filter(({ method, params }) => `${method} ${params?.channel ?? ''}`.trim() === kind);
  }

  send(frame: string | Buffer): void {
    if (!this.isMute) this.#ws.send(frame);
  }

  status(system: string): void {
    const data = `{"api_version":"v2","connection_id":13834774380200032777,"system":"${system}","version":"2.0.0"}`;
    this.send(`{"channel":"status","type":"update","data":[${data}]}`);
  }

  ack(request: Request, symbol: string): void {
    const { method, req_id, params } = request;
    const result = { channel: params.channel, symbol, depth: params.depth };
    this.send(JSON.stringify({ method, req_id, result, success: true, ...times() }));
  }

  refuse({ method, req_id }: Request, error: string, symbol?: string): void {
    this.send(JSON.stringify({ error, method, req_id, success: false, symbol, ...times() }));
  }

  /** One book message; the tests' sink does not look into it. */
  book(symbol: string, type: 'snapshot' | 'update'): void {
    const data = [{ symbol, bids: [], asks: [], checksum: 0, timestamp: new Date().toISOString() }];
    this.send(JSON.stringify({ channel: 'book', type, data }));
  }

  instruments(type: 'snapshot' | 'update', symbols: readonly string[], status = 'online'): void {
    const pairs = symbols.map((symbol) => ({ symbol, status }));
    this.send(JSON.stringify({ channel: 'instrument', type, data: { assets: [], pairs } }));
  }

  close(code: number, reason?: string): void {
    this.#ws.close(code, reason);
  }

  cut(): void {
    this.#ws.terminate();
  }

  /** Reads nothing more from the wire, not even a close frame. */
  freeze(): void {
    this.isMute = true;
    this.#ws.pause();
  }

  #onRequest(text: string): void {
    const request: Request = { ...JSON.parse(text), atMs: performance.now() };
    this.requests.push(request);
    if (this.#venue.script.answer?.(this, request) !== true) this.answer(request);
  }

  /** Answers as the venue does. */
  answer(request: Request): void {
    const { method, req_id, params } = request;
    if (method === 'ping') this.send(JSON.stringify({ method: 'pong', req_id, ...times() }));
    else if (params.channel === 'instrument') {
      this.send(JSON.stringify({ method, req_id, result: { channel: 'instrument' }, success: true, ...times() }));
      this.instruments('snapshot', this.#venue.symbols);
    } else for (const symbol of params.symbol ?? []) this.answerBook(request, symbol);
  }

  answerBook(request: Request, symbol: string): void {
    const isSubscribe = request.method === 'subscribe';
    if (!this.#venue.symbols.includes(symbol)) this.refuse(request, `Currency pair not supported ${symbol}`, symbol);
    else if (isSubscribe === this.books.has(symbol)) {
      this.refuse(request, isSubscribe ? 'Already subscribed' : 'Subscription Not Found', symbol);
    } else {
      this.ack(request, symbol);
      if (isSubscribe) this.books.add(symbol);
      else this.books.delete(symbol);
      if (isSubscribe) this.book(symbol, 'snapshot');
    }
  }
}

export class ScriptedVenue {
  readonly script: Script = { heartbeatMs: 15 };
  readonly clients: Client[] = [];
  /** When each upgrade was asked for, refused ones included, milliseconds. */
  readonly attemptsMs: number[] = [];
  readonly symbols: string[];
  readonly #server: Server;
  readonly #raw = new Set<Duplex>();
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  #heartbeat: NodeJS.Timeout | undefined;
  #extensions: string | undefined;

  constructor(symbols: readonly string[]) {
    this.symbols = [...symbols];
    this.#server = createServer();
    this.#server.on('upgrade', (request, socket, head) => {
      this.attemptsMs.push(performance.now());
      this.#extensions = request.headers['sec-websocket-extensions'];
      const refusal = this.script.upgrade?.(this.attemptsMs.length - 1);
      this.#raw.add(socket);
      socket.on('close', () => this.#raw.delete(socket));
      if (refusal === -1) socket.on('error', () => socket.destroy());
      else if (refusal !== undefined) refuseUpgrade(socket, refusal);
      else {
        this.#sockets.handleUpgrade(request, socket, head, (ws) => this.clients.push(new Client(ws, this)));
      }
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v2`;
  }

  /** Extensions that the newest client offered. */
  get extensionsOffered(): string | undefined {
    return this.#extensions;
  }

  /** The newest connection. */
  get last(): Client {
    return this.clients.at(-1) as Client;
  }

  /** Symbols with a standing subscription on an open connection. */
  get subscribed(): string[] {
    return this.clients.flatMap((client) => (client.isClosed ? [] : [...client.books])).sort();
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.#beat();
    return this;
  }

  async close(): Promise<void> {
    clearTimeout(this.#heartbeat);
    for (const socket of this.#raw) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #beat(): void {
    if (this.script.heartbeatMs > 0) {
      for (const client of this.clients) if (!client.isClosed) client.send('{"channel":"heartbeat"}');
    }
    this.#heartbeat = setTimeout(() => this.#beat(), this.script.heartbeatMs || 10);
  }
}

export function startScriptedVenue({ symbols }: { readonly symbols: readonly string[] }): Promise<ScriptedVenue> {
  return new ScriptedVenue(symbols).listen();
}

function refuseUpgrade(socket: Duplex, status: number): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function times(): { time_in: string; time_out: string } {
  const now = new Date().toISOString();
  return { time_in: now, time_out: now };
}
