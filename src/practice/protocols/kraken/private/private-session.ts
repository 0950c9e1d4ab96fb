/**
 * A client of the private socket: tokens, subscriptions, trading requests. By default an answer comes before the
 * executions it causes; the venue promises neither order, and a fault can turn it round.
 */

import { textOf } from '../../../../net/exact-json.ts';
import type { Clock } from '../../../../platform/clock.ts';
import type { TradingDesk } from '../../../exchange/exchange-types.ts';
import type { TradingFaults } from '../../../faults/trading-faults.ts';
import type { Market } from '../../../market/market.ts';
import {
  ClientConnection,
  type ClientPort,
  type ConnectionCounts,
  type ConnectionLimits,
} from '../../../network/client-connection.ts';
import { REFUSAL } from '../public/public-requests.ts';
import { errorFrame, pongFrame, type ReplyHead, replyFrame, statusFrame, wireTime } from '../wire-text.ts';
import { PrivateSubscription } from './channel-subscription.ts';
import { PrivateLine } from './private-line.ts';
import {
  isTradingMethod,
  PRIVATE_CHANNELS,
  type PrivateChannel,
  type RequestHead,
  readHead,
  readSubscribe,
} from './private-request-reader.ts';
import type { SessionTokens } from './session-tokens.ts';
import { answerTrading, type TradingReply } from './trading-answers.ts';

export interface PrivateSessionDeps {
  readonly port: ClientPort;
  /** Its timers end with the exchange. */
  readonly clock: Clock;
  readonly market: Market;
  readonly desk: TradingDesk;
  readonly tokens: SessionTokens;
  readonly limits: ConnectionLimits;
  readonly counts: ConnectionCounts;
  readonly faults: TradingFaults;
  /** Number of the connection, from 1. */
  readonly number: number;
  /** Decimal text; exceeds 2^53 as the venue's do. */
  readonly connectionId: string;
  readonly onClosed: (session: PrivateSession) => void;
}

/** A request that may be carried out: it has a good token. */
interface Admitted {
  readonly request: RequestHead & { readonly method: string };
  readonly head: ReplyHead;
  readonly account: string;
  readonly receivedAtMs: number;
}

export class PrivateSession {
  readonly connection: ClientConnection;
  readonly #deps: PrivateSessionDeps;
  readonly #line: PrivateLine;
  readonly #subscriptions = new Map<PrivateChannel, PrivateSubscription>();
  /** Tokens that were used here before they expired. */
  readonly #tokensInUse = new Set<string>();
  /** A request is being answered: channel messages wait until its answer is out. */
  #answering = 0;

  constructor(deps: PrivateSessionDeps) {
    this.#deps = deps;
    this.connection = new ClientConnection(deps.port, deps.clock, deps.limits, deps.counts, {
      onRequest: (text) => this.#onRequest(text),
      onClosed: () => this.#onClosed(),
      hasSubscription: () => this.#subscriptions.size > 0,
    });
    const { clock, faults, number } = deps;
    this.#line = new PrivateLine({ connection: this.connection, clock, faults, number });
    this.sendStatus(deps.market.system);
  }

  sendStatus(system: string): void {
    this.connection.send(statusFrame(system, this.#deps.connectionId));
  }

  #onRequest(text: string): void {
    const receivedAtMs = this.#deps.clock.wallMs();
    const request = readHead(text);
    const { method, reqId } = request;
    const head = { method, reqId, timeIn: wireTime(this.#deps.clock) };
    if (method === 'ping' && request.fault === undefined) this.connection.send(pongFrame(head, this.#time()));
    else {
      const admitted = this.#admit(request, head, receivedAtMs);
      if (admitted.ok) this.#receive(admitted.value);
      else this.connection.send(errorFrame(head, admitted.error, this.#time()));
    }
  }

  #admit(
    request: RequestHead,
    head: ReplyHead,
    receivedAtMs: number,
  ): { readonly ok: true; readonly value: Admitted } | { readonly ok: false; readonly error: string } {
    const { method, params, fault } = request;
    const isSubscription = method === 'subscribe' || method === 'unsubscribe';
    if (fault !== undefined) return { ok: false, error: fault };
    if (method === undefined || !(isSubscription || isTradingMethod(method)))
      return { ok: false, error: REFUSAL.method };
    if (isSubscription && channelOf(request) === undefined) return { ok: false, error: REFUSAL.channel };
    const token = textOf(params, 'token') ?? '';
    const answer = this.#deps.tokens.accountOf(token, this.#tokensInUse.has(token));
    if (!answer.ok) return answer;
    this.#tokensInUse.add(token);
    return { ok: true, value: { request: { ...request, method }, head, account: answer.account, receivedAtMs } };
  }

  /** Faults strike a request between its arrival and the engine. */
  #receive(admitted: Admitted): void {
    const { request, account, head } = admitted;
    const { params, method } = request;
    const { faults, number, tokens, clock } = this.#deps;
    const asked = { symbol: textOf(params, 'symbol'), side: textOf(params, 'side'), method };
    const fault = faults.onRequest({ account, via: 'socket', connection: number, ...asked });
    switch (fault?.kind) {
      case 'lose':
        return;
      case 'disconnect':
        this.connection.terminate();
        return;
      case 'delay':
        clock.after(fault.ms, () => this.#carryOut(admitted));
        return;
      case 'refuse':
        if (fault.revokesToken === true) tokens.revoke(textOf(params, 'token') ?? '');
        this.connection.send(errorFrame(head, fault.error, this.#time()));
        return;
      default:
        this.#carryOut(admitted);
    }
  }

  #carryOut(admitted: Admitted): void {
    const { request } = admitted;
    this.#answering += 1;
    if (request.method === 'subscribe') this.#subscribe(admitted);
    else if (request.method === 'unsubscribe') this.#unsubscribe(admitted);
    else this.#trade(admitted);
    this.#answering -= 1;
    this.#flush();
  }

  #trade({ request, head, account, receivedAtMs }: Admitted): void {
    const { method, params } = request;
    if (!isTradingMethod(method)) return;
    for (const reply of answerTrading(this.#deps.desk, account, { method, params, receivedAtMs })) {
      this.#reply(head, account, reply);
    }
  }

  #subscribe({ request, head, account }: Admitted): void {
    const channel = channelOf(request);
    // A request that was delayed can come to a connection that has ended: nothing may listen for it.
    if (channel === undefined || !this.connection.isOpen) return;
    const options = readSubscribe(channel, request.params);
    if (!options.ok || this.#subscriptions.has(channel)) {
      this.#reply(head, account, { ok: false, error: options.ok ? REFUSAL.duplicate : options.error });
      return;
    }
    const { desk } = this.#deps;
    const onSettled = () => this.#flush();
    const deps = { channel, account, desk, line: this.#line, options: options.value, onSettled };
    const subscription = new PrivateSubscription(deps);
    this.#subscriptions.set(channel, subscription);
    this.#reply(head, account, { ok: true, result: subscription.acknowledgement });
    subscription.sendSnapshot();
  }

  #unsubscribe({ request, head, account }: Admitted): void {
    const channel = channelOf(request);
    const subscription = channel === undefined ? undefined : this.#subscriptions.get(channel);
    if (channel === undefined || subscription?.account !== account) {
      this.#reply(head, account, { ok: false, error: REFUSAL.notSubscribed });
      return;
    }
    subscription.close();
    this.#subscriptions.delete(channel);
    this.#reply(head, account, { ok: true, result: { channel } });
  }

  #reply(head: ReplyHead, account: string, reply: TradingReply): void {
    const content = {
      kind: 'reply',
      method: head.method ?? '',
      orderId: reply.ok ? reply.orderId : undefined,
    } as const;
    const asError = (error: string) => errorFrame(head, error, this.#time());
    const text = reply.ok ? replyFrame(head, reply.result, this.#time(), reply.more) : asError(reply.error);
    this.#line.reply(account, content, text, asError);
  }

  #flush(): void {
    if (this.#answering === 0) this.#line.flush();
  }

  #time(): string {
    return wireTime(this.#deps.clock);
  }

  #onClosed(): void {
    for (const subscription of this.#subscriptions.values()) subscription.close();
    this.#subscriptions.clear();
    this.#deps.onClosed(this);
  }
}

function channelOf({ params }: RequestHead): PrivateChannel | undefined {
  return PRIVATE_CHANNELS.find((channel) => channel === params['channel']);
}
