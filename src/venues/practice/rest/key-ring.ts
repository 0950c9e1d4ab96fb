/**
 * The keys of the practice exchange: signature, nonce, permissions and how often each may call. Written from the
 * protocol reference (3.5, 4.1) alone; shares no code with the adapter that signs.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../../shared/clock.ts';
import type { AccountSpec, Permission } from '../account-spec.ts';
import { CallCounter } from './call-counter.ts';
import type { RestRequest } from './rest-message.ts';

const NONCE_MAX = 2n ** 64n - 1n;
/** Refusals of one key within a minute after which it is locked out, and for how long (protocol reference 4.1). */
const REFUSALS_MAX = 60;
const REFUSALS_WITHIN_MS = 60_000;
const LOCKOUT_MS = 900_000;

/** A key and what has come with it so far. */
export interface KeyState {
  readonly account: AccountSpec;
  readonly secret: Buffer;
  readonly counter: CallCounter;
  readonly createdMs: number;
  /** The highest nonce so far. */
  nonce: bigint;
  /** Nonces below it that its window allows and that came already. */
  readonly usedNonces: Set<bigint>;
  lastUsedMs: number | undefined;
  refusalsMs: number[];
  lockedUntilMs: number;
}

export type KeyCheck = { readonly ok: true; readonly key: KeyState } | { readonly ok: false; readonly error: string };

export class KeyRing {
  readonly #clock: Clock;
  readonly #keys = new Map<string, KeyState>();

  constructor(accounts: readonly AccountSpec[], clock: Clock) {
    this.#clock = clock;
    for (const account of accounts) {
      this.#keys.set(account.key, {
        account,
        secret: Buffer.from(account.secret, 'base64'),
        counter: new CallCounter(account.rateTier, clock),
        createdMs: clock.wallMs(),
        nonce: -1n,
        usedNonces: new Set(),
        lastUsedMs: undefined,
        refusalsMs: [],
        lockedUntilMs: 0,
      });
    }
  }

  /** Whose request it is: the signature is over path, nonce and the exact body. `nonce` is the body's, as text. */
  check(request: RestRequest, nonce: string | undefined): KeyCheck {
    const key = this.#keys.get(request.headers['api-key'] ?? '');
    if (key === undefined) return { ok: false, error: 'EAPI:Invalid key' };
    if (this.#clock.nowNs() / 1e6 < key.lockedUntilMs) return { ok: false, error: 'EGeneral:Temporary lockout' };
    const error = this.#refusal(key, request, nonce);
    if (error === undefined) key.lastUsedMs = this.#clock.wallMs();
    else this.#countRefusal(key);
    return error === undefined ? { ok: true, key } : { ok: false, error };
  }

  #refusal(key: KeyState, request: RestRequest, nonce: string | undefined): string | undefined {
    if (nonce === undefined || !/^\d{1,20}$/.test(nonce) || BigInt(nonce) > NONCE_MAX) return 'EAPI:Invalid nonce';
    if (!isSigned(key.secret, request, nonce)) return 'EAPI:Invalid signature';
    return takeNonce(key, BigInt(nonce)) ? undefined : 'EAPI:Invalid nonce';
  }

  #countRefusal(key: KeyState): void {
    const now = this.#clock.nowNs() / 1e6;
    key.refusalsMs = [...key.refusalsMs.filter((at) => now - at < REFUSALS_WITHIN_MS), now];
    if (key.refusalsMs.length > REFUSALS_MAX) key.lockedUntilMs = now + LOCKOUT_MS;
  }
}

/** Any one of them is enough. */
export function isAllowed(key: KeyState, permissions: readonly Permission[]): boolean {
  return permissions.length === 0 || permissions.some((one) => key.account.permissions.includes(one));
}

function isSigned(secret: Buffer, { target, headers, body }: RestRequest, nonce: string): boolean {
  const given = Buffer.from(headers['api-sign'] ?? '', 'base64');
  const [path = ''] = target.split('?');
  // With a query some clients sign the whole target, others the path alone.
  return [path, target].some((signed) => {
    const wanted = createHmac('sha512', secret)
      .update(signed)
      .update(createHash('sha256').update(nonce).update(body).digest())
      .digest();
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

/** Strictly greater than any before; within the key's window lower ones too, each once. */
function takeNonce(key: KeyState, nonce: bigint): boolean {
  const lowest = key.nonce - BigInt(key.account.nonceWindow);
  if (nonce <= key.nonce && (nonce <= lowest || key.usedNonces.has(nonce))) return false;
  if (nonce > key.nonce) key.nonce = nonce;
  if (key.account.nonceWindow > 0) {
    key.usedNonces.add(nonce);
    const floor = key.nonce - BigInt(key.account.nonceWindow);
    for (const used of key.usedNonces) if (used <= floor) key.usedNonces.delete(used);
  }
  return true;
}
