/**
 * A client of the socket for single orders: `level3` alone, with a token, one depth per symbol, so many symbols per
 * connection and so many a second (protocol reference 1.8). What the venue says of too many is not known: those texts are ours.
 */

import { integerOf, textOf } from '../../../../net/exact-json.ts';
import { DecayingCounter } from '../../../../net/limiters/decaying-counter.ts';
import type { Clock } from '../../../../platform/clock.ts';
import type { TradingDesk } from '../../../exchange/exchange-types.ts';
import type { Market } from '../../../market/market.ts';
import type { BookChange, MarketFollower } from '../../../market/market-follower.ts';
import {
  ClientConnection,
  type ClientPort,
  type ConnectionCounts,
  type ConnectionLimits,
} from '../../../network/client-connection.ts';
import { type RequestHead, readHead } from '../private/private-request-reader.ts';
import type { SessionTokens } from '../private/session-tokens.ts';
import { REFUSAL } from '../public/public-requests.ts';
import { RequestFields } from '../request-fields.ts';
import { ackFrame, errorFrame, pongFrame, type ReplyHead, statusFrame, wireTime } from '../wire-text.ts';
import type { Level3Books } from './level3-books.ts';
import { level3Snapshot, level3Update } from './level3-frames.ts';

/** What subscribing to a symbol costs of the rate, by depth. */
const DEPTH_POINTS: Readonly<Record<number, number | undefined>> = { 10: 5, 100: 25, 1000: 100 };
const SYMBOLS_MAX = 200;
/** What may be asked for at once is what is forgotten within a second. */
const STANDARD_RATE = { max: 200, decay: { points: 200, inMs: 1_000 } };
const PRO_RATE = { max: 500, decay: { points: 500, inMs: 1_000 } };

export interface Level3Deps {
  readonly port: ClientPort;
  readonly clock: Clock;
  readonly market: Market;
  readonly desk: TradingDesk;
  readonly tokens: SessionTokens;
  readonly books: Level3Books;
  readonly limits: ConnectionLimits;
  readonly counts: ConnectionCounts;
  /** Decimal text; exceeds 2^53 as the venue's do. */
  readonly connectionId: string;
  readonly onSubscriptions: () => void;
  readonly onClosed: (session: MarketFollower) => void;
}

interface Asked {
  readonly isNew: boolean;
  readonly symbols: readonly string[];
  readonly depth: number;
  readonly snapshot: boolean;
  readonly account: string;
}

export class Level3Session implements MarketFollower {
  readonly connection: ClientConnection;
  readonly #deps: Level3Deps;
  /** Depth by symbol. */
  readonly #depths = new Map<string, number>();
  /** Tokens that were used here before they expired. */
  readonly #tokensInUse = new Set<string>();
  readonly #points = new DecayingCounter(STANDARD_RATE);

  constructor(deps: Level3Deps) {
    this.#deps = deps;
    this.connection = new ClientConnection(deps.port, deps.clock, deps.limits, deps.counts, {
      onRequest: (text) => this.#onRequest(text),
      onClosed: () => {
        this.#depths.clear();
        deps.onClosed(this);
      },
      hasSubscription: () => this.followsMarket,
    });
    this.sendStatus(deps.market.system);
  }

  get followsMarket(): boolean {
    return this.#depths.size > 0;
  }

  followsBook(symbol: string): boolean {
    return this.#depths.has(symbol);
  }

  sendStatus(system: string): void {
    this.connection.send(statusFrame(system, this.#deps.connectionId));
  }

  sendInstruments(): void {}

  onTrade(): void {}

  onBook(change: BookChange): void {
    const { symbol } = change.book;
    const depth = this.#depths.get(symbol);
    const pair = this.#deps.desk.pair(symbol);
    const queues = this.#deps.books.of(symbol);
    if (depth === undefined || pair === undefined || queues === undefined) return;
    const frame = change.frame(`level3 ${depth}`, ({ atMs }) => level3Update(pair, queues, depth, atMs));
    if (frame !== undefined) this.connection.send(frame);
  }

  #onRequest(text: string): void {
    const request = readHead(text);
    const head = { method: request.method, reqId: request.reqId, timeIn: wireTime(this.#deps.clock) };
    if (request.method === 'ping' && request.fault === undefined) {
      this.connection.send(pongFrame(head, this.#time()));
      return;
    }
    const asked = this.#read(request);
    if (typeof asked === 'string') this.connection.send(errorFrame(head, asked, this.#time()));
    else for (const symbol of asked.symbols) this.#answer(head, asked, symbol);
    this.#deps.onSubscriptions();
  }

  /** What is asked for, or what is wrong with it. */
  #read({ method, params, fault }: RequestHead): Asked | string {
    if (fault !== undefined) return fault;
    if (method !== 'subscribe' && method !== 'unsubscribe') return REFUSAL.method;
    if (params['channel'] !== 'level3') return REFUSAL.channel;
    const fields = new RequestFields(params, ['channel', 'symbol', 'depth', 'snapshot', 'token']);
    const symbols = fields.texts('symbol');
    const snapshot = fields.flag('snapshot') ?? true;
    if (symbols === undefined || symbols.length === 0) return REFUSAL.symbols;
    if (fields.fault !== undefined) return fields.fault;
    const depth = params['depth'] === undefined ? 10 : (integerOf(params, 'depth') ?? Number.NaN);
    if (DEPTH_POINTS[depth] === undefined) return REFUSAL.depth;
    const token = textOf(params, 'token') ?? '';
    const owner = this.#deps.tokens.accountOf(token, this.#tokensInUse.has(token));
    if (!owner.ok) return owner.error;
    this.#tokensInUse.add(token);
    return { isNew: method === 'subscribe', symbols, depth, snapshot, account: owner.account };
  }

  #answer(head: ReplyHead, asked: Asked, symbol: string): void {
    const { isNew, depth, snapshot } = asked;
    const error = isNew ? this.#refusal(asked, symbol) : this.#endRefusal(symbol, depth);
    if (error !== undefined) {
      this.connection.send(errorFrame(head, error, this.#time(), symbol));
      return;
    }
    if (isNew) this.#depths.set(symbol, depth);
    else this.#depths.delete(symbol);
    this.connection.send(ackFrame(head, { channel: 'level3', depth, snapshot, symbol }, this.#time()));
    const queues = this.#deps.books.of(symbol);
    const pair = this.#deps.desk.pair(symbol);
    if (!isNew || !snapshot || queues === undefined || pair === undefined) return;
    this.connection.send(level3Snapshot(pair, queues, depth, this.#deps.clock.wallMs()));
  }

  #refusal({ depth, account }: Asked, symbol: string): string | undefined {
    if (this.#deps.desk.pair(symbol) === undefined) return REFUSAL.symbol(symbol);
    if (this.#depths.has(symbol)) return REFUSAL.duplicate;
    if (this.#depths.size >= SYMBOLS_MAX) return 'EGeneral:Too many requests:symbols';
    return this.#spend(DEPTH_POINTS[depth] ?? 0, account) ? undefined : 'EGeneral:Too many requests';
  }

  #endRefusal(symbol: string, depth: number): string | undefined {
    if (this.#depths.get(symbol) === depth) return undefined;
    return this.#deps.desk.pair(symbol) === undefined ? REFUSAL.symbol(symbol) : REFUSAL.notSubscribed;
  }

  #spend(points: number, account: string): boolean {
    const { clock, desk } = this.#deps;
    const nowNs = clock.nowNs();
    this.#points.set(desk.rateTier(account) === 'pro' ? PRO_RATE : STANDARD_RATE, nowNs);
    return this.#points.tryAdd(points, nowNs);
  }

  #time(): string {
    return wireTime(this.#deps.clock);
  }
}
