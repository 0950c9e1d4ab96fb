/**
 * Calls of Kraken's REST side. Callbacks; each is called exactly once, never before `call` returns.
 *
 *   call ─▶ lane (private: strictly one after the other) ─▶ counter ─▶ nonce, signature ─▶ HttpPort
 *     ▲                                                                                       │
 *     └── again: only what is repeatable, after a pause, within the budget ◀── readAnswer ◀───┘
 *
 * The venue judges nonces by the order of arrival: a private request leaves when the one before is answered or given up.
 * An order is never made again here, with any answer.
 */

import { DecayingCounter } from '../../../net/limiters/decaying-counter.ts';
import { SlidingWindow } from '../../../net/limiters/sliding-window.ts';
import { RETRY_DEFAULTS, RetryBudget } from '../../../net/retry-budget.ts';
import type { HttpPort, HttpRequest, HttpResult } from '../../../net/transport.ts';
import type { Chance } from '../../../platform/chance.ts';
import type { CancelTimer, Clock } from '../../../platform/clock.ts';
import { type ArbitradeError, reasonOf } from '../../../platform/errors.ts';
import type { Credentials } from '../keys/credentials.ts';
import type { NonceSource } from '../keys/nonce-source.ts';
import { type RateTier, REST_LIMITS } from '../rate-tier.ts';
import { KeyStanding } from './key-standing.ts';
import { failed, type RestFailure, type RestResult, readAnswer } from './rest-answer.ts';
import { ENDPOINTS, type EndpointName } from './rest-endpoints.ts';
import { type RestCall, RestLane } from './rest-lane.ts';

/** Parameters of a call, in the order they are sent in. */
export type RestParams = Readonly<Record<string, string>>;
export type RestDone = (result: RestResult<unknown>) => void;

export interface RestAccount {
  readonly credentials: Credentials;
  readonly nonces: NonceSource;
  /** Static second factor of the key, when it has one. */
  readonly otp?: string;
}

/** What the client reports beside the answers. */
export type RestNotice =
  | { readonly type: 'repeated'; readonly endpoint: EndpointName; readonly why: string; readonly waitMs: number }
  /** The venue's counter was ahead of ours: our model is off, or another client uses this key. */
  | { readonly type: 'rate_exceeded'; readonly endpoint: EndpointName; readonly text: string }
  | { readonly type: 'nonce_refused'; readonly endpoint: EndpointName }
  /** Nothing is sent for this long: asking would begin the venue's clock anew. */
  | { readonly type: 'locked_out'; readonly forMs: number };

export interface RestClientDeps {
  readonly http: HttpPort;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Without path: `https://api.kraken.com`. */
  readonly baseUrl: string;
  readonly timeoutMs: number;
  /** Attempts of one question, the first included. */
  readonly attemptsMax: number;
  /** Tier to count by until the venue has reported it. */
  readonly tier: RateTier;
  /** Absent: public calls only. */
  readonly account?: RestAccount | undefined;
  readonly onNotice: (notice: RestNotice) => void;
}

/** Protocol reference 4.1: "about 15 minutes". */
const LOCKOUT_MS = 15 * 60_000;
/** A request without an answer is taken to have arrived after this long at the latest. */
const LATE_MS = 30_000;
/** The venue asks for a pause until a time; a longer one than this means that a clock is wrong. */
const THROTTLED_MAX_MS = 60_000;
/** Public calls: one a second is considered safe (reference 4.1). */
const PUBLIC_PACE = { max: 1, spanNs: 1e9 };
const CALLS_WAITING_MAX = 256;
/** Repetitions of one call for its nonce: more than it takes to find a key lost. */
const NONCE_ATTEMPTS_MAX = 5;
const USER_AGENT = 'arbitrade';

export class RestClient {
  readonly #deps: RestClientDeps;
  readonly #retries: RetryBudget;
  readonly #counter: DecayingCounter;
  readonly #publicPace = new SlidingWindow(PUBLIC_PACE);
  readonly #private = new RestLane();
  readonly #public = new RestLane();
  readonly #key = new KeyStanding();
  readonly #timers = new Set<CancelTimer>();
  /** Calls that are made again after a pause. */
  readonly #pausing = new Set<RestCall>();
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #lockedUntilMs = Number.NEGATIVE_INFINITY;
  #isStopped = false;
  #onKeyLost: (why: ArbitradeError) => void = () => {};

  constructor(deps: RestClientDeps) {
    this.#deps = deps;
    this.#retries = new RetryBudget({ ...RETRY_DEFAULTS, attemptsMax: deps.attemptsMax }, deps.chance);
    this.#counter = new DecayingCounter(REST_LIMITS[deps.tier]);
  }

  /** The account's tier, once the venue has reported it. */
  setTier(tier: RateTier): void {
    this.#counter.set(REST_LIMITS[tier], this.#deps.clock.nowNs());
  }

  /** Has `take` called once the venue takes the key no more: nothing is asked with it from then on. */
  whenKeyLost(take: (why: ArbitradeError) => void): void {
    this.#onKeyLost = take;
  }

  /** Makes a call. Numbers of the result are texts, as the venue wrote them. */
  call(endpoint: EndpointName, params: RestParams, done: RestDone): void {
    const call: RestCall = { endpoint, params, done, attempts: 0 };
    const refusal = this.#refusal(endpoint);
    if (refusal === undefined) this.#enqueue(call);
    else this.#deps.clock.after(0, () => done(refusal)); // also when it is stopped before
  }

  /** Ends every call that waits as not sent. The one that is out is still answered. */
  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    const stopped = failed('not_sent', 'not_possible', 'the client was stopped', 'never');
    const waiting = [...this.#private.takeAll(), ...this.#public.takeAll(), ...this.#pausing];
    this.#pausing.clear();
    for (const call of waiting) call.done(stopped);
  }

  #refusal(endpoint: EndpointName): RestResult<never> | undefined {
    const cannot = (why: string) => failed('not_sent', 'not_possible', why, 'never');
    if (this.#isStopped) return cannot('the client was stopped');
    if (ENDPOINTS[endpoint].isPrivate && this.#deps.account === undefined) return cannot(`${endpoint} needs a key`);
    if (ENDPOINTS[endpoint].isPrivate && this.#key.lost !== undefined) return keyLost(this.#key.lost);
    if (this.#lane(endpoint).waiting >= CALLS_WAITING_MAX) return cannot(`${CALLS_WAITING_MAX} calls wait already`);
    return this.#nowMs() < this.#lockedUntilMs ? lockedOut() : undefined;
  }

  #lane(endpoint: EndpointName): RestLane {
    return ENDPOINTS[endpoint].isPrivate ? this.#private : this.#public;
  }

  #enqueue(call: RestCall): void {
    const lane = this.#lane(call.endpoint);
    lane.add(call);
    this.#later(0, () => this.#pump(lane));
  }

  #pump(lane: RestLane): void {
    const next = lane.next;
    if (next === undefined) return;
    const waitMs = this.#waitMs(next.endpoint);
    if (waitMs > 0) {
      if (Number.isFinite(waitMs)) lane.wakeAt(this.#nowMs() + waitMs, (at) => this.#wake(lane, at));
      return;
    }
    const call = lane.begin();
    if (call !== undefined) this.#send(lane, call);
  }

  #wake(lane: RestLane, atMs: number): void {
    this.#later(Math.max(0, atMs - this.#nowMs()), () => {
      lane.woken();
      this.#pump(lane);
    });
  }

  #waitMs(endpoint: EndpointName): number {
    const nowNs = this.#deps.clock.nowNs();
    const { isPrivate, points } = ENDPOINTS[endpoint];
    const ownNs = isPrivate ? this.#counter.waitNs(points, nowNs) : this.#publicPace.waitNs(nowNs);
    return Math.max(0, ownNs / 1e6, this.#pausedUntilMs - this.#nowMs());
  }

  #send(lane: RestLane, call: RestCall): void {
    let request: HttpRequest;
    try {
      request = this.#requestOf(call);
    } catch (thrown) {
      // The nonce could not be written down: sending without that could use it twice.
      this.#finish(lane, call, failed('not_sent', 'not_possible', reasonOf(thrown), 'never'));
      return;
    }
    const { points, isPrivate } = ENDPOINTS[call.endpoint];
    if (isPrivate) this.#counter.begin(points);
    else this.#publicPace.note(this.#deps.clock.nowNs());
    this.#deps.http.request(request, (http) => this.#onAnswer(lane, call, http));
  }

  #requestOf({ endpoint, params }: RestCall): HttpRequest {
    const { baseUrl, timeoutMs, account } = this.#deps;
    const { isPrivate } = ENDPOINTS[endpoint];
    const path = `/0/${isPrivate ? 'private' : 'public'}/${endpoint}`;
    if (!isPrivate || account === undefined) {
      const query = formOf(params);
      const url = `${baseUrl}${path}${query === '' ? '' : `?${query}`}`;
      return { method: 'GET', url, headers: { 'User-Agent': USER_AGENT }, body: '', timeoutMs };
    }
    const nonce = this.#nextNonce(account.nonces).toString();
    const body = formOf({ nonce, ...params, ...(account.otp === undefined ? {} : { otp: account.otp }) });
    const headers = {
      'User-Agent': USER_AGENT,
      'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
      'API-Key': account.credentials.key,
      'API-Sign': account.credentials.sign(path, nonce, body),
    };
    return { method: 'POST', url: baseUrl + path, headers, body, timeoutMs };
  }

  #nextNonce(nonces: NonceSource): bigint {
    const { nonceSkip } = this.#key;
    return nonceSkip === 0n ? nonces.next() : nonces.skip(nonceSkip);
  }

  #onAnswer(lane: RestLane, call: RestCall, http: HttpResult): void {
    this.#settle(call.endpoint, http);
    const answer = readAnswer(http);
    if (!answer.ok) this.#heed(call, answer.failure);
    if (ENDPOINTS[call.endpoint].isPrivate) {
      if (this.#key.onAnswer(answer.ok ? undefined : answer.failure)) this.#loseKey();
      if (this.#key.lost !== undefined && !answer.ok) {
        this.#finish(lane, call, keyLost(this.#key.lost));
        return;
      }
    }
    const waitMs = answer.ok ? undefined : this.#repeatAfterMs(call, answer.failure);
    if (answer.ok || waitMs === undefined) {
      this.#finish(lane, call, answer);
      return;
    }
    this.#deps.onNotice({ type: 'repeated', endpoint: call.endpoint, why: answer.failure.text, waitMs });
    const next = { ...call, attempts: call.attempts + 1 };
    this.#pausing.add(next);
    this.#later(waitMs, () => this.#again(next));
    this.#release(lane);
  }

  /** Its turn comes again, unless nothing may be sent by now. */
  #again(call: RestCall): void {
    this.#pausing.delete(call);
    const refusal = this.#refusal(call.endpoint);
    if (refusal === undefined) this.#enqueue(call);
    else call.done(refusal);
  }

  #settle(endpoint: EndpointName, http: HttpResult): void {
    const { isPrivate, points } = ENDPOINTS[endpoint];
    if (!isPrivate) return;
    if (http.ok) this.#counter.settle(points, this.#deps.clock.nowNs());
    else if (http.neverSent) this.#counter.abandon(points);
    else this.#later(LATE_MS, () => this.#onLate(points));
  }

  #onLate(points: number): void {
    this.#counter.settle(points, this.#deps.clock.nowNs());
    this.#pump(this.#private);
  }

  /** What an error says about calls to come. */
  #heed({ endpoint }: RestCall, { topic, retryAtS, text }: RestFailure): void {
    if (topic === 'lockout') this.#lockOut();
    if (topic === 'nonce') this.#deps.onNotice({ type: 'nonce_refused', endpoint });
    if (topic !== 'rate_limit') return;
    if (ENDPOINTS[endpoint].points > 0) this.#counter.fill(this.#deps.clock.nowNs());
    this.#deps.onNotice({ type: 'rate_exceeded', endpoint, text });
    if (retryAtS === undefined) return;
    const pauseMs = Math.min(THROTTLED_MAX_MS, retryAtS * 1_000 - this.#deps.clock.wallMs());
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#nowMs() + pauseMs);
  }

  /** What waits is answered; the holder of the client is given the reason. */
  #loseKey(): void {
    const why = this.#key.lost;
    if (why === undefined) return;
    this.#onKeyLost(why);
    for (const call of this.#private.takeAll()) call.done(keyLost(why));
  }

  #lockOut(): void {
    this.#lockedUntilMs = this.#nowMs() + LOCKOUT_MS;
    this.#deps.onNotice({ type: 'locked_out', forMs: LOCKOUT_MS });
    for (const lane of [this.#private, this.#public]) for (const call of lane.takeAll()) call.done(lockedOut());
  }

  /** Milliseconds until the same call is made again; undefined when it is not. */
  #repeatAfterMs(call: RestCall, { repeatable, topic }: RestFailure): number | undefined {
    if (!ENDPOINTS[call.endpoint].isRepeatable || this.#isStopped) return undefined;
    if (repeatable === 'later') return this.#retries.tryTake(call.attempts + 1, this.#deps.clock.nowNs());
    return topic === 'nonce' && call.attempts < NONCE_ATTEMPTS_MAX ? 0 : undefined;
  }

  #finish(lane: RestLane, call: RestCall, result: RestResult<unknown>): void {
    this.#release(lane);
    call.done(result);
  }

  #release(lane: RestLane): void {
    lane.end();
    this.#later(0, () => this.#pump(lane));
  }

  #nowMs(): number {
    return this.#deps.clock.nowNs() / 1e6;
  }

  #later(delayMs: number, run: () => void): void {
    const cancel = this.#deps.clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
  }
}

/** `application/x-www-form-urlencoded`: what is signed is what is sent. */
function formOf(params: RestParams): string {
  return new URLSearchParams(params).toString();
}

function keyLost({ message }: ArbitradeError): RestResult<never> {
  return failed('not_sent', 'key_lost', message, 'never');
}

function lockedOut(): RestResult<never> {
  return failed(
    'not_sent',
    'lockout',
    'the venue has locked this key out; nothing is sent until that is over',
    'never',
  );
}
