/** A client of the REST side without a socket: signs as the venue asks and hands over the parsed answer. */
import { createHash, createHmac } from 'node:crypto';
import type { RestAnswer, RestRequest } from '../../../src/practice/protocols/kraken/rest/rest-message.ts';

export interface Credentials {
  readonly key: string;
  readonly secret: string;
}

export type Handler = (request: RestRequest, respond: (answer: RestAnswer) => void) => void;

/** What came back: the envelope, or how the answer failed to come. */
export interface Reply {
  readonly error: string[];
  readonly result: unknown;
}

export class RestClient {
  readonly #handle: Handler;
  readonly #account: Credentials | undefined;
  #nonce = 1_700_000_000_000;

  constructor(handle: Handler, account?: Credentials) {
    this.#handle = handle;
    this.#account = account;
  }

  public(name: string, query = ''): Reply {
    const target = `/0/public/${name}${query === '' ? '' : `?${query}`}`;
    return parsed(this.raw({ method: 'GET', target, headers: {}, body: '' }));
  }

  /** A signed call with a form body. */
  private(name: string, params: Readonly<Record<string, string>> = {}): Reply {
    return parsed(this.raw(this.signed(name, params)));
  }

  /** A signed call with a JSON body. */
  json(name: string, params: object = {}): Reply {
    this.#nonce += 1;
    const body = JSON.stringify({ nonce: String(this.#nonce), ...params });
    return parsed(this.raw(this.#sign(name, String(this.#nonce), body, 'application/json')));
  }

  signed(name: string, params: Readonly<Record<string, string>> = {}): RestRequest {
    this.#nonce += 1;
    const nonce = params['nonce'] ?? String(this.#nonce);
    const body = new URLSearchParams({ nonce, ...params }).toString();
    return this.#sign(name, nonce, body, 'application/x-www-form-urlencoded');
  }

  /** The answer if it came at once. */
  raw(request: RestRequest): RestAnswer | undefined {
    let answer: RestAnswer | undefined;
    this.#handle(request, (given) => {
      answer = given;
    });
    return answer;
  }

  #sign(name: string, nonce: string, body: string, type: string): RestRequest {
    const target = `/0/private/${name}`;
    const { key = '', secret = '' } = this.#account ?? {};
    const digest = createHash('sha256')
      .update(nonce + body)
      .digest();
    const sign = createHmac('sha512', Buffer.from(secret, 'base64')).update(target).update(digest).digest('base64');
    return { method: 'POST', target, headers: { 'api-key': key, 'api-sign': sign, 'content-type': type }, body };
  }
}

export function parsed(answer: RestAnswer | undefined): Reply {
  if (answer?.kind !== 'answer') throw new Error(`no answer but ${answer?.kind}`);
  return { result: undefined, ...JSON.parse(answer.body) };
}

/** What lies under `keys` in an answer. */
export function dig(value: unknown, ...keys: readonly (string | number)[]): unknown {
  return keys.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);
}
