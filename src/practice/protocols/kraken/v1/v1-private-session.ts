/**
 * A client of the private socket in its first version: `openOrders`, `ownTrades`, and orders with the parameters that REST
 * has. Tokens, and faults of requests and frames, are those of v2.
 */

import { isObject, type JsonObject, textOf } from '../../../../net/exact-json.ts';
import { TIER_LIMITS } from '../../../exchange/rate-counter.ts';
import {
  ClientConnection,
  type ClientPort,
  type ConnectionCounts,
  type ConnectionLimits,
} from '../../../network/client-connection.ts';
import { PrivateLine } from '../private/private-line.ts';
import type { SessionTokens } from '../private/session-tokens.ts';
import type { RestContext } from '../rest/rest-context.ts';
import { systemStatusFrame, V1_HEARTBEAT } from './v1-frames.ts';
import { isV1Trading, type V1Answer, v1Trade } from './v1-orders.ts';
import { V1_PRIVATE_CHANNELS, type V1PrivateChannel, V1PrivateSubscription } from './v1-private-channel.ts';
import { readV1Head, V1_REFUSAL, type V1Head, v1ReplyFrame, v1StatusFrame } from './v1-requests.ts';

export interface V1PrivateDeps {
  readonly port: ClientPort;
  readonly context: RestContext;
  readonly tokens: SessionTokens;
  readonly limits: ConnectionLimits;
  readonly counts: ConnectionCounts;
  /** Number of the connection, from 1. */
  readonly number: number;
  /** Decimal text; exceeds 2^53 as the venue's do. */
  readonly connectionId: string;
  readonly onClosed: (session: V1PrivateSession) => void;
}

interface Admitted {
  readonly head: V1Head & { readonly event: string };
  readonly account: string;
  readonly receivedAtMs: number;
}

export class V1PrivateSession {
  readonly connection: ClientConnection;
  readonly #deps: V1PrivateDeps;
  readonly #line: PrivateLine;
  readonly #subscriptions = new Map<V1PrivateChannel, V1PrivateSubscription>();
  /** Tokens that were used here before they expired. */
  readonly #tokensInUse = new Set<string>();
  /** A request is being answered: channel messages wait until its answer is out. */
  #answering = 0;

  constructor(deps: V1PrivateDeps) {
    this.#deps = deps;
    const { clock, tradingFaults: faults, market } = deps.context;
    this.connection = new ClientConnection(deps.port, clock, deps.limits, deps.counts, {
      heartbeat: V1_HEARTBEAT,
      onRequest: (text) => this.#onRequest(text),
      onClosed: () => this.#onClosed(),
      hasSubscription: () => this.#subscriptions.size > 0,
    });
    this.#line = new PrivateLine({ connection: this.connection, clock, faults, number: deps.number });
    this.sendStatus(market.system);
  }

  sendStatus(system: string): void {
    this.connection.send(systemStatusFrame(system, this.#deps.connectionId));
  }

  #onRequest(text: string): void {
    const receivedAtMs = this.#deps.context.clock.wallMs();
    const head = readV1Head(text);
    const { event, reqId, message, fault } = head;
    if (fault !== undefined) this.#say(v1ReplyFrame('error', reqId, { errorMessage: fault, status: 'error' }));
    else if (event === 'ping') this.#say(v1ReplyFrame('pong', reqId, {}));
    else if (event === 'subscribe' || event === 'unsubscribe') {
      const { subscription } = message;
      this.#admit({ ...head, event }, isObject(subscription) ? subscription : {}, receivedAtMs);
    } else if (event !== undefined && isV1Trading(event)) this.#admit({ ...head, event }, message, receivedAtMs);
    else this.#say(v1ReplyFrame('error', reqId, { errorMessage: V1_REFUSAL.event, status: 'error' }));
  }

  /** @param holder what holds the token. */
  #admit(head: Admitted['head'], holder: JsonObject, receivedAtMs: number): void {
    const token = textOf(holder, 'token') ?? '';
    const owner = this.#deps.tokens.accountOf(token, this.#tokensInUse.has(token));
    if (!owner.ok) this.#say(failure(head, owner.error));
    else {
      this.#tokensInUse.add(token);
      this.#receive({ head, account: owner.account, receivedAtMs }, token);
    }
  }

  /** Faults strike a request between its arrival and the engine. */
  #receive(admitted: Admitted, token: string): void {
    const { head, account } = admitted;
    const { context, number, tokens } = this.#deps;
    const symbol = context.names.symbolOf(textOf(head.message, 'pair') ?? '');
    const asked = { symbol, side: textOf(head.message, 'type'), method: V2_METHODS[head.event] ?? head.event };
    const fault = context.tradingFaults.onRequest({ account, via: 'socket', connection: number, ...asked });
    if (fault?.kind === 'lose') return;
    if (fault?.kind === 'disconnect') this.connection.terminate();
    else if (fault?.kind === 'delay') context.clock.after(fault.ms, () => this.#carryOut(admitted));
    else if (fault?.kind === 'refuse') {
      if (fault.revokesToken === true) tokens.revoke(token);
      this.#say(failure(head, fault.error));
    } else this.#carryOut(admitted);
  }

  #carryOut(admitted: Admitted): void {
    const { event } = admitted.head;
    this.#answering += 1;
    if (event === 'subscribe') this.#subscribe(admitted);
    else if (event === 'unsubscribe') this.#unsubscribe(admitted);
    else this.#trade(admitted);
    this.#answering -= 1;
    this.#flush();
  }

  #trade({ head, account, receivedAtMs }: Admitted): void {
    const { context } = this.#deps;
    context.onMarketWanted();
    for (const answer of v1Trade(head.event, { ...context, account, receivedAtMs }, head.message)) {
      this.#reply(head, account, answer);
    }
  }

  #subscribe({ head, account }: Admitted): void {
    const { subscription } = head.message;
    const asked = isObject(subscription) ? subscription : {};
    const channel = V1_PRIVATE_CHANNELS.find((known) => known === asked['name']);
    const { desk } = this.#deps.context;
    // A request that was delayed can come to a connection that has ended: nothing may listen for it.
    if (!this.connection.isOpen) return;
    if (head.message['pair'] !== undefined) this.#say(failure(head, V1_REFUSAL.pairsUnwanted));
    else if (channel === undefined) this.#say(failure(head, V1_REFUSAL.name));
    else if (this.#subscriptions.has(channel)) this.#say(failure(head, V1_REFUSAL.duplicate));
    else {
      const options = { snapshot: asked['snapshot'] !== false, rateCounter: asked['ratecounter'] === true };
      const onSettled = () => this.#flush();
      const deps = { channel, account, desk, line: this.#line, ...options, onSettled };
      const made = new V1PrivateSubscription(deps);
      this.#subscriptions.set(channel, made);
      const maxratecount = TIER_LIMITS[desk.rateTier(account)].rate.max;
      const own = channel === 'openOrders' ? { maxratecount } : {};
      this.#say(
        statusFrame(head, { channelName: channel, status: 'subscribed', subscription: { ...own, name: channel } }),
      );
      made.sendSnapshot();
    }
  }

  #unsubscribe({ head, account }: Admitted): void {
    const { subscription } = head.message;
    const channel = V1_PRIVATE_CHANNELS.find((known) => isObject(subscription) && known === subscription['name']);
    const standing = channel === undefined ? undefined : this.#subscriptions.get(channel);
    if (channel === undefined || standing?.account !== account) {
      this.#say(failure(head, V1_REFUSAL.notSubscribed));
      return;
    }
    standing.close();
    this.#subscriptions.delete(channel);
    this.#say(statusFrame(head, { channelName: channel, status: 'unsubscribed', subscription: { name: channel } }));
  }

  #reply(head: Admitted['head'], account: string, answer: V1Answer): void {
    const orderId = answer.ok ? answer.orderId : undefined;
    const asError = (error: string) => failure(head, error);
    const text = answer.ok
      ? v1ReplyFrame(`${head.event}Status`, head.reqId, { ...answer.fields, status: 'ok' })
      : asError(answer.error);
    const content = { kind: 'reply', method: V2_METHODS[head.event] ?? head.event, orderId } as const;
    this.#line.reply(account, content, text, asError);
  }

  #say(text: string): void {
    this.connection.send(text);
  }

  #flush(): void {
    if (this.#answering === 0) this.#line.flush();
  }

  #onClosed(): void {
    for (const subscription of this.#subscriptions.values()) subscription.close();
    this.#subscriptions.clear();
    this.#deps.onClosed(this);
  }
}

/** What the fault catalogue calls the requests of this version. */
const V2_METHODS: Readonly<Record<string, string | undefined>> = {
  addOrder: 'add_order',
  editOrder: 'edit_order',
  cancelOrder: 'cancel_order',
  cancelAll: 'cancel_all',
  cancelAllOrdersAfter: 'cancel_all_orders_after',
};

/** A refusal in the shape of the answer that the request would have had. */
function failure(head: Admitted['head'], errorMessage: string): string {
  const isSubscription = head.event === 'subscribe' || head.event === 'unsubscribe';
  const fields = { errorMessage, status: 'error' };
  return isSubscription ? statusFrame(head, fields) : v1ReplyFrame(`${head.event}Status`, head.reqId, fields);
}

function statusFrame({ reqId }: V1Head, fields: object): string {
  return v1StatusFrame({ ...fields, ...(reqId === undefined ? {} : { reqid: reqId }) });
}
