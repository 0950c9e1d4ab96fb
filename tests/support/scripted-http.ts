/** An HTTP port whose answers the test gives. It stands for what lies outside this machine. */
import type { HttpPort, HttpRequest, HttpResult } from '../../src/net/transport.ts';

export interface SentRequest extends HttpRequest {
  answer(result: HttpResult): void;
}

export class ScriptedHttp implements HttpPort {
  readonly sent: SentRequest[] = [];

  request(request: HttpRequest, done: (result: HttpResult) => void): void {
    this.sent.push({ ...request, answer: done });
  }

  close(): void {}

  get last(): SentRequest {
    return this.sent.at(-1)!;
  }
}

/** A body with status 200. */
export const body = (value: unknown): HttpResult => ({ ok: true, status: 200, body: JSON.stringify(value) });
export const result = (value: unknown): HttpResult => body({ error: [], result: value });
export const refusal = (...error: string[]): HttpResult => body({ error });
