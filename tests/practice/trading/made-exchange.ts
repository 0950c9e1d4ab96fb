/** A practice exchange over a market made for a test: every level is known, and the tape says what the test says. */

import { parseDecimal } from '../../../src/money/money.ts';
import { rawNumber } from '../../../src/net/exact-json.ts';
import { VirtualClock } from '../../../src/platform/clock.ts';
import type {
  AccountSettings,
  Answer,
  ExecutionEvent,
  LedgerRecord,
  NewOrder,
  OrderRecord,
} from '../../../src/practice/exchange/exchange-types.ts';
import type { TradingFaults } from '../../../src/practice/faults/trading-faults.ts';
import { level } from '../../../src/practice/market/market-level.ts';
import type { BookEvent, MarketTape } from '../../../src/practice/market/market-tape.ts';
import {
  PRACTICE_DEFAULTS,
  PracticeExchange,
  type PracticeListener,
  type PracticeSettings,
} from '../../../src/practice/practice-exchange.ts';

export type Rows = readonly (readonly [price: string, qty: string])[];

export interface MadePair {
  readonly symbol: string;
  readonly price: number;
  readonly qty: number;
  readonly tick?: string;
  readonly qtyMin?: string;
  readonly costMin?: string;
  readonly bids: Rows;
  readonly asks: Rows;
}

const LEDGER: Record<string, number> = { USD: 4, EUR: 4, BTC: 10, ETH: 10 };
const START_NS = 1_785_641_750_000_000_000n;

export const BTC_USD: MadePair = {
  symbol: 'BTC/USD',
  price: 1,
  qty: 8,
  qtyMin: '0.0001',
  costMin: '0.5',
  bids: [
    ['100.0', '1.00000000'],
    ['99.5', '2.00000000'],
    ['99.0', '3.00000000'],
  ],
  asks: [
    ['101.0', '1.00000000'],
    ['101.5', '2.00000000'],
    ['102.0', '3.00000000'],
  ],
};
export const ETH_USD: MadePair = {
  ...BTC_USD,
  symbol: 'ETH/USD',
  price: 2,
  bids: [['10.00', '5.00000000']],
  asks: [['10.10', '5.00000000']],
};
export const ETH_BTC: MadePair = {
  ...BTC_USD,
  symbol: 'ETH/BTC',
  price: 5,
  costMin: '0.00002',
  bids: [['0.10000', '5.00000000']],
  asks: [['0.10100', '5.00000000']],
};

export const ALICE: AccountSettings = {
  name: 'alice',
  rateTier: 'pro',
  fees: { makerPct: '0.2', takerPct: '0.4' },
  balances: { USD: '1000', BTC: '10', ETH: '100' },
};
export const BOB: AccountSettings = { ...ALICE, name: 'bob' };

export function madeTape(pairs: readonly MadePair[]): MarketTape {
  const symbols = pairs.map((pair) => {
    const scale = { price: pair.price, qty: pair.qty };
    return { symbol: pair.symbol, depth: 1000, scale, wire: scale, opening: bookEvent(pair, pair, true) };
  });
  const names = [...new Set(['BTC', 'USD', 'ETH', ...pairs.flatMap(({ symbol }) => symbol.split('/'))])];
  const assets = names.map((id) => ({ id, status: 'enabled', precision: rawNumber(String(LEDGER[id] ?? 8)) }));
  const events = symbols.map(({ opening }) => opening);
  const entries = { assets, pairs: pairs.map(entryOf) };
  return { events, symbols, entries, lengthMs: 0, checksums: { verified: 0, failed: 0 }, notes: [] };
}

function entryOf({ symbol, price, qty, tick, qtyMin = '0', costMin = '0' }: MadePair) {
  const [base = '', quote = ''] = symbol.split('/');
  const number = (value: number | string) => rawNumber(String(value));
  return {
    symbol,
    base,
    quote,
    status: 'online',
    qty_precision: number(qty),
    qty_increment: number(`1e-${qty}`),
    price_precision: number(price),
    cost_precision: number(5),
    cost_min: number(costMin),
    qty_min: number(qtyMin),
    price_increment: number(tick ?? `1e-${price}`),
  };
}

function bookEvent(pair: MadePair, sides: { bids?: Rows; asks?: Rows }, snapshot = false): BookEvent {
  const levels = (rows: Rows = []) =>
    rows.map(([price, qty]) => level(parseDecimal(price, pair.price), parseDecimal(qty, pair.qty)));
  const bids = levels(sides.bids);
  const asks = levels(sides.asks);
  return { kind: 'book', offsetMs: 0, symbol: pair.symbol, snapshot, bids, asks };
}

export interface MadeOptions {
  readonly pairs?: readonly MadePair[];
  readonly accounts?: readonly AccountSettings[];
  readonly faults?: TradingFaults;
  readonly settings?: Partial<PracticeSettings>;
  readonly listener?: PracticeListener;
}

export class MadeExchange {
  readonly clock = new VirtualClock(START_NS);
  readonly exchange: PracticeExchange;
  readonly events: ExecutionEvent['kind'][] = [];
  readonly ledger: LedgerRecord[] = [];
  readonly #pairs: readonly MadePair[];

  constructor({ pairs = [BTC_USD], accounts = [ALICE, BOB], faults, settings, listener }: MadeOptions = {}) {
    this.#pairs = pairs;
    const all = { ...PRACTICE_DEFAULTS, accounts, ...settings };
    this.exchange = new PracticeExchange(madeTape(pairs), this.clock, all, listener, faults);
    for (const { name } of accounts) {
      this.trading.listen(name, {
        onExecution: ({ kind }) => this.events.push(kind),
        onLedger: (entry) => this.ledger.push(entry),
        onSettled: () => {},
      });
    }
  }

  get trading(): PracticeExchange['trading'] {
    return this.exchange.trading;
  }

  get nowMs(): number {
    return this.clock.wallMs();
  }

  run(ms: number): void {
    this.clock.advanceTo(this.clock.nowNs() + ms * 1e6);
  }

  /** The tape says something of a book. */
  tape(sides: { bids?: Rows; asks?: Rows }, symbol = 'BTC/USD'): void {
    const pair = this.#pairs.find((one) => one.symbol === symbol);
    if (pair === undefined) throw new Error(`no pair ${symbol}`);
    this.exchange.market.play(bookEvent(pair, sides));
  }

  /** What the public sees, as text. */
  book(symbol = 'BTC/USD'): { bids: [string, string][]; asks: [string, string][] } {
    const book = this.exchange.market.books.get(symbol);
    if (book === undefined) throw new Error(`no book ${symbol}`);
    const text = (side: 'bid' | 'ask'): [string, string][] =>
      (
        JSON.parse(book.snapshotSide(side, 1000).replace(/:([\d.]+)/g, ':"$1"')) as { price: string; qty: string }[]
      ).map(({ price, qty }) => [price, qty]);
    return { bids: text('bid'), asks: text('ask') };
  }

  add(account: string, order: Partial<NewOrder>): OrderRecord {
    const answer = this.trading.add(account, { symbol: 'BTC/USD', side: 'buy', orderType: 'limit', ...order });
    if (!answer.ok) throw new Error(answer.error);
    if (answer.value.order === undefined) throw new Error('only validated');
    return answer.value.order;
  }

  refusal(account: string, order: Partial<NewOrder>): string | undefined {
    return errorOf(this.trading.add(account, { symbol: 'BTC/USD', side: 'buy', orderType: 'limit', ...order }));
  }

  /** Total, held, as decimals. */
  balance(account: string, asset: string): [total: number, held: number] {
    const found = this.trading.balances(account).find((one) => one.asset.id === asset);
    if (found === undefined) return [0, 0];
    const scale = 10 ** found.asset.decimals;
    return [Number(found.total) / scale, Number(found.held) / scale];
  }
}

export function errorOf(answer: Answer<unknown>): string | undefined {
  return answer.ok ? undefined : answer.error;
}
