/**
 * The practice exchange's trading side without any protocol: accounts, what they may do, and what comes of it. Nothing
 * is awaited and nothing is random but ids, so the same requests at the same times give the same exchange.
 */
import type { Chance } from '../../platform/chance.ts';
import type { Clock } from '../../platform/clock.ts';
import type { TradingFaults } from '../faults/trading-faults.ts';
import type { Market } from '../market/market.ts';
import type { MarketSide } from '../market/market-side.ts';
import type { AccountRecord } from './accounts/account-record.ts';
import { ExchangeRegister } from './exchange-register.ts';
import type {
  AccountSettings,
  AddedOrder,
  Amendment,
  Answer,
  BalanceRecord,
  DeadMansSwitch,
  ExecutionKind,
  FeeRates,
  LedgerRecord,
  NewOrder,
  OrderName,
  OrderRecord,
  RateTier,
  TradeRecord,
  TradingDesk,
  TradingListener,
} from './exchange-types.ts';
import { MatchingEngine } from './matching-engine.ts';
import type { ExchangeOrder } from './orders/exchange-order.ts';
import { OrderEnding } from './orders/order-ending.ts';
import { OrderPlacing } from './orders/order-placing.ts';
import type { AssetRules, PairRules } from './pair-rules.ts';
import type { SettledFill } from './settlement.ts';
import { usdValue } from './usd-value.ts';

const CENT_DECIMALS = 2;

/** What the public may see of an open order. */
export type RestingOrder = Pick<ExchangeOrder, 'id' | 'limitPrice' | 'shown' | 'openedAtMs'>;

export interface TradingDeps {
  readonly market: Market;
  /** Its timers end with the exchange. */
  readonly clock: Clock;
  /** For ids. */
  readonly chance: Chance;
  readonly faults: TradingFaults;
}

export class TradingCore implements TradingDesk {
  readonly #market: Market;
  readonly #register: ExchangeRegister;
  readonly #engine: MatchingEngine;
  readonly #placing: OrderPlacing;
  readonly #ending: OrderEnding;
  /** Accounts whose listeners are still to be notified that all is done. */
  readonly #touched = new Set<AccountRecord>();
  #depth = 0;

  constructor({ market, clock, chance, faults }: TradingDeps) {
    this.#market = market;
    const register = new ExchangeRegister(market, clock, chance);
    this.#register = register;
    this.#engine = new MatchingEngine({
      market,
      faults,
      ids: register.ids,
      nowMs: () => register.nowMs(),
      account: (name) => register.account(name).money,
      onStep: (kind, order, fill) => this.#onStep(kind, order, fill),
      onRest: (order) => this.#ending.watchExpiry(order),
    });
    this.#placing = new OrderPlacing(register, this.#engine);
    this.#ending = new OrderEnding(register, this.#engine, (run) => this.#operate(run));
    market.matcher = { onTape: (book) => this.#operate(() => this.#engine.onTape(book)) };
    market.listen({
      onBook: () => {},
      onStatus: () => this.#operate(() => this.#resume()),
      onInstruments: () => this.#operate(() => this.#onInstruments()),
    });
  }

  openAccount(settings: AccountSettings): void {
    this.#register.open(settings);
  }

  get accounts(): readonly string[] {
    return [...this.#register.accounts.keys()];
  }

  add(account: string, order: NewOrder): Answer<AddedOrder> {
    const state = this.#state(account);
    return this.#operate(() => this.#placing.add(state, order));
  }

  addBatch(account: string, orders: readonly NewOrder[]): Answer<readonly Answer<AddedOrder>[]> {
    const state = this.#state(account);
    return this.#operate(() => this.#placing.addBatch(state, orders));
  }

  amend(account: string, amendment: Amendment): Answer<{ readonly amendId: string; readonly order: OrderRecord }> {
    const state = this.#state(account);
    return this.#operate(() => this.#placing.amend(state, amendment));
  }

  cancel(account: string, name: OrderName): Answer<readonly OrderRecord[]> {
    const state = this.#state(account);
    return this.#operate(() => this.#ending.cancel(state, name));
  }

  cancelBatch(account: string, names: readonly OrderName[]): Answer<{ readonly count: number }> {
    const state = this.#state(account);
    return this.#operate(() => this.#ending.cancelBatch(state, names));
  }

  cancelAll(account: string): Answer<{ readonly count: number }> {
    const state = this.#state(account);
    return this.#operate(() => this.#ending.cancelAll(state));
  }

  cancelAllAfter(account: string, timeoutS: number): Answer<DeadMansSwitch> {
    return this.#ending.cancelAllAfter(this.#state(account), timeoutS);
  }

  openOrders(account: string): readonly OrderRecord[] {
    return [...this.#state(account).open.values()];
  }

  closedOrders(account: string): readonly OrderRecord[] {
    return this.#state(account).closed;
  }

  order(account: string, orderId: string): OrderRecord | undefined {
    return this.#state(account).order(orderId);
  }

  trades(account: string): readonly TradeRecord[] {
    return this.#state(account).trades;
  }

  ledger(account: string): readonly LedgerRecord[] {
    return this.#state(account).money.ledger;
  }

  balances(account: string): readonly BalanceRecord[] {
    return this.#state(account).money.balances();
  }

  fees(account: string, _pair: PairRules): FeeRates {
    return this.#state(account).fees(this.#register.nowMs());
  }

  volumeUsdCents(account: string): bigint {
    return this.#state(account).volumeCents(this.#register.nowMs());
  }

  usdValue(asset: AssetRules, units: bigint, decimals: number): bigint {
    return usdValue(this.#market, asset, units, decimals);
  }

  rateTier(account: string): RateTier {
    return this.#state(account).rateTier;
  }

  pair(symbol: string): PairRules | undefined {
    return this.#register.pair(symbol);
  }

  asset(id: string): AssetRules | undefined {
    return this.#register.assets.get(id);
  }

  /** Open orders of all accounts on a side, best first, as they stand in the queue. */
  resting(symbol: string, side: MarketSide): readonly RestingOrder[] {
    return this.#engine.resting(symbol, side);
  }

  listen(account: string, listener: TradingListener): () => void {
    const { listeners } = this.#state(account);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  #state(account: string): AccountRecord {
    return this.#register.account(account);
  }

  /** All that happens in `run` reaches the public as one change per book, and listeners are called when all of it is over. */
  #operate<T>(run: () => T): T {
    this.#depth += 1;
    try {
      return this.#market.change(run);
    } finally {
      this.#depth -= 1;
      if (this.#depth === 0) this.#settle();
    }
  }

  #settle(): void {
    const touched = [...this.#touched];
    this.#touched.clear();
    for (const { listeners } of touched) for (const listener of [...listeners]) listener.onSettled();
  }

  #resume(): void {
    this.#ending.catchUp();
    for (const symbol of this.#market.books.keys()) this.#engine.resume(symbol);
  }

  #onInstruments(): void {
    this.#register.forgetPairs();
    this.#ending.endDelisted();
    this.#resume();
  }

  #onStep(kind: ExecutionKind, order: ExchangeOrder, fill: SettledFill | undefined): void {
    const state = this.#state(order.account);
    const atMs = this.#register.nowMs();
    this.#touched.add(state);
    if (fill !== undefined) {
      state.trades.push(fill.trade);
      state.addVolume(usdValue(this.#market, order.pair.quote, fill.trade.cost, CENT_DECIMALS), atMs);
    }
    if (!order.isOpen) state.closeOrder(order);
    const rateCount = state.counter(order.pair.symbol).levelAt(this.#register.nowNs());
    for (const listener of [...state.listeners])
      listener.onExecution({ kind, order, trade: fill?.trade, rateCount, atMs });
    for (const entry of fill?.entries ?? []) {
      for (const listener of [...state.listeners]) listener.onLedger(entry);
    }
  }
}
