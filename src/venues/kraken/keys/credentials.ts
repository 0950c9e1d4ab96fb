/**
 * A key of the venue and what it signs with (protocol reference 3.5). The secret goes in and never comes out: not as
 * text, not as JSON, not in what the debugger prints.
 */
import { createHash, createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { arbitradeError } from '../../../platform/errors.ts';

export class Credentials {
  /** The public half: sent with every private request. */
  readonly key: string;
  readonly #secret: Buffer;

  /** @throws CREDENTIALS_INVALID, without naming either half, when they cannot be ones of Kraken's. */
  constructor(key: string, secret: string) {
    if (!/^[\x21-\x7e]{1,256}$/.test(key)) throw arbitradeError('CREDENTIALS_INVALID', 'key', 'printable text');
    const bytes = Buffer.from(secret, 'base64');
    // Node's decoder skips what is no base64; a secret that does not encode back to the same text is damaged.
    if (bytes.length < 16 || unpadded(bytes.toString('base64')) !== unpadded(secret)) {
      throw arbitradeError('CREDENTIALS_INVALID', 'secret', 'base64 of at least 16 bytes');
    }
    this.key = key;
    this.#secret = bytes;
  }

  /**
   * `API-Sign` of a request: base64(HMAC-SHA512(secret, path + SHA256(nonce + body))). `path` has neither host nor
   * query; `body` is exactly what is sent and contains the nonce.
   */
  sign(path: string, nonce: string, body: string): string {
    const digest = createHash('sha256').update(nonce).update(body).digest();
    return createHmac('sha512', this.#secret).update(path).update(digest).digest('base64');
  }

  toJSON(): string {
    return `key ${this.key.slice(0, 4)}…`;
  }

  toString(): string {
    return this.toJSON();
  }

  [inspect.custom](): string {
    return this.toJSON();
  }
}

function unpadded(base64: string): string {
  return base64.replace(/=+$/, '');
}
