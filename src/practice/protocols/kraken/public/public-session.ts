/** A client of the public socket: its subscriptions, the answers to its requests, and its share of the market's faults. */
import type { Clock } from '../../../../platform/clock.ts';
import type { TradeRecord } from '../../../exchange/exchange-types.ts';
import type { PairRules } from '../../../exchange/pair-rules.ts';
import type { FaultDraws } from '../../../faults/fault-plan.ts';
import { cutShort, withWrongChecksum, withWrongDigit } from '../../../faults/frame-damage.ts';
import { entriesWithin, type InstrumentEntries, type InstrumentScope } from '../../../market/instrument-entries.ts';
import type { Market } from '../../../market/market.ts';
import type { MarketBook } from '../../../market/market-book.ts';
import type { BookChange, MarketFollower } from '../../../market/market-follower.ts';
import type { MarketStatistics } from '../../../market/market-statistics.ts';
import {
  ClientConnection,
  type ClientPort,
  type ConnectionCounts,
  type ConnectionLimits,
} from '../../../network/client-connection.ts';
import {
  ackFrame,
  bookSnapshotFrame,
  bookUpdateFrame,
  errorFrame,
  instrumentFrame,
  pongFrame,
  type ReplyHead,
  statusFrame,
  timeText,
  wireTime,
} from '../wire-text.ts';
import { type FeedRequest, feedResult } from './feed-requests.ts';
import { FeedSubscriptions } from './feed-subscriptions.ts';
import { type BookRequest, type InstrumentRequest, REFUSAL, readPublicRequest } from './public-requests.ts';

/** How late a slow acknowledgement comes. */
const SLOW_ACK_MS = 3_000;

export interface SessionDeps {
  readonly port: ClientPort;
  readonly clock: Clock;
  readonly market: Market;
  readonly limits: ConnectionLimits;
  readonly counts: ConnectionCounts;
  readonly faults: FaultDraws;
  /** Decimal text; exceeds 2^53 as the venue's do. */
  readonly connectionId: string;
  readonly statistics: MarketStatistics;
  readonly pair: (symbol: string) => PairRules | undefined;
  readonly onSubscriptions: () => void;
  readonly onClosed: (session: MarketFollower) => void;
}

interface BookSubscription {
  readonly depth: number;
  /** Struck by a fault: nothing more is sent for it. */
  silent: boolean;
  /** Struck by a fault: this frame waits for its successor. */
  held: string | undefined;
}

export class PublicSession implements MarketFollower {
  readonly connection: ClientConnection;
  /** Its tickers, trades and candles. */
  readonly feeds: FeedSubscriptions;
  readonly #deps: SessionDeps;
  readonly #books = new Map<string, BookSubscription>();
  #instruments: InstrumentScope | undefined;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    const { clock, statistics, pair } = deps;
    this.feeds = new FeedSubscriptions({ clock, statistics, pair, send: (frame) => this.connection.send(frame) });
    this.connection = new ClientConnection(deps.port, deps.clock, deps.limits, deps.counts, {
      onRequest: (text) => this.#onRequest(text),
      onClosed: () => this.#onClosed(),
      hasSubscription: () => this.#instruments !== undefined || this.followsMarket,
    });
    this.sendStatus(deps.market.system);
  }

  get followsMarket(): boolean {
    return this.#books.size > 0 || !this.feeds.isEmpty;
  }

  followsBook(symbol: string): boolean {
    return this.#books.has(symbol);
  }

  onBook(change: BookChange): void {
    const { book, before, isNewTouch } = change;
    if (isNewTouch) this.feeds.onTouch(book);
    const depth = this.#books.get(book.symbol)?.depth;
    if (depth === undefined) return;
    const frame = change.frame(`v2 ${depth}`, ({ atMs }) => bookUpdateFrame(book, before, depth, timeText(atMs)));
    if (frame !== undefined) this.#sendUpdate(book.symbol, frame);
  }

  onTrade(trade: TradeRecord, book: MarketBook): void {
    this.feeds.onTrade(trade, book);
  }

  sendStatus(system: string): void {
    this.connection.send(statusFrame(system, this.#deps.connectionId));
  }

  sendInstruments(changed: InstrumentEntries): void {
    if (this.#instruments === undefined) return;
    const listed = entriesWithin(changed, this.#instruments, this.#deps.market.entries.assets);
    if (listed.assets.length + listed.pairs.length > 0) this.connection.send(instrumentFrame('update', listed));
  }

  /** A book update, or what a fault makes of it. */
  #sendUpdate(symbol: string, frame: string): void {
    const subscription = this.#books.get(symbol);
    if (subscription === undefined || subscription.silent) return;
    if (this.#breaksLine(symbol, subscription)) return;
    const { faults } = this.#deps;
    if (faults.strikes('drop', symbol)) return;
    if (subscription.held === undefined && faults.strikes('reorder', symbol)) {
      subscription.held = frame;
      return;
    }
    let sent = frame;
    if (faults.strikes('checksum', symbol)) sent = withWrongChecksum(sent);
    if (faults.strikes('digit', symbol)) sent = withWrongDigit(sent);
    if (faults.strikes('truncate', symbol)) sent = cutShort(sent);
    this.connection.send(sent);
    if (faults.strikes('duplicate', symbol)) this.connection.send(sent);
    if (subscription.held !== undefined) this.connection.send(subscription.held);
    subscription.held = undefined;
  }

  /** The faults after which this subscription, or the whole connection, sends nothing more. */
  #breaksLine(symbol: string, subscription: BookSubscription): boolean {
    const { faults } = this.#deps;
    if (faults.strikes('silent', symbol)) subscription.silent = true;
    else if (faults.strikes('half-open', symbol)) this.connection.goHalfOpen();
    else if (faults.strikes('disconnect-1001', symbol)) {
      this.connection.close(1001, 'CloudFlare WebSocket proxy restarting');
    } else if (faults.strikes('disconnect-1006', symbol)) this.connection.terminate();
    else if (faults.strikes('disconnect-1008', symbol)) this.connection.close(1008, 'policy violation');
    else return false;
    return true;
  }

  #onRequest(text: string): void {
    const timeIn = wireTime(this.#deps.clock);
    const request = readPublicRequest(text);
    const head = { reqId: request.reqId, timeIn };
    if (request.kind === 'ping') this.connection.send(pongFrame(head, this.#time()));
    else if (request.kind === 'refused') this.#refuse({ ...head, method: request.method }, request.error);
    else if (request.kind === 'instrument') this.#onInstrument({ ...head, method: request.method }, request);
    else if (request.kind === 'feed') {
      for (const symbol of request.symbols) this.#onFeed({ ...head, method: request.method }, request, symbol);
    } else for (const symbol of request.symbols) this.#onBook({ ...head, method: request.method }, request, symbol);
    this.#deps.onSubscriptions();
  }

  #onInstrument(head: ReplyHead, { method, snapshot, scope }: InstrumentRequest): void {
    const wanted = method === 'subscribe';
    if ((this.#instruments !== undefined) === wanted) {
      this.#refuse(head, wanted ? REFUSAL.duplicate : REFUSAL.notSubscribed);
      return;
    }
    this.#instruments = wanted ? scope : undefined;
    const warnings = wanted ? { warnings: ['tick_size is deprecated, use price_increment'] } : {};
    this.#acknowledge(head, { channel: 'instrument', snapshot, ...warnings });
    if (!wanted || !snapshot) return;
    this.connection.send(instrumentFrame('snapshot', entriesWithin(this.#deps.market.entries, scope)));
  }

  #onFeed(head: ReplyHead, request: FeedRequest, symbol: string): void {
    const book = this.#deps.market.books.get(symbol);
    const isNew = request.method === 'subscribe';
    const error = isNew ? REFUSAL.duplicate : REFUSAL.notSubscribed;
    if (book === undefined) this.#refuse(head, REFUSAL.symbol(symbol), symbol);
    else if (!(isNew ? this.feeds.add(request, symbol) : this.feeds.remove(request, symbol))) {
      this.#refuse(head, error, symbol);
    } else {
      this.#acknowledge(head, { ...feedResult(request), symbol });
      if (isNew && request.snapshot) this.feeds.sendSnapshot(request, book);
    }
  }

  #onBook(head: ReplyHead, request: BookRequest, symbol: string): void {
    if (request.method === 'unsubscribe') this.#unsubscribe(head, request, symbol);
    else this.#subscribe(head, request, symbol);
  }

  #subscribe(head: ReplyHead, { depth, snapshot }: BookRequest, symbol: string): void {
    const { market, faults, clock } = this.#deps;
    const book = market.books.get(symbol);
    const refusal = this.#subscribeRefusal(symbol);
    if (book === undefined || refusal !== undefined) {
      this.#refuse(head, refusal ?? REFUSAL.symbol(symbol), symbol);
      return;
    }
    const mute = faults.strikes('no-data', symbol);
    this.#books.set(symbol, { depth, silent: mute, held: undefined });
    const result = { channel: 'book', depth, snapshot, symbol };
    if (faults.strikes('slow-ack', symbol)) clock.after(SLOW_ACK_MS, () => this.#acknowledge(head, result));
    else this.#acknowledge(head, result);
    if (!snapshot || mute || faults.strikes('no-snapshot', symbol)) return;
    this.connection.send(bookSnapshotFrame(book, depth, this.#time()));
  }

  /** One depth per symbol and socket: another depth is refused with the same text as the same one. */
  #subscribeRefusal(symbol: string): string | undefined {
    if (!this.#deps.market.books.has(symbol)) return REFUSAL.symbol(symbol);
    if (this.#books.has(symbol)) return REFUSAL.duplicate;
    return this.#deps.faults.strikes('subscribe-error', symbol) ? REFUSAL.fault : undefined;
  }

  #unsubscribe(head: ReplyHead, { depth }: BookRequest, symbol: string): void {
    if (this.#books.get(symbol)?.depth === depth) {
      this.#books.delete(symbol);
      this.#acknowledge(head, { channel: 'book', depth, symbol });
    } else {
      const known = this.#deps.market.books.has(symbol);
      this.#refuse(head, known ? REFUSAL.notSubscribed : REFUSAL.symbol(symbol), symbol);
    }
  }

  #acknowledge(head: ReplyHead, result: object): void {
    this.connection.send(ackFrame(head, result, this.#time()));
  }

  #refuse(head: ReplyHead, error: string, symbol?: string): void {
    this.connection.send(errorFrame(head, error, this.#time(), symbol));
  }

  #time(): string {
    return wireTime(this.#deps.clock);
  }

  #onClosed(): void {
    this.#books.clear();
    this.feeds.clear();
    this.#instruments = undefined;
    this.#deps.onClosed(this);
  }
}
