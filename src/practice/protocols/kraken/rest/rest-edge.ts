/** The REST side on node's HTTP server: reads a request whole, within limits, and writes the answer. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RestApi } from './rest-api.ts';
import { errorAnswer, pageAnswer, type RestAnswer } from './rest-message.ts';

/** The longest body a client may send; no call needs a tenth of it. */
const BODY_BYTES_MAX = 65_536;

export function serveRest(api: RestApi, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('error', () => request.destroy());
  response.on('error', () => response.destroy());
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
    else if (!response.headersSent) refuseLong(response);
  });
  request.on('end', () => {
    if (response.headersSent) return;
    const body = Buffer.concat(chunks);
    if (!isUtf8(body)) return write(response, errorAnswer('EAPI:Bad request'));
    const { method = 'GET', url = '/' } = request;
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    api.handle({ method, target: url, headers, body: body.toString('utf8') }, (answer) => write(response, answer));
  });
}

function refuseLong(response: ServerResponse): void {
  response.setHeader('connection', 'close');
  write(response, pageAnswer(413, 'Payload Too Large'));
}

function write(response: ServerResponse, answer: RestAnswer): void {
  if (response.destroyed) return;
  if (answer.kind === 'cut') {
    response.socket?.destroy();
    return;
  }
  const { status, contentType, body } = answer;
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
