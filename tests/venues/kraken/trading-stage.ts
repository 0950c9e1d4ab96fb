/**
 * Kraken's trading connection on a virtual clock, with a scripted venue on the other side of the socket and of REST: it
 * stands for what lies outside this machine, answers as the protocol reference says, and does what the test says instead.
 */

import type { InstrumentDirectory, OrderScale } from '../../../src/market/instrument.ts';
import { SlidingWindow } from '../../../src/net/limiters/sliding-window.ts';
import type {
  HttpPort,
  HttpRequest,
  HttpResult,
  Socket,
  SocketEvents,
  SocketPort,
} from '../../../src/net/transport.ts';
import { seededChance } from '../../../src/platform/chance.ts';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { TRADING_PERMISSIONS } from '../../../src/practice/exchange/accounts/account-spec.ts';
import type { ConfigInput } from '../../../src/settings/config.ts';
import { checkConfig } from '../../../src/settings/read-config.ts';
import { MemoryNonceStore } from '../../../src/trading/nonce-store.ts';
import { Credentials } from '../../../src/venues/kraken/keys/credentials.ts';
import { NonceSource } from '../../../src/venues/kraken/keys/nonce-source.ts';
import { KrakenRest } from '../../../src/venues/kraken/rest/kraken-rest.ts';
import { createKrakenTrading } from '../../../src/venues/kraken/trading/kraken-trading.ts';
import type { TradingEvent } from '../../../src/venues/trading-port.ts';
import { directoryOf } from '../../support/directory-of.ts';

export interface VenueRequest {
  readonly method: string;
  readonly req_id: number;
  readonly params: Readonly<Record<string, unknown>> & { readonly channel?: string; readonly token?: string };
}

/** True when the script has answered, or has decided not to. */
export type Answer = (request: VenueRequest, line: Line) => boolean;

const WALL_START_NS = 1_700_000_000_000_000_000n;
const HOP_MS = 1;

/** One connection, as the venue holds it. */
export class Line implements Socket {
  readonly requests: VenueRequest[] = [];
  readonly texts: string[] = [];
  isOpen = false;
  /** Sends nothing more, not even heartbeats. */
  isMute = false;
  closedByUs = false;
  terminated = false;
  readonly sequence = { executions: 0, balances: 0 };
  readonly #venue: PrivateVenue;
  readonly #events: SocketEvents;

  constructor(venue: PrivateVenue, events: SocketEvents) {
    this.#venue = venue;
    this.#events = events;
  }

  /** The venue lets it in. */
  open(): void {
    this.isOpen = true;
    this.#events.onOpen();
    this.say({ channel: 'status', type: 'update', data: [{ system: this.#venue.system, connection_id: 1 }] });
  }

  send(text: string): boolean {
    if (!this.isOpen) return false;
    const request: VenueRequest = JSON.parse(text);
    this.requests.push(request);
    this.texts.push(text);
    this.#venue.after(HOP_MS, () => {
      if (this.isOpen && !this.#venue.answer(request, this)) this.reply(request);
    });
    return true;
  }

  close(): void {
    this.closedByUs = true;
    this.#venue.after(HOP_MS, () => this.drop(1000, ''));
  }

  terminate(): void {
    this.terminated = true;
    this.isOpen = false;
  }

  /** The venue, or the network, ends it. */
  drop(code: number, reason: string, httpStatus?: number): void {
    if (this.terminated) return;
    this.isOpen = false;
    this.terminated = true;
    this.#events.onClosed(code, reason, httpStatus);
  }

  say(frame: unknown): void {
    this.raw(JSON.stringify(frame));
  }

  raw(text: string): void {
    if (this.isOpen && !this.isMute) this.#events.onMessage(Buffer.from(text));
  }

  /** A message of the executions, numbered as the venue does. */
  executions(entries: readonly object[], type: 'update' | 'snapshot' = 'update'): void {
    this.say({ channel: 'executions', type, data: entries, sequence: ++this.sequence.executions });
  }

  balances(entries: readonly object[], type: 'update' | 'snapshot' = 'update'): void {
    this.say({ channel: 'balances', type, data: entries, sequence: ++this.sequence.balances });
  }

  accept({ method, req_id }: VenueRequest, result: unknown): void {
    this.say({ method, req_id, result, success: true, time_in: this.#venue.time(), time_out: this.#venue.time() });
  }

  refuse({ method, req_id }: VenueRequest, error: string): void {
    this.say({ method, req_id, error, success: false, time_in: this.#venue.time(), time_out: this.#venue.time() });
  }

  asked(method: string): VenueRequest[] {
    return this.requests.filter((request) => request.method === method);
  }

  /** Answers as the venue does. An order is only acknowledged: what comes of it is the test's. */
  reply(request: VenueRequest): void {
    const { method, req_id, params } = request;
    if (method === 'ping') {
      this.say({ method: 'pong', req_id, time_in: this.#venue.time(), time_out: this.#venue.time() });
    } else if (method === 'subscribe') this.#subscribe(request);
    else if (method === 'unsubscribe') this.accept(request, { channel: params.channel });
    else if (method === 'add_order') {
      this.accept(request, {
        order_id: this.#venue.orderId(String(params['cl_ord_id'])),
        cl_ord_id: params['cl_ord_id'],
      });
    } else if (method === 'cancel_order') this.accept(request, { cl_ord_id: (params['cl_ord_id'] as string[])[0] });
    else if (method === 'cancel_all') this.accept(request, { count: 0 });
    else if (method === 'cancel_all_orders_after') this.accept(request, { currentTime: '', triggerTime: '0' });
  }

  #subscribe(request: VenueRequest): void {
    const { channel } = request.params;
    if (request.params.token !== this.#venue.token) {
      this.refuse(request, 'EAPI:Invalid token');
      return;
    }
    const isExecutions = channel === 'executions';
    this.accept(request, { channel, ...(isExecutions ? { maxratecount: 125 } : {}) });
    if (isExecutions) {
      this.sequence.executions = 0;
      this.executions(this.#venue.snapshot, 'snapshot');
    } else {
      this.sequence.balances = 0;
      this.balances([], 'snapshot');
    }
  }
}

export interface RestAnswer {
  readonly error?: readonly string[];
  readonly result?: unknown;
}

export class PrivateVenue implements SocketPort, HttpPort {
  readonly lines: Line[] = [];
  readonly calls: { readonly endpoint: string; readonly params: URLSearchParams }[] = [];
  system = 'online';
  token = 'T1';
  /** The venue's clock is ahead of ours by this. */
  aheadMs = 0;
  /** Entries of the executions' snapshot. */
  snapshot: readonly object[] = [];
  /** True when the script has answered an upgrade, or leaves it open. */
  upgrade: (line: Line) => boolean = () => false;
  answer: Answer = () => false;
  /** Answer of a REST endpoint in place of the usual one. */
  rest: Record<string, (params: URLSearchParams) => RestAnswer | HttpResult | undefined> = {};
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  get line(): Line {
    return this.lines.at(-1)!;
  }

  after(ms: number, run: () => void): void {
    this.#clock.after(ms, run);
  }

  time(): string {
    return new Date(this.#clock.wallMs() + this.aheadMs).toISOString();
  }

  orderId(clOrdId: string): string {
    return `O${clOrdId.slice(-5).toUpperCase()}-VENUE`;
  }

  open(_url: string, events: SocketEvents): Socket {
    const line = new Line(this, events);
    this.lines.push(line);
    this.after(HOP_MS, () => {
      if (!line.terminated && !this.upgrade(line)) line.open();
    });
    return line;
  }

  request({ url, body, method }: HttpRequest, done: (result: HttpResult) => void): void {
    const endpoint = new URL(url).pathname.split('/').at(-1) ?? '';
    const params = new URLSearchParams(method === 'POST' ? body : new URL(url).search);
    this.calls.push({ endpoint, params });
    this.after(HOP_MS, () => {
      const scripted = this.rest[endpoint]?.(params);
      if (scripted !== undefined && 'ok' in scripted) done(scripted);
      else done({ ok: true, status: 200, body: JSON.stringify({ error: [], ...(scripted ?? this.#usual(endpoint)) }) });
    });
  }

  /** Of the HTTP side: nothing is held open. */
  close(): void {}

  called(endpoint: string): URLSearchParams[] {
    return this.calls.filter((call) => call.endpoint === endpoint).map(({ params }) => params);
  }

  #usual(endpoint: string): RestAnswer {
    if (endpoint === 'GetApiKeyInfo') return { result: { permissions: TRADING_PERMISSIONS } };
    if (endpoint === 'GetWebSocketsToken') return { result: { token: this.token, expires: 900 } };
    if (endpoint === 'OpenOrders') return { result: { open: {} } };
    if (endpoint === 'ClosedOrders') return { result: { closed: {}, count: 0 } };
    if (endpoint === 'Ledgers') return { result: { ledger: {}, count: 0 } };
    if (endpoint === 'CancelAll' || endpoint === 'CancelOrder') return { result: { count: 0 } };
    return { result: {} };
  }
}

/** The connection and its venue; nothing has happened yet. */
export function tradingStage(
  settings: ConfigInput = {},
  directory: InstrumentDirectory = directoryOf(['BTC/USD', 'ETH/USD']),
) {
  const clock = new VirtualClock(WALL_START_NS);
  const venue = new PrivateVenue(clock);
  const config = checkConfig(settings);
  const chance = seededChance(1);
  const rest = new KrakenRest({
    http: venue,
    clock,
    chance,
    baseUrl: config.venue.rest_url,
    timeoutMs: config.venue.rest_timeout_ms,
    attemptsMax: 2,
    tier: 'pro',
    directory,
    account: {
      credentials: new Credentials('KEY', Buffer.alloc(64, 7).toString('base64')),
      nonces: new NonceSource(clock, new MemoryNonceStore()),
    },
    onNotice: () => {},
  });
  const budget = new SlidingWindow({ max: 20, spanNs: 600e9 });
  const events: TradingEvent[] = [];
  /** What the sequencer remembers of orders at work. */
  const atWork = new Map<string, OrderScale>();
  let wakes = 0;
  const port = createKrakenTrading({
    clock,
    chance,
    config,
    sockets: venue,
    rest,
    directory,
    budget,
    scaleOf: (clOrdId) => atWork.get(clOrdId),
    wake: () => wakes++,
  });
  const take = () => {
    while (port.poll((event) => events.push(event), 8) > 0);
  };
  /** Time passes in turns as an actor takes them. */
  const pass = (ms: number) => {
    const endNs = clock.nowNs() + ms * 1e6;
    while (clock.nowNs() < endNs) {
      clock.advanceTo(Math.min(endNs, clock.nowNs() + 10e6));
      for (const line of venue.lines)
        if (Math.round(clock.nowNs() / 1e6) % 1_000 === 0) line.say({ channel: 'heartbeat' });
      port.onTimer();
      take();
    }
  };
  const of = <T extends TradingEvent['type']>(type: T) =>
    events.filter((event): event is Extract<TradingEvent, { type: T }> => event.type === type);
  return { clock, venue, config, directory, atWork, port, events, pass, take, of, wakes: () => wakes };
}

/** Connected and standing, events of the way there forgotten. */
export function liveStage(settings: ConfigInput = {}, directory?: InstrumentDirectory) {
  const stage = tradingStage(settings, directory);
  stage.port.start();
  stage.pass(1_500); // REST is asked for names once a second
  if (!stage.port.isConnected) throw new Error('the stage did not connect');
  stage.events.length = 0;
  return stage;
}

export const AT = '2023-11-14T22:13:20.123456Z';
export const CL = 'amhw3k2x100001203';
export const ID = 'O01203-VENUE';

/** The first entry about an order: full. */
export const pendingNew = (over: object = {}) => ({
  order_id: ID,
  cl_ord_id: CL,
  symbol: 'BTC/USD',
  side: 'buy',
  order_qty: 0.25,
  limit_price: 26500.4,
  cum_cost: 0,
  time_in_force: 'IOC',
  exec_type: 'pending_new',
  order_type: 'limit',
  order_status: 'pending_new',
  order_userref: 0,
  timestamp: AT,
  ...over,
});
export const isNew = (over: object = {}) => ({
  order_id: ID,
  exec_type: 'new',
  order_status: 'new',
  timestamp: AT,
  ...over,
});
export const trade = (over: object = {}) => ({
  order_id: ID,
  exec_id: 'TAAAAA-1',
  exec_type: 'trade',
  trade_id: 1,
  symbol: 'BTC/USD',
  side: 'buy',
  last_qty: 0.25,
  last_price: 26500,
  liquidity_ind: 't',
  cost: 6625,
  order_status: 'partially_filled',
  cum_qty: 0.25,
  cum_cost: 6625,
  avg_price: 26500,
  fees: [{ asset: 'BTC', qty: 0.0005 }],
  timestamp: AT,
  ...over,
});
export const filled = (over: object = {}) => ({
  order_id: ID,
  exec_type: 'filled',
  order_status: 'filled',
  cum_qty: 0.25,
  timestamp: AT,
  ...over,
});
export const canceled = (over: object = {}) => ({
  order_id: ID,
  exec_type: 'canceled',
  order_status: 'canceled',
  cum_qty: 0,
  reason: 'IOC order',
  timestamp: AT,
  ...over,
});
