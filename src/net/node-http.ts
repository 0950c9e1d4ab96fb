/** HTTP on the network: Node's own client behind the {@link HttpPort}, on connections that are kept. */
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../platform/clock.ts';
import { reasonOf } from '../platform/errors.ts';
import type { TlsOptions } from './tls-options.ts';
import type { HttpPort, HttpRequest, HttpResult } from './transport.ts';

/** A longer answer is given up. A venue's list of all that it trades has about a megabyte. */
const ANSWER_BYTES_MAX = 16_000_000;
const AGENT = { keepAlive: true, keepAliveMsecs: 10_000, maxSockets: 8, noDelay: true } as const;

/** Real requests, encrypted ones as `tls` says. Redirects are not followed: a signature is good for one address. */
export function nodeHttp(clock: Clock, tls: TlsOptions): HttpPort {
  const plain = new HttpAgent(AGENT);
  const secure = new HttpsAgent({ ...AGENT, ...tls });
  const open = new Set<NodeRequest>();
  return {
    request: (request, done) => {
      const started = new NodeRequest(clock, request, (result) => {
        open.delete(started);
        done(result);
      });
      open.add(started);
      started.begin(plain, secure);
    },
    close: () => {
      for (const request of [...open]) request.giveUp('closed here');
      plain.destroy();
      secure.destroy();
    },
  };
}

class NodeRequest {
  readonly #clock: Clock;
  readonly #request: HttpRequest;
  readonly #done: (result: HttpResult) => void;
  #client: ClientRequest | undefined;
  #cancelTimeout = (): void => {};
  /** Whether there was a connection on which bytes can have left. */
  #mayHaveLeft = false;
  #isOver = false;

  constructor(clock: Clock, request: HttpRequest, done: (result: HttpResult) => void) {
    this.#clock = clock;
    this.#request = request;
    this.#done = done;
  }

  begin(plain: HttpAgent, secure: HttpsAgent): void {
    const { url, method, headers, body, timeoutMs } = this.#request;
    this.#cancelTimeout = this.#clock.after(timeoutMs, () => this.giveUp(`no answer within ${timeoutMs} ms`));
    try {
      const isSecure = new URL(url).protocol === 'https:';
      const length = { 'Content-Length': String(Buffer.byteLength(body)) };
      const options = { method, headers: { ...headers, ...length }, agent: isSecure ? secure : plain };
      const client = isSecure ? requestHttps(url, options) : requestHttp(url, options);
      this.#client = client;
      client.on('socket', (socket) => this.#watch(socket, isSecure));
      client.on('response', (response) => this.#read(response));
      client.on('error', (error) => this.giveUp(reasonOf(error)));
      client.end(body);
    } catch (thrown) {
      this.#clock.after(0, () => this.giveUp(reasonOf(thrown))); // never before `request` returns
    }
  }

  giveUp(why: string): void {
    this.#finish({ ok: false, neverSent: !this.#mayHaveLeft, why });
    this.#client?.destroy();
  }

  /** Bytes can leave on a kept connection at once, on a new one when it stands, encryption included. */
  #watch(socket: Socket, isSecure: boolean): void {
    const leave = (): void => {
      this.#mayHaveLeft = true;
    };
    if (!socket.connecting) leave();
    else socket.once(isSecure ? 'secureConnect' : 'connect', leave);
  }

  #read(response: IncomingMessage): void {
    const chunks: Buffer[] = [];
    let bytes = 0;
    this.#mayHaveLeft = true;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_MAX) this.giveUp(`an answer of more than ${ANSWER_BYTES_MAX} bytes`);
      else chunks.push(chunk);
    });
    response.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      this.#finish({ ok: true, status: response.statusCode ?? 0, body });
    });
    response.on('aborted', () => this.giveUp('the answer broke off'));
    response.on('error', (error) => this.giveUp(reasonOf(error)));
  }

  #finish(result: HttpResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTimeout();
    this.#done(result);
  }
}
