/** Everything of the practice exchange that needs a key: accounts, their orders, the REST side, tokens of the socket. */

import { textOf } from '../../../../net/exact-json.ts';
import { seededChance } from '../../../../platform/chance.ts';
import type { Clock } from '../../../../platform/clock.ts';
import { type AccountSpec, hasKey } from '../../../exchange/accounts/account-spec.ts';
import type { AccountSettings, TradeRecord } from '../../../exchange/exchange-types.ts';
import { TradingCore } from '../../../exchange/trading-core.ts';
import { CatalogueFaults } from '../../../faults/catalogue-faults.ts';
import type { FaultDraws, FaultPlan } from '../../../faults/fault-plan.ts';
import { strikeBought } from '../../../faults/market-faults.ts';
import type { TradingFaults } from '../../../faults/trading-faults.ts';
import type { Market } from '../../../market/market.ts';
import { MarketStatistics } from '../../../market/market-statistics.ts';
import type { ClientEvents } from '../../../network/client-connection.ts';
import { NameIndex } from '../legacy-names.ts';
import { RestApi } from '../rest/rest-api.ts';
import type { RestContext } from '../rest/rest-context.ts';
import { type V1PrivateDeps, V1PrivateSession } from '../v1/v1-private-session.ts';
import { PrivateSession, type PrivateSessionDeps } from './private-session.ts';
import { SessionTokens } from './session-tokens.ts';

/** Each purpose has its own sequence from the seed, so that a token more does not change the ids of orders. */
const ORDER_IDS = 0x6f726465;
const TOKENS = 0x746f6b65;

export interface PrivateSideDeps {
  readonly market: Market;
  /** Its timers end with the exchange. */
  readonly clock: Clock;
  readonly accounts: readonly (AccountSettings | AccountSpec)[];
  readonly seed: number;
  readonly plan: FaultPlan;
  /** Of the exchange as a whole. */
  readonly faults: FaultDraws;
  /** Instead of the catalogue's. */
  readonly tradingFaults: TradingFaults | undefined;
  readonly onMarketWanted: () => void;
  /** A trade to be published. */
  readonly onTrade: (trade: TradeRecord) => void;
}

export class PrivateSide {
  /** Accounts and their orders, without any protocol. */
  readonly trading: TradingCore;
  /** Tokens of the private socket: `GetWebSocketsToken` issues them. */
  readonly tokens: SessionTokens;
  readonly rest: RestApi;
  readonly statistics: MarketStatistics;
  readonly #deps: PrivateSideDeps;
  readonly #faults: TradingFaults;
  readonly #context: RestContext;
  readonly #sessions = new Set<PrivateSession | V1PrivateSession>();

  /** @throws OPTION_INVALID, DECIMAL_INVALID for accounts that cannot be opened. */
  constructor(deps: PrivateSideDeps) {
    const { market, clock, accounts, seed, faults, onMarketWanted } = deps;
    this.#deps = deps;
    // Before the trading side listens: clients are sent a state before they are sent what becomes of their orders in it.
    market.listen({
      onBook: () => {},
      onStatus: (system) => this.#toAll((session) => session.sendStatus(system)),
      onInstruments: () => {},
    });
    const catalogue = new CatalogueFaults(deps.plan, faults, () => clock.wallMs());
    const tradingFaults = deps.tradingFaults ?? catalogue;
    this.#faults = tradingFaults;
    this.tokens = new SessionTokens(clock, seededChance(seed ^ TOKENS));
    const chance = seededChance(seed ^ ORDER_IDS);
    this.trading = new TradingCore({ market, clock, chance, faults: tradingFaults });
    for (const account of accounts) this.trading.openAccount(account);
    this.statistics = this.#watchTrades(catalogue);
    this.#context = {
      clock,
      market,
      desk: this.trading,
      statistics: this.statistics,
      names: new NameIndex(
        market.books.keys(),
        market.entries.assets.map((entry) => textOf(entry, 'id') ?? ''),
      ),
      issueToken: (account: string) => this.tokens.issue(account),
      onMarketWanted,
      tradingFaults,
    };
    this.rest = new RestApi(this.#context, accounts.filter(hasKey), faults);
  }

  get clients(): number {
    return this.#sessions.size;
  }

  /** Takes a client of the private socket. */
  connect(client: Pick<PrivateSessionDeps, 'port' | 'limits' | 'counts' | 'number' | 'connectionId'>): ClientEvents {
    const { market, clock } = this.#deps;
    const session = new PrivateSession({
      ...client,
      market,
      clock,
      desk: this.trading,
      tokens: this.tokens,
      faults: this.#faults,
      onClosed: (closed) => this.#sessions.delete(closed),
    });
    this.#sessions.add(session);
    return session.connection;
  }

  /** Takes a client of the private socket in its first version. */
  connectV1(client: Pick<V1PrivateDeps, 'port' | 'limits' | 'counts' | 'number' | 'connectionId'>): ClientEvents {
    const session = new V1PrivateSession({
      ...client,
      context: this.#context,
      tokens: this.tokens,
      onClosed: (closed) => this.#sessions.delete(closed),
    });
    this.#sessions.add(session);
    return session.connection;
  }

  /** Every connection is closed. */
  close(): void {
    this.#toAll((session) => session.connection.close(1001, 'going away'));
  }

  /** Copies first: sending can end a session. */
  #toAll(send: (session: PrivateSession | V1PrivateSession) => void): void {
    for (const session of [...this.#sessions]) send(session);
  }

  /** Trades of accounts are the market's trades, and occasions for faults. */
  #watchTrades(catalogue: CatalogueFaults): MarketStatistics {
    const { market, clock, faults, onTrade } = this.#deps;
    const statistics = new MarketStatistics(market, clock);
    for (const account of this.trading.accounts) {
      this.trading.listen(account, {
        onExecution: ({ trade }) => {
          if (trade === undefined) return;
          if (statistics.noteTrade(trade)) onTrade(trade);
          catalogue.noteTrade(trade);
          strikeBought(market, clock, faults, trade);
        },
        onLedger: () => {},
        onSettled: () => {},
      });
    }
    return statistics;
  }
}
