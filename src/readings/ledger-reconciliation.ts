/** Our books against the practice exchange's ledger, to the last digit: what the demo ends with. */

import { formatDecimal, parseDecimal } from '../money/money.ts';
import type { AccountReading, ReadLedgerEntry } from '../practice/exchange/accounts/account-reading.ts';
import { decodeClientOrderId } from '../trading/client-order-id.ts';
import { isAmount, type TradingReading } from './trading-reading.ts';

/** One asset; amounts as decimal text without superfluous zeros, changes signed. */
export interface ReconciledAsset {
  readonly asset: string;
  readonly start: string;
  /** By our fills. */
  readonly booked: string;
  /** By the exchange's ledger, fees taken off. */
  readonly ledger: string;
  /** `0` when the two agree. */
  readonly difference: string;
}

export interface ReconciledCount {
  readonly ours: number;
  readonly exchange: number;
}

export interface Reconciliation {
  readonly assets: readonly ReconciledAsset[];
  /** Orders that the exchange took. */
  readonly orders: ReconciledCount;
  readonly fills: ReconciledCount;
  /** Booked profit by the asset that plans started from. */
  readonly profit: Readonly<Record<string, string>>;
  readonly agrees: boolean;
}

/** Decimals to compare in: more than any asset has. */
const FINEST = 18;

/** Compares what was booked with what the exchange knows of the account. Nothing may be in transit any more. */
export function reconcile(ours: TradingReading, exchange: AccountReading): Reconciliation {
  const opening = sums(exchange.ledger.filter(({ type }) => type === 'deposit'));
  const moved = sums(exchange.ledger.filter(({ type }) => type !== 'deposit'));
  const booked = new Map(ours.assets.map(({ asset, change }) => [asset, finest(change)]));
  const names = [...new Set([...opening.keys(), ...moved.keys(), ...booked.keys()])];
  const assets = names.map((asset) =>
    reconciledAsset(asset, opening.get(asset) ?? 0n, booked.get(asset) ?? 0n, moved.get(asset) ?? 0n),
  );
  const own = exchange.orders.filter(
    ({ clOrdId }) => clOrdId !== undefined && decodeClientOrderId(clOrdId) !== undefined,
  );
  const { sent, refused, absent } = ours.orders;
  const orders = { ours: sent - refused - absent, exchange: own.length };
  const fills = { ours: ours.fills, exchange: own.reduce((sum, order) => sum + order.fills.length, 0) };
  const profits = ours.assets.filter(({ profit }) => isAmount(profit));
  return {
    assets,
    orders,
    fills,
    profit: Object.fromEntries(profits.map(({ asset, profit }) => [asset, short(finest(profit))])),
    agrees:
      assets.every(({ difference }) => difference === '0') &&
      orders.ours === orders.exchange &&
      fills.ours === fills.exchange,
  };
}

/** The table as a person reads it. */
export function renderReconciliation({ assets, orders, fills, profit, agrees }: Reconciliation): string {
  const head = ['', 'start', 'booked', "exchange's ledger", 'difference'];
  const rows = assets.map(({ asset, start, booked, ledger, difference }) => [
    asset,
    start,
    signed(booked),
    signed(ledger),
    difference,
  ]);
  const counted = (name: string, { ours, exchange }: ReconciledCount) => [
    name,
    '',
    String(ours),
    String(exchange),
    String(ours - exchange),
  ];
  const profits = Object.entries(profit).map(([asset, amount]) => `${signed(amount)} ${asset}`);
  return [
    'reconciliation of our books with the exchange',
    ...columns([head, ...rows, counted('orders', orders), counted('fills', fills)]),
    `profit    ${profits.length === 0 ? 'none: nothing was traded that paid' : profits.join('   ')}`,
    agrees ? 'the books agree to the last digit' : 'THE BOOKS DIFFER',
  ].join('\n');
}

function reconciledAsset(asset: string, start: bigint, booked: bigint, ledger: bigint): ReconciledAsset {
  return {
    asset,
    start: short(start),
    booked: short(booked),
    ledger: short(ledger),
    difference: short(booked - ledger),
  };
}

/** What the entries come to by asset, fees taken off. */
function sums(entries: readonly ReadLedgerEntry[]): Map<string, bigint> {
  const byAsset = new Map<string, bigint>();
  for (const { asset, amount, fee } of entries) {
    byAsset.set(asset, (byAsset.get(asset) ?? 0n) + finest(amount) - finest(fee));
  }
  return byAsset;
}

const finest = (text: string): bigint => parseDecimal(text, FINEST, 'amount');

/** Without the zeros that say nothing. */
function short(units: bigint): string {
  const text = formatDecimal(units, FINEST);
  return text.replace(/\.?0+$/, '');
}

const signed = (amount: string): string => (amount === '0' || amount.startsWith('-') ? amount : `+${amount}`);

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const cell = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0);
  return rows.map((row) => `  ${row.map(cell).join('   ')}`.trimEnd());
}
