/**
 * The keys of the practice exchange: signature, nonce, permissions and how often each may call. Written from the
 * protocol reference (3.5, 4.1) alone; shares no code with the adapter that signs.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { DecayingCounter } from '../../../../net/limiters/decaying-counter.ts';
import { SlidingWindow } from '../../../../net/limiters/sliding-window.ts';
import type { Clock } from '../../../../platform/clock.ts';
import type { AccountSpec, Permission } from '../../../exchange/accounts/account-spec.ts';
import { CALL_LIMITS } from './call-limits.ts';
import type { RestRequest } from './rest-message.ts';

const NONCE_MAX = 2n ** 64n - 1n;
/** Refusals of one key within a minute after which it is locked out, and for how long (protocol reference 4.1). */
const REFUSALS = { max: 60, spanNs: 60e9 };
const LOCKOUT_MS = 900_000;
const SECONDS_DIGITS = 10;
const DAY_S = 86_400;

/** A key and its use so far. */
export interface KeyState {
  readonly account: AccountSpec;
  readonly secret: Buffer;
  /** How often it has called. */
  readonly counter: DecayingCounter;
  readonly createdMs: number;
  /** The highest nonce so far. */
  nonce: bigint;
  /** The highest nonce of each scale, by its digits. */
  readonly marks: Map<number, bigint>;
  /** Nonces below it that its window allows and that came already. */
  readonly usedNonces: Set<bigint>;
  lastUsedMs: number | undefined;
  readonly refusals: SlidingWindow;
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
        counter: new DecayingCounter(CALL_LIMITS[account.rateTier]),
        createdMs: clock.wallMs(),
        nonce: -1n,
        marks: new Map(),
        usedNonces: new Set(),
        lastUsedMs: undefined,
        refusals: new SlidingWindow(REFUSALS),
        lockedUntilMs: 0,
      });
    }
  }

  /** Whose request it is: the signature is over path, nonce and the exact body. `nonce` is the body's, as text. */
  check(request: RestRequest, nonce: string | undefined): KeyCheck {
    const key = this.#keys.get(request.headers['api-key'] ?? '');
    if (key === undefined) return { ok: false, error: 'EAPI:Invalid key' };
    const nowMs = this.#clock.nowNs() / 1e6;
    if (nowMs < key.lockedUntilMs) {
      key.lockedUntilMs = nowMs + LOCKOUT_MS; // trying again begins the time anew (protocol reference 3.6)
      return { ok: false, error: 'EGeneral:Temporary lockout' };
    }
    const error = this.#refusal(key, request, nonce);
    if (error === undefined) key.lastUsedMs = this.#clock.wallMs();
    else this.#countRefusal(key);
    return error === undefined ? { ok: true, key } : { ok: false, error };
  }

  #refusal(key: KeyState, request: RestRequest, nonce: string | undefined): string | undefined {
    if (nonce === undefined || !/^\d{1,20}$/.test(nonce) || BigInt(nonce) > NONCE_MAX) return 'EAPI:Invalid nonce';
    if (!isSigned(key.secret, request, nonce)) return 'EAPI:Invalid signature';
    return takeNonce(key, nonce, this.#clock.wallMs()) ? undefined : 'EAPI:Invalid nonce';
  }

  #countRefusal(key: KeyState): void {
    const nowNs = this.#clock.nowNs();
    if (!key.refusals.tryTake(nowNs)) key.lockedUntilMs = nowNs / 1e6 + LOCKOUT_MS;
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
function takeNonce(key: KeyState, text: string, wallMs: number): boolean {
  const nonce = BigInt(text);
  const { nonceWindow, nonceScales } = key.account;
  const scale = nonceScales === 'each' ? scaleOf(text, wallMs) : 0;
  const mark = scale === 0 ? key.nonce : (key.marks.get(scale) ?? -1n);
  if (nonce <= mark && (nonce <= mark - BigInt(nonceWindow) || key.usedNonces.has(nonce))) return false;
  if (nonce > mark) key.marks.set(scale, nonce);
  if (nonce > key.nonce) key.nonce = nonce;
  if (nonceWindow > 0) rememberNonce(key, nonce, mark - BigInt(nonceWindow));
  return true;
}

function rememberNonce(key: KeyState, nonce: bigint, floor: bigint): void {
  key.usedNonces.add(nonce);
  for (const used of key.usedNonces) if (used <= floor) key.usedNonces.delete(used);
}

/** Digits of a nonce that is the present time in some unit, from seconds to nanoseconds; 0 for any other. */
function scaleOf(nonce: string, wallMs: number): number {
  const seconds = Number(nonce.slice(0, SECONDS_DIGITS));
  return nonce.length >= SECONDS_DIGITS && Math.abs(seconds - wallMs / 1_000) < DAY_S ? nonce.length : 0;
}
