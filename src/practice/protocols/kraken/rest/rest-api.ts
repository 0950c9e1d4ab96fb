/**
 * The practice exchange's REST side without a socket: every call of the venue that a trading client needs, in the
 * venue's envelope. Its order of checks: is it readable, whose is it, is it fresh, is it allowed, is it too often.
 */
import type { AccountSpec } from '../../../exchange/accounts/account-spec.ts';
import type { Answer } from '../../../exchange/exchange-types.ts';
import type { FaultDraws } from '../../../faults/fault-plan.ts';
import { refused } from '../venue-refusals.ts';
import { isAllowed, KeyRing, type KeyState } from './key-ring.ts';
import { PRIVATE_CALLS, type PrivateCall } from './private-calls.ts';
import { PUBLIC_CALLS } from './public-calls.ts';
import { done, type RestContext } from './rest-context.ts';
import { afterFault, beforeFault } from './rest-faults.ts';
import { errorAnswer, pageAnswer, type RestAnswer, type RestRequest, resultAnswer } from './rest-message.ts';
import { paramText, type RestParams, readParams } from './rest-params.ts';

/** How late an answer comes by a fault. */
const LATE_MS = 8_000;
/** Calls that look at the market. */
const MARKET_CALLS = ['Ticker', 'Depth', 'Trades', 'OHLC', 'Spread'];

export interface RestCounts {
  requests: number;
  errors: number;
}

/** A call that may be carried out. */
interface Admitted {
  readonly call: PrivateCall;
  readonly key: KeyState;
  readonly receivedAtMs: number;
}

type Finish = (answer: Answer<unknown>) => void;

export class RestApi {
  readonly counts: RestCounts = { requests: 0, errors: 0 };
  readonly #context: RestContext;
  readonly #keys: KeyRing;
  readonly #faults: FaultDraws;

  constructor(context: RestContext, accounts: readonly AccountSpec[], faults: FaultDraws) {
    this.#context = context;
    this.#keys = new KeyRing(accounts, context.clock);
    this.#faults = faults;
  }

  /** Answers through `respond`, at once or later; by a fault never. Never throws. */
  handle(request: RestRequest, respond: (answer: RestAnswer) => void): void {
    this.counts.requests += 1;
    const [path = '', query = ''] = request.target.split('?');
    const [, side, name = ''] = /^\/0\/(public|private)\/(\w[\w/]*)$/.exec(path) ?? [];
    const params = readParams(query, request.body, request.headers['content-type']);
    if (side === undefined) respond(pageAnswer(404, 'Not Found'));
    else if (params === undefined) respond(this.#enveloped(refused('EAPI:Bad request')));
    else if (side === 'public') respond(this.#enveloped(this.#public(name, params)));
    else this.#private(name, request, params, respond);
  }

  #public(name: string, params: RestParams): Answer<unknown> {
    const call = Object.hasOwn(PUBLIC_CALLS, name) ? PUBLIC_CALLS[name] : undefined;
    if (MARKET_CALLS.includes(name)) this.#context.onMarketWanted();
    return call === undefined ? refused('EGeneral:Unknown method') : call(this.#context, params);
  }

  #private(name: string, request: RestRequest, params: RestParams, respond: (answer: RestAnswer) => void): void {
    const before = beforeFault(this.#faults);
    if (before !== undefined) {
      if (before !== 'silence') respond(before);
      return;
    }
    this.#authorised(name, request, params, (result) => {
      const answer = this.#enveloped(result);
      const after = afterFault(this.#faults, answer);
      if (after === 'late') this.#context.clock.after(LATE_MS, () => respond(answer));
      else respond(after ?? answer);
    });
  }

  #authorised(name: string, request: RestRequest, params: RestParams, finish: Finish): void {
    const found = this.#admit(name, request, params);
    if (!found.ok) finish(found);
    else if (found.value.call.places === true) this.#place(name, found.value, params, finish);
    else finish(this.#run(found.value, params));
  }

  #admit(name: string, request: RestRequest, params: RestParams): Answer<Admitted> {
    if (request.method !== 'POST') return refused('EGeneral:Unknown method');
    const checked = this.#keys.check(request, paramText(params, 'nonce'));
    if (!checked.ok) return checked;
    const { key } = checked;
    if (this.#faults.strikes('nonce-refused')) return refused('EAPI:Invalid nonce');
    const call = Object.hasOwn(PRIVATE_CALLS, name) ? PRIVATE_CALLS[name] : undefined;
    if (call === undefined) return refused('EGeneral:Unknown method');
    if (!isAllowed(key, call.permissions)) return refused('EGeneral:Permission denied');
    if (!key.counter.tryAdd(call.cost, this.#context.clock.nowNs()) || this.#faults.strikes('rest-rate-limited')) {
      return refused('EAPI:Rate limit exceeded');
    }
    return done({ call, key, receivedAtMs: this.#context.clock.wallMs() });
  }

  #place(name: string, admitted: Admitted, params: RestParams, finish: Finish): void {
    const { onMarketWanted, tradingFaults, names, clock } = this.#context;
    onMarketWanted();
    const request = { account: admitted.key.account.name, via: 'rest', connection: 0, method: name } as const;
    const symbol = names.symbolOf(paramText(params, 'pair') ?? '');
    const before = tradingFaults.onRequest({ ...request, symbol, side: paramText(params, 'type') });
    const place = (): void => {
      const answer = this.#run(admitted, params);
      const content = {
        kind: 'reply',
        method: name,
        orderId: answer.ok ? orderIdOf(answer.value) : undefined,
      } as const;
      const lie = tradingFaults.onFrame({ ...request, content });
      finish(lie?.kind === 'error' ? refused(lie.error) : answer);
    };
    if (before?.kind === 'refuse') finish(refused(before.error));
    else if (before?.kind === 'delay') clock.after(before.ms, place);
    else place();
  }

  /** A doubtful error comes after the call was carried out, any other instead of it. */
  #run({ call, key, receivedAtMs }: Admitted, params: RestParams): Answer<unknown> {
    const { name: account } = key.account;
    const error = call.places === true ? undefined : this.#faults.errorAt('rest', this.#context.clock.wallMs());
    if (error !== undefined && !error.isDoubtful) return refused(error.text);
    const answer = call.run({ ...this.#context, key, account, receivedAtMs }, params);
    return error === undefined ? answer : refused(error.text);
  }

  #enveloped(answer: Answer<unknown>): RestAnswer {
    if (answer.ok) return resultAnswer(answer.value);
    this.counts.errors += 1;
    return errorAnswer(answer.error);
  }
}

/** The id in an answer to AddOrder (a list of one) or to EditOrder; of a batch, that of the first order that was taken. */
function orderIdOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('orders' in value && Array.isArray(value.orders))
    return value.orders.map(orderIdOf).find((id) => id !== undefined);
  const [first] = 'txid' in value ? [value.txid].flat() : [];
  return typeof first === 'string' ? first : undefined;
}
