/** Everything the exchange keeps of one account: money, orders, trades, counters, volume, dead-man's switch. */
import { DecayingCounter } from '../../../net/limiters/decaying-counter.ts';
import type { CancelTimer } from '../../../platform/clock.ts';
import type {
  AccountSettings,
  FeePreference,
  FeeRates,
  OrderName,
  RateTier,
  TradeRecord,
  TradingListener,
} from '../exchange-types.ts';
import type { ExchangeOrder } from '../orders/exchange-order.ts';
import { TIER_LIMITS, type TierLimits } from '../rate-counter.ts';
import { AccountBalances } from './account-balances.ts';
import { type FeePlan, feePlan } from './fee-schedule.ts';

const VOLUME_WINDOW_MS = 30 * 86_400_000;

export class AccountRecord {
  readonly money: AccountBalances;
  readonly rateTier: RateTier;
  readonly limits: TierLimits;
  /** What a sell pays its fee in that names no preference. */
  readonly sellFeesIn: FeePreference;
  readonly listeners = new Set<TradingListener>();
  /** Oldest first. */
  readonly open = new Map<string, ExchangeOrder>();
  /** In the order in which they ended. */
  readonly closed: ExchangeOrder[] = [];
  readonly trades: TradeRecord[] = [];
  readonly #orders = new Map<string, ExchangeOrder>();
  readonly #fees: FeePlan;
  readonly #counters = new Map<string, DecayingCounter>();
  readonly #volume: { atMs: number; cents: bigint }[] = [];
  #volumeCents = 0n;
  /** Dead-man's switch: when it strikes, and how it is taken back. */
  triggerAtMs: number | undefined;
  cancelTrigger: CancelTimer = () => {};

  /** @throws OPTION_INVALID, DECIMAL_INVALID for fees that are none. */
  constructor({ name, rateTier, fees, sellFeesIn = 'quote' }: AccountSettings) {
    this.money = new AccountBalances(name);
    this.rateTier = rateTier;
    this.limits = TIER_LIMITS[rateTier];
    this.sellFeesIn = sellFeesIn;
    this.#fees = feePlan(fees);
  }

  addOrder(order: ExchangeOrder): void {
    this.open.set(order.id, order);
    this.#orders.set(order.id, order);
  }

  closeOrder(order: ExchangeOrder): void {
    this.open.delete(order.id);
    this.closed.push(order);
  }

  order(id: string): ExchangeOrder | undefined {
    return this.#orders.get(id);
  }

  /** The open orders that a name means. */
  named(name: OrderName): ExchangeOrder[] {
    const open = [...this.open.values()];
    if ('orderId' in name) return open.filter(({ id }) => id === name.orderId);
    if ('clOrdId' in name) return open.filter(({ clOrdId }) => clOrdId === name.clOrdId);
    return open.filter(({ userref }) => userref === name.userref);
  }

  openIn(symbol: string): number {
    return [...this.open.values()].filter(({ pair }) => pair.symbol === symbol).length;
  }

  counter(symbol: string): DecayingCounter {
    const known = this.#counters.get(symbol);
    if (known !== undefined) return known;
    const fresh = new DecayingCounter(this.limits.rate);
    this.#counters.set(symbol, fresh);
    return fresh;
  }

  addVolume(cents: bigint, atMs: number): void {
    this.#volume.push({ atMs, cents });
    this.#volumeCents += cents;
  }

  volumeCents(nowMs: number): bigint {
    const fresh = this.#volume.findIndex(({ atMs }) => atMs > nowMs - VOLUME_WINDOW_MS);
    const old = this.#volume.splice(0, fresh === -1 ? this.#volume.length : fresh);
    for (const { cents } of old) this.#volumeCents -= cents;
    return this.#volumeCents;
  }

  fees(nowMs: number): FeeRates {
    const { makerPpm, takerPpm } = this.#fees(this.volumeCents(nowMs));
    return { makerPpm, takerPpm };
  }
}
