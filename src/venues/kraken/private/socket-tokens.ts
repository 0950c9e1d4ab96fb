/**
 * Tokens for the private socket (protocol reference 2.1). One lives 15 minutes; a new one is fetched at half of that, so
 * that a request always carries a young one. A token that the venue refuses is not used again.
 */
import type { Chance } from '../../../platform/chance.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { WebSocketsToken } from '../rest/kraken-rest.ts';
import type { RestFailure, RestResult } from '../rest/rest-answer.ts';

export interface SocketTokensDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly fetch: (done: (result: RestResult<WebSocketsToken>) => void) => void;
  /** Pause after a renewal that failed; up to twice as long. */
  readonly retryMs: number;
}

export type TokenResult = { readonly ok: true } | { readonly ok: false; readonly failure: RestFailure };

interface HeldToken {
  readonly text: string;
  readonly renewAtMs: number;
  readonly expiresAtMs: number;
}

export class SocketTokens {
  readonly #deps: SocketTokensDeps;
  #held: HeldToken | undefined;
  #waiting: ((result: TokenResult) => void)[] = [];
  #isFetching = false;
  #renewAtMs = Number.POSITIVE_INFINITY;

  constructor(deps: SocketTokensDeps) {
    this.#deps = deps;
  }

  /** The newest token that was neither refused nor has expired; undefined when there is none. */
  get token(): string | undefined {
    return this.#held !== undefined && this.#nowMs() < this.#held.expiresAtMs ? this.#held.text : undefined;
  }

  /** Calls `done` when a token is at hand: at once, when there is a young one. */
  obtain(done: (result: TokenResult) => void): void {
    if (this.#held !== undefined && this.#nowMs() < this.#held.renewAtMs) {
      done({ ok: true });
      return;
    }
    this.#waiting.push(done);
    this.#fetch();
  }

  /** The venue does not take it. */
  onRefused(token: string | undefined): void {
    if (token === this.#held?.text) this.#held = undefined;
  }

  /** Fetches the next one when it is time. */
  onTimer(): void {
    if (this.#nowMs() >= this.#renewAtMs) this.#fetch();
  }

  /** None is needed any more. */
  stop(): void {
    this.#renewAtMs = Number.POSITIVE_INFINITY;
    this.#waiting = [];
  }

  #fetch(): void {
    if (this.#isFetching) return;
    this.#isFetching = true;
    this.#deps.fetch((result) => this.#onFetched(result));
  }

  #onFetched(result: RestResult<WebSocketsToken>): void {
    const { chance, retryMs } = this.#deps;
    const nowMs = this.#nowMs();
    this.#isFetching = false;
    if (result.ok) {
      const { token, expiresMs } = result.value;
      this.#held = { text: token, renewAtMs: nowMs + expiresMs / 2, expiresAtMs: nowMs + expiresMs };
      this.#renewAtMs = this.#held.renewAtMs;
    } else this.#renewAtMs = nowMs + retryMs * (1 + chance.unit());
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done(result.ok ? { ok: true } : result);
  }

  #nowMs(): number {
    return this.#deps.clock.nowNs() / 1e6;
  }
}
