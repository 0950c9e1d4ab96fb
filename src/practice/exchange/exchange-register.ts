/** What the parts of the trading side share: the accounts, the assets and pairs as they are announced now, and time. */
import type { Chance } from '../../platform/chance.ts';
import type { CancelTimer, Clock } from '../../platform/clock.ts';
import { arbitradeError } from '../../platform/errors.ts';
import type { Market } from '../market/market.ts';
import type { AccountRecord } from './accounts/account-record.ts';
import { openAccount } from './accounts/open-accounts.ts';
import { ExchangeIds } from './exchange-ids.ts';
import type { AccountSettings } from './exchange-types.ts';
import { type AssetRules, assetRules, type PairRules, pairRules } from './pair-rules.ts';

export class ExchangeRegister {
  readonly market: Market;
  readonly ids: ExchangeIds;
  readonly assets: ReadonlyMap<string, AssetRules>;
  readonly #clock: Clock;
  readonly #accounts = new Map<string, AccountRecord>();
  readonly #pairs = new Map<string, PairRules>();

  /**
   * @param clock its timers end with the exchange.
   * @param chance for ids.
   */
  constructor(market: Market, clock: Clock, chance: Chance) {
    this.market = market;
    this.#clock = clock;
    this.ids = new ExchangeIds(chance);
    this.assets = assetRules(market.entries);
  }

  /** Wall time, milliseconds. */
  nowMs(): number {
    return this.#clock.wallMs();
  }

  /** Monotonic: ages and counters do not jump with the wall clock. */
  nowNs(): number {
    return this.#clock.nowNs();
  }

  /** A timer that ends with the exchange. */
  after(delayMs: number, run: () => void): CancelTimer {
    return this.#clock.after(delayMs, run);
  }

  open(settings: AccountSettings): void {
    const { name } = settings;
    if (this.#accounts.has(name)) throw arbitradeError('OPTION_INVALID', 'account', 'a name that is not taken', name);
    this.#accounts.set(name, openAccount(settings, this.assets, this.ids, this.nowMs()));
  }

  get accounts(): ReadonlyMap<string, AccountRecord> {
    return this.#accounts;
  }

  /** @throws Error for an account that was never opened: the caller has to know. */
  account(name: string): AccountRecord {
    const state = this.#accounts.get(name);
    if (state === undefined) throw new Error(`the practice exchange has no account ${name}`);
    return state;
  }

  pair(symbol: string): PairRules | undefined {
    const known = this.#pairs.get(symbol);
    if (known !== undefined) return known;
    const entry = this.market.entry(symbol);
    const book = this.market.books.get(symbol);
    const rules = entry === undefined || book === undefined ? undefined : pairRules(entry, book, this.assets);
    if (rules !== undefined) this.#pairs.set(symbol, rules);
    return rules;
  }

  /** The venue announces something: what was read of a pair is void. */
  forgetPairs(): void {
    this.#pairs.clear();
  }

  /** Adds to the account's trading counter in a pair; false when that is more than its tier allows. */
  spend(state: AccountRecord, symbol: string, points: number): boolean {
    return state.counter(symbol).tryAdd(points, this.nowNs());
  }
}
