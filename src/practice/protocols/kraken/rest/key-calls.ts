/** What a key can ask about itself, and the token it opens the private socket with (protocol reference 2.1, 3.3). */
import type { Answer } from '../../../exchange/exchange-types.ts';
import { type CallContext, done } from './rest-context.ts';

export function webSocketsToken({ issueToken, account }: CallContext): Answer<unknown> {
  const { token, expiresS } = issueToken(account);
  return done({ token, expires: expiresS });
}

/** Times are Unix seconds as text, `0` where there is none. */
export function apiKeyInfo({ key }: CallContext): Answer<unknown> {
  const seconds = (wallMs: number) => String(Math.floor(wallMs / 1_000));
  return done({
    apiKeyName: key.account.name,
    apiKey: key.account.key,
    nonce: String(key.nonce),
    nonceWindow: String(key.account.nonceWindow),
    permissions: key.account.permissions,
    iban: '',
    validUntil: '0',
    queryFrom: '0',
    queryTo: '0',
    createdTime: seconds(key.createdMs),
    modifiedTime: seconds(key.createdMs),
    ipAllowlist: [],
    lastUsed: key.lastUsedMs === undefined ? null : seconds(key.lastUsedMs),
  });
}
