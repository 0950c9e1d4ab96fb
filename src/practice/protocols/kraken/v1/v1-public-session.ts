/** A client of the public socket in its first version: `book`, `ticker`, `trade`, `spread` and `ohlc`. */

import { integerOf, type JsonObject } from '../../../../net/exact-json.ts';
import type { Clock } from '../../../../platform/clock.ts';
import type { TradeRecord } from '../../../exchange/exchange-types.ts';
import type { PairRules } from '../../../exchange/pair-rules.ts';
import type { Market } from '../../../market/market.ts';
import type { MarketBook } from '../../../market/market-book.ts';
import type { BookChange, MarketFollower } from '../../../market/market-follower.ts';
import { CANDLE_WIDTHS, joinCandles, type MarketStatistics } from '../../../market/market-statistics.ts';
import {
  ClientConnection,
  type ClientPort,
  type ConnectionCounts,
  type ConnectionLimits,
} from '../../../network/client-connection.ts';
import { pairNames } from '../legacy-names.ts';
import {
  systemStatusFrame,
  V1_HEARTBEAT,
  type V1Channel,
  v1BookSnapshot,
  v1Candle,
  v1SideOrder,
  v1SideUpdate,
  v1Spread,
  v1Ticker,
  v1Trade,
} from './v1-frames.ts';
import {
  readV1Head,
  readV1Pairs,
  readV1Terms,
  V1_FEEDS,
  V1_REFUSAL,
  type V1Feed,
  type V1Head,
  type V1Terms,
  v1ChannelName,
  v1ReplyFrame,
  v1StatusFrame,
  v1Subscription,
} from './v1-requests.ts';

export interface V1SessionDeps {
  readonly port: ClientPort;
  readonly clock: Clock;
  readonly market: Market;
  readonly limits: ConnectionLimits;
  readonly counts: ConnectionCounts;
  /** Decimal text; exceeds 2^53 as the venue's do. */
  readonly connectionId: string;
  readonly statistics: MarketStatistics;
  readonly pair: (symbol: string) => PairRules | undefined;
  readonly onSubscriptions: () => void;
  readonly onClosed: (session: MarketFollower) => void;
}

interface V1Subscribed {
  readonly terms: V1Terms;
  readonly symbol: string;
  readonly id: number;
}

/** Numbers of channels are the same on every connection, those of a pair next to each other: more than its feeds can be. */
const IDS_PER_PAIR = 16;

export class V1PublicSession implements MarketFollower {
  readonly connection: ClientConnection;
  readonly #deps: V1SessionDeps;
  /** Symbols by the name they have here: `XBT/USD`. */
  readonly #symbols: ReadonlyMap<string, string>;
  /** By number: a pair has one of each feed, at any depth, and candles of several widths. */
  readonly #subscribed = new Map<number, V1Subscribed>();
  readonly #bySymbol = new Map<string, readonly V1Subscribed[]>();

  constructor(deps: V1SessionDeps) {
    this.#deps = deps;
    this.#symbols = new Map([...deps.market.books.keys()].map((symbol) => [pairNames(symbol).wsname, symbol]));
    this.connection = new ClientConnection(deps.port, deps.clock, deps.limits, deps.counts, {
      heartbeat: V1_HEARTBEAT,
      onRequest: (text) => this.#onRequest(text),
      onClosed: () => {
        this.#subscribed.clear();
        this.#bySymbol.clear();
        deps.onClosed(this);
      },
      hasSubscription: () => this.followsMarket,
    });
    this.sendStatus(deps.market.system);
  }

  get followsMarket(): boolean {
    return this.#subscribed.size > 0;
  }

  followsBook(symbol: string): boolean {
    return this.#of(symbol, ['book']).length > 0;
  }

  sendStatus(system: string): void {
    this.connection.send(systemStatusFrame(system, this.#deps.connectionId));
  }

  /** This version has no instrument channel. */
  sendInstruments(): void {}

  onBook(change: BookChange): void {
    const { book } = change;
    for (const followed of this.#of(book.symbol, ['book', 'spread'])) {
      const { feed, depth } = followed.terms;
      const channel = this.#channel(followed);
      if (feed === 'spread' && change.isNewTouch) this.#sendNow(followed, book);
      if (feed === 'spread' || channel === undefined) continue;
      for (const side of v1SideOrder(change)) {
        const frame = change.frame(`v1 ${side} ${depth}`, () => v1SideUpdate(channel, change, side, depth));
        if (frame !== undefined) this.connection.send(frame);
      }
    }
  }

  onTrade(trade: TradeRecord, book: MarketBook): void {
    for (const followed of this.#of(book.symbol, ['trade', 'ticker', 'ohlc'])) {
      const channel = this.#channel(followed);
      if (followed.terms.feed !== 'trade') this.#sendNow(followed, book);
      else if (channel !== undefined) this.connection.send(v1Trade(channel, trade));
    }
  }

  #onRequest(text: string): void {
    const head = readV1Head(text);
    const { event, reqId, message } = head;
    if (head.fault !== undefined) this.connection.send(errorFrame(head, head.fault));
    else if (event === 'ping') this.connection.send(v1ReplyFrame('pong', reqId, {}));
    else if (event === 'subscribe') this.#subscribe(head, message);
    else if (event === 'unsubscribe') this.#unsubscribe(head, message);
    else this.connection.send(errorFrame(head, V1_REFUSAL.event));
    this.#deps.onSubscriptions();
  }

  #subscribe(head: V1Head, message: JsonObject): void {
    this.#forEach(head, message, (terms, symbol) => {
      const id = this.#idOf(symbol, terms);
      if (this.#subscribed.has(id)) return V1_REFUSAL.duplicate;
      const subscribed = { terms, symbol, id };
      this.#subscribed.set(id, subscribed);
      this.#bySymbol.set(symbol, [...(this.#bySymbol.get(symbol) ?? []), subscribed]);
      this.#acknowledge(head, subscribed, 'subscribed');
      const book = this.#deps.market.books.get(symbol);
      if (book !== undefined && terms.feed !== 'trade') this.#sendNow(subscribed, book);
      return undefined;
    });
  }

  /** By the number of a channel, or by what was subscribed. */
  #unsubscribe(head: V1Head, message: JsonObject): void {
    if (message['channelID'] !== undefined) {
      const subscribed = this.#subscribed.get(integerOf(message, 'channelID') ?? -1);
      if (subscribed === undefined) this.#refuse(head, V1_REFUSAL.notSubscribed);
      else this.#end(head, subscribed);
      return;
    }
    this.#forEach(head, message, (terms, symbol) => {
      const subscribed = this.#subscribed.get(this.#idOf(symbol, terms));
      const isSame = subscribed !== undefined && v1ChannelName(subscribed.terms) === v1ChannelName(terms);
      if (!isSame) return V1_REFUSAL.notSubscribed;
      this.#end(head, subscribed);
      return undefined;
    });
  }

  #end(head: V1Head, subscribed: V1Subscribed): void {
    const { symbol, id } = subscribed;
    this.#subscribed.delete(id);
    this.#bySymbol.set(
      symbol,
      (this.#bySymbol.get(symbol) ?? []).filter((one) => one.id !== id),
    );
    this.#acknowledge(head, subscribed, 'unsubscribed');
  }

  /** `run` for each pair that a request names; it answers with what is wrong. */
  #forEach(head: V1Head, message: JsonObject, run: (terms: V1Terms, symbol: string) => string | undefined): void {
    const terms = readV1Terms(message);
    const pairs = readV1Pairs(message);
    if (!terms.ok) this.#refuse(head, terms.error);
    else if (!pairs.ok) this.#refuse(head, pairs.error);
    else {
      for (const pair of pairs.value) {
        const symbol = this.#symbols.get(pair);
        const unknown = pair.includes('/') ? V1_REFUSAL.pair(pair) : V1_REFUSAL.pairForm(pair);
        const error = symbol === undefined ? unknown : run(terms.value, symbol);
        if (error !== undefined) this.#refuse(head, error, { pair, subscription: v1Subscription(terms.value) });
      }
    }
  }

  /** The state a subscription begins with, or is in now. */
  #sendNow(subscribed: V1Subscribed, book: MarketBook): void {
    const { statistics, clock } = this.#deps;
    const channel = this.#channel(subscribed);
    if (channel === undefined) return;
    const { feed, depth, interval } = subscribed.terms;
    const { trades, minutes } = statistics.of(book.symbol);
    const day = statistics.lastDay(book.symbol);
    const candle = joinCandles(minutes, interval).at(-1);
    const now = clock.wallMs();
    if (feed === 'book') this.connection.send(v1BookSnapshot(channel, book, depth, now));
    else if (feed === 'spread') this.connection.send(v1Spread(channel, book, now));
    else if (feed === 'ticker' && day !== undefined) this.connection.send(v1Ticker(channel, book, day, trades.at(-1)));
    else if (feed === 'ohlc' && candle !== undefined) this.connection.send(v1Candle(channel, candle, interval, now));
  }

  #of(symbol: string, feeds: readonly V1Feed[]): readonly V1Subscribed[] {
    return (this.#bySymbol.get(symbol) ?? []).filter(({ terms }) => feeds.includes(terms.feed));
  }

  #channel({ id, terms, symbol }: V1Subscribed): V1Channel | undefined {
    const pair = this.#deps.pair(symbol);
    return pair && { id, name: v1ChannelName(terms), pair };
  }

  #idOf(symbol: string, { feed, interval }: V1Terms): number {
    const pairs = [...this.#symbols.values()];
    const own = feed === 'ohlc' ? V1_FEEDS.length + CANDLE_WIDTHS.indexOf(interval) : V1_FEEDS.indexOf(feed);
    return IDS_PER_PAIR * (1 + pairs.indexOf(symbol)) + own;
  }

  #acknowledge({ reqId }: V1Head, { id, terms, symbol }: V1Subscribed, status: string): void {
    const of = { channelID: id, channelName: v1ChannelName(terms), pair: pairNames(symbol).wsname };
    const reqid = reqId === undefined ? {} : { reqid: reqId };
    this.connection.send(v1StatusFrame({ ...of, ...reqid, status, subscription: v1Subscription(terms) }));
  }

  #refuse({ reqId }: V1Head, errorMessage: string, of: object = {}): void {
    const reqid = reqId === undefined ? {} : { reqid: reqId };
    this.connection.send(v1StatusFrame({ errorMessage, ...of, ...reqid, status: 'error' }));
  }
}

function errorFrame({ reqId }: V1Head, errorMessage: string): string {
  return v1ReplyFrame('error', reqId, { errorMessage, status: 'error' });
}
