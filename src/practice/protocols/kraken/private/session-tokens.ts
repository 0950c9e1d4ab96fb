/**
 * Tokens of the private socket. A token must be used within 15 minutes of its making; the connection that used it in time
 * may go on using it (protocol reference 2.1: for order requests on a live connection the venue does not say).
 */
import type { Chance } from '../../../../platform/chance.ts';
import type { Clock } from '../../../../platform/clock.ts';
import { ExchangeIds } from '../../../exchange/exchange-ids.ts';

const EXPIRES_S = 900;

const TOKEN_REFUSAL = {
  unknown: 'EAPI:Invalid token',
  expired: 'ESession:Invalid session',
} as const;

export interface IssuedToken {
  readonly token: string;
  /** Seconds that it may wait for its first use. */
  readonly expiresS: number;
}

interface TokenState {
  readonly account: string;
  readonly issuedNs: number;
  isRevoked: boolean;
}

/** `error` is the venue's text. */
export type TokenAnswer =
  | { readonly ok: true; readonly account: string }
  | { readonly ok: false; readonly error: string };

export class SessionTokens {
  readonly #clock: Clock;
  readonly #ids: ExchangeIds;
  readonly #tokens = new Map<string, TokenState>();

  constructor(clock: Clock, chance: Chance) {
    this.#clock = clock;
    this.#ids = new ExchangeIds(chance);
  }

  issue(account: string): IssuedToken {
    const token = this.#ids.token();
    this.#tokens.set(token, { account, issuedNs: this.#clock.nowNs(), isRevoked: false });
    return { token, expiresS: EXPIRES_S };
  }

  /** @param isInUse the connection has used it before it expired. */
  accountOf(token: string, isInUse: boolean): TokenAnswer {
    const state = this.#tokens.get(token);
    if (state === undefined) return { ok: false, error: TOKEN_REFUSAL.unknown };
    const isFresh = this.#clock.nowNs() - state.issuedNs <= EXPIRES_S * 1e9;
    if (state.isRevoked || !(isFresh || isInUse)) return { ok: false, error: TOKEN_REFUSAL.expired };
    return { ok: true, account: state.account };
  }

  /** From now on it is refused as expired, also where it is in use. */
  revoke(token: string): void {
    const state = this.#tokens.get(token);
    if (state !== undefined) state.isRevoked = true;
  }
}
