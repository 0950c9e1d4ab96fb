/** A plain `ws` client that keeps what it received and can wait for a condition. */
import { WebSocket } from 'ws';

export class SocketClient {
  readonly frames: string[] = [];
  readonly socket: WebSocket;
  closedWith: number | undefined;
  pings = 0;
  #waiting: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.#note(() => this.frames.push(data.toString())));
    socket.on('ping', () => this.#note(() => (this.pings += 1)));
    socket.on('error', () => {});
    socket.on('close', (code) => this.#note(() => (this.closedWith = code)));
  }

  static async connect(url: string): Promise<SocketClient> {
    const socket = new WebSocket(url, { perMessageDeflate: true });
    const client = new SocketClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('unexpected-response', (_request, response) => reject(new Error(`HTTP ${response.statusCode}`)));
      socket.once('error', reject);
    });
    return client;
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(symbol: string[], depth = 10, reqId = 1): void {
    this.say({ method: 'subscribe', params: { channel: 'book', symbol, depth }, req_id: reqId });
  }

  /** Resolves when `met` is true; it is asked again after every event of the socket. */
  async until(met: () => boolean): Promise<void> {
    while (!met()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves with the first frame, from now on or before, that contains `part`. */
  async frameWith(part: string): Promise<string> {
    await this.until(() => this.frames.some((frame) => frame.includes(part)));
    return this.frames.find((frame) => frame.includes(part)) ?? '';
  }

  async close(): Promise<void> {
    this.socket.terminate();
    await this.until(() => this.closedWith !== undefined);
  }

  #note(change: () => void): void {
    change();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
