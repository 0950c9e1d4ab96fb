/**
 * The practice exchange without its sockets: a recorded market, the clients that follow it, and what goes wrong. Time,
 * chance and connections are handed in, so the same core serves real sockets and the inline host.
 */
import { type Chance, seededChance } from '../platform/chance.ts';
import type { Clock } from '../platform/clock.ts';
import type { AccountSpec } from './exchange/accounts/account-spec.ts';
import { ExchangeClock } from './exchange/exchange-clock.ts';
import type { AccountSettings } from './exchange/exchange-types.ts';
import type { TradingCore } from './exchange/trading-core.ts';
import { type FaultDraws, FaultPlan, type FaultReport } from './faults/fault-plan.ts';
import type { FaultRates } from './faults/fault-rules.ts';
import type { FaultName } from './faults/faults.ts';
import { strikeMarket } from './faults/market-faults.ts';
import type { TradingFaults } from './faults/trading-faults.ts';
import { Market } from './market/market.ts';
import { type DislocationReport, MarketDislocation } from './market/market-dislocation.ts';
import type { MarketFollower } from './market/market-follower.ts';
import { MarketReplay, type ReplaySpeed } from './market/market-replay.ts';
import type { MarketTape } from './market/market-tape.ts';
import {
  type ClientEvents,
  type ClientPort,
  CONNECTION_LIMITS,
  type ConnectionCounts,
  type ConnectionLimits,
} from './network/client-connection.ts';
import { CONNECTION_BUDGET, ConnectionBudget, type ConnectionBudgetSettings } from './network/connection-budget.ts';
import { Level3Books } from './protocols/kraken/level3/level3-books.ts';
import { Level3Session } from './protocols/kraken/level3/level3-session.ts';
import { PrivateSide } from './protocols/kraken/private/private-side.ts';
import type { SessionTokens } from './protocols/kraken/private/session-tokens.ts';
import { PublicAudience } from './protocols/kraken/public/public-audience.ts';
import { PublicSession } from './protocols/kraken/public/public-session.ts';
import type { RestApi } from './protocols/kraken/rest/rest-api.ts';
import { V1PublicSession } from './protocols/kraken/v1/v1-public-session.ts';

const SECOND_MS = 1_000;
/** A sequence of its own from the seed, so that dislocations change nothing else. */
const DISLOCATIONS = 0x64697363;
/** Likewise for the ids of what the market has, as `level3` shows it. */
const LEVEL3 = 0x6c766c33;

export interface PracticeSettings {
  readonly speed: ReplaySpeed;
  readonly loop: boolean;
  readonly seed: number;
  readonly faults: FaultRates;
  readonly limits: ConnectionLimits & ConnectionBudgetSettings;
  /** The market opens this long after the first book subscription, so that a client can subscribe to all it wants. */
  readonly openDelayMs: number;
  /** Who may trade, and what they begin with. */
  readonly accounts: readonly (AccountSettings | AccountSpec)[];
  /** Basis points by which pairs are moved out of line now and then; 0 leaves the recording as it is. */
  readonly dislocateBps: number;
}

export const PRACTICE_DEFAULTS: PracticeSettings = {
  speed: 1,
  loop: false,
  seed: 1,
  faults: {},
  limits: { ...CONNECTION_LIMITS, ...CONNECTION_BUDGET },
  openDelayMs: 100,
  accounts: [],
  dislocateBps: 0,
};

/** What has happened so far. */
export interface PracticeStats extends Readonly<ConnectionCounts> {
  readonly market: 'waiting' | 'playing' | 'ended';
  readonly passes: number;
  readonly eventsPlayed: number;
  readonly connections: number;
  readonly connectionsRefused: number;
  readonly restRequests: number;
  /** Of those, answered with an error. */
  readonly restErrors: number;
  readonly clients: number;
  readonly faults: Readonly<Partial<Record<FaultName, number>>>;
  /** Injected into the market so far. */
  readonly dislocations: number;
}

export interface PracticeListener {
  readonly onFault?: (report: FaultReport) => void;
  /** The recording is over and does not begin again; heartbeats go on. */
  readonly onMarketEnded?: () => void;
  readonly onDislocation?: (report: DislocationReport) => void;
  /** What a client of the private socket says, as it arrives: before anything is done with it, and before any fault. */
  readonly onPrivateText?: (text: string) => void;
}

export class PracticeExchange {
  readonly market: Market;
  readonly #private: PrivateSide;
  readonly #clock: ExchangeClock;
  readonly #settings: PracticeSettings;
  readonly #replay: MarketReplay;
  readonly #dislocation: MarketDislocation;
  readonly #plan: FaultPlan;
  readonly #ownFaults: FaultDraws;
  readonly #ids: Chance;
  readonly #budget: ConnectionBudget;
  readonly #audience: PublicAudience;
  readonly #level3: Level3Books;
  readonly #listener: PracticeListener;
  readonly #faultCounts: Partial<Record<FaultName, number>> = {};
  readonly #counts: ConnectionCounts = {
    framesSent: 0,
    heartbeatsSent: 0,
    requests: 0,
    requestsOverRate: 0,
    slowClientsCut: 0,
    idleClosed: 0,
  };
  #connections = 0;
  #refused = 0;
  #opening = false;

  /**
   * @param tradingFaults what goes wrong on the trading side, instead of the catalogue's faults.
   * @throws OPTION_INVALID, DECIMAL_INVALID for accounts that cannot be opened.
   */
  constructor(
    tape: MarketTape,
    clock: Clock,
    settings: PracticeSettings,
    listener: PracticeListener = {},
    tradingFaults?: TradingFaults,
  ) {
    this.#clock = new ExchangeClock(clock);
    this.#settings = settings;
    this.#listener = listener;
    this.market = new Market(tape);
    // Before the audience, which publishes it; and both before the trading side, which acts on what was published.
    this.#level3 = new Level3Books({
      market: this.market,
      clock: this.#clock,
      chance: seededChance(settings.seed ^ LEVEL3),
      resting: (symbol, side) => this.trading.resting(symbol, side),
    });
    this.#audience = new PublicAudience(this.market, this.#clock);
    const startedNs = clock.nowNs();
    const sinceStartMs = () => (clock.nowNs() - startedNs) / 1e6;
    this.#plan = new FaultPlan(settings.faults, settings.seed, sinceStartMs, (report) => {
      this.#faultCounts[report.fault] = (this.#faultCounts[report.fault] ?? 0) + 1;
      listener.onFault?.(report);
    });
    this.#ownFaults = this.#plan.forConnection(0);
    this.#ids = seededChance(settings.seed);
    this.#budget = new ConnectionBudget(clock, settings.limits);
    this.#private = new PrivateSide({
      market: this.market,
      clock: this.#clock,
      accounts: settings.accounts,
      seed: settings.seed,
      plan: this.#plan,
      faults: this.#ownFaults,
      tradingFaults,
      onMarketWanted: () => this.#open(),
      onTrade: (trade) => this.#audience.sendTrade(trade),
    });
    this.#dislocation = new MarketDislocation({
      market: this.market,
      clock,
      chance: seededChance(settings.seed ^ DISLOCATIONS),
      bps: settings.dislocateBps,
      onDislocation: (report) => listener.onDislocation?.(report),
    });
    this.#replay = new MarketReplay(this.#dislocation, tape, settings, {
      clock,
      mayPlay: () => this.#audience.hasRoom(),
      onEnded: () => listener.onMarketEnded?.(),
    });
  }

  /** Accounts and their orders, without a protocol. */
  get trading(): TradingCore {
    return this.#private.trading;
  }

  get tokens(): SessionTokens {
    return this.#private.tokens;
  }

  /** The REST side, without a socket. */
  get rest(): RestApi {
    return this.#private.rest;
  }

  /** Counts a connection attempt. False: refuse it with HTTP 429. */
  admit(): boolean {
    const admitted = this.#budget.admit();
    if (!admitted) this.#refused += 1;
    return admitted;
  }

  /** Takes a client of the public socket. */
  connectPublic(port: ClientPort): ClientEvents {
    const deps = this.#followerDeps(port);
    const faults = this.#plan.forConnection(this.#connections);
    return this.#follow(new PublicSession({ ...deps, faults }));
  }

  /** Takes a client of the public socket in its first version. */
  connectPublicV1(port: ClientPort): ClientEvents {
    return this.#follow(new V1PublicSession(this.#followerDeps(port)));
  }

  /** Takes a client of the socket for single orders. */
  connectLevel3(port: ClientPort): ClientEvents {
    const deps = { desk: this.trading, tokens: this.tokens, books: this.#level3 };
    return this.#follow(new Level3Session({ ...this.#followerDeps(port), ...deps }));
  }

  #follow(session: MarketFollower): ClientEvents {
    this.#audience.add(session);
    return session.connection;
  }

  /** What a client that follows the market needs, as the next connection. */
  #followerDeps(port: ClientPort) {
    this.#connections += 1;
    return {
      port,
      clock: this.#clock,
      market: this.market,
      limits: this.#settings.limits,
      counts: this.#counts,
      connectionId: this.#connectionId(),
      statistics: this.#private.statistics,
      pair: (symbol: string) => this.trading.pair(symbol),
      onSubscriptions: () => {
        if (this.#audience.isWatching) this.#open();
      },
      onClosed: (closed: MarketFollower) => this.#audience.remove(closed),
    };
  }

  /** Takes a client of the private socket. */
  connectPrivate(port: ClientPort): ClientEvents {
    return this.#overhear(this.#private.connect(this.#privateClient(port)));
  }

  /** Takes a client of the private socket in its first version. */
  connectPrivateV1(port: ClientPort): ClientEvents {
    return this.#overhear(this.#private.connectV1(this.#privateClient(port)));
  }

  #privateClient(port: ClientPort) {
    this.#connections += 1;
    const { limits } = this.#settings;
    return { port, limits, counts: this.#counts, number: this.#connections, connectionId: this.#connectionId() };
  }

  #overhear(events: ClientEvents): ClientEvents {
    const { onPrivateText } = this.#listener;
    return onPrivateText === undefined ? events : overheard(events, onPrivateText);
  }

  /** Makes a fault strike at its next occasions. */
  orderFault(fault: FaultName, times = 1): void {
    this.#plan.order(fault, times);
  }

  stats(): PracticeStats {
    return {
      ...this.#counts,
      market: this.#replay.state,
      passes: this.#replay.passes,
      eventsPlayed: this.#replay.played,
      connections: this.#connections,
      connectionsRefused: this.#refused,
      restRequests: this.rest.counts.requests,
      restErrors: this.rest.counts.errors,
      clients: this.#audience.size + this.#private.clients,
      faults: { ...this.#faultCounts },
      dislocations: this.#dislocation.count,
    };
  }

  /** Closes the market and every connection. */
  close(): void {
    this.#replay.stop();
    this.#dislocation.stop();
    this.#private.close();
    this.#audience.closeAll();
    this.#clock.close();
  }

  /** The market opens with the first who looks at it. */
  #open(): void {
    if (this.#opening) return;
    this.#opening = true;
    this.#clock.after(this.#settings.openDelayMs, () => {
      this.#replay.start();
      if (this.#settings.dislocateBps > 0) this.#dislocation.start();
      this.#everySecond();
    });
  }

  /** A decimal between 2^63 and 2^64, like those of the venue. */
  #connectionId(): string {
    const low = BigInt(this.#ids.integer(2 ** 32));
    const high = BigInt(this.#ids.integer(2 ** 31));
    return String((1n << 63n) | (high << 32n) | low);
  }

  #everySecond(): void {
    this.#clock.after(SECOND_MS, () => {
      strikeMarket(this.market, this.#clock, this.#ownFaults, this.#audience.followed());
      this.#everySecond();
    });
  }
}

function overheard(events: ClientEvents, onText: (text: string) => void): ClientEvents {
  return {
    receive: (text) => {
      onText(text);
      events.receive(text);
    },
    closed: () => events.closed(),
    answersPings: () => events.answersPings(),
  };
}
