import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDecimal, type Units, units } from '../../src/money/money.ts';
import type {
  AccountReading,
  ReadLedgerEntry,
  ReadOrder,
} from '../../src/practice/exchange/accounts/account-reading.ts';
import { reconcile, renderReconciliation } from '../../src/readings/ledger-reconciliation.ts';
import type { TradingReading } from '../../src/readings/trading-reading.ts';
import { encodeClientOrderId } from '../../src/trading/client-order-id.ts';

let entries = 0;
const entry = (type: 'deposit' | 'trade', asset: string, amount: string, fee = '0'): ReadLedgerEntry => ({
  ...{ id: `L${++entries}`, refId: 'T', type, asset, amount, fee, balance: '0', atMs: 0 },
});

const order = (clOrdId: string | undefined, fills: number): ReadOrder => ({
  ...{ id: 'O', clOrdId, symbol: 'BTC/USD', side: 'buy', qty: '1', limitPrice: '1', status: 'filled', reason: '' },
  ...{ openedAtMs: 0, closedAtMs: 0, filledQty: '1' },
  fills: Array.from({ length: fills }, (_, fill) => ({
    ...{ id: `T${fill}`, qty: '1', price: '1', cost: '1', fee: '0', feeAsset: 'USD', atMs: 0 },
  })),
});

const own = (plan: number) => encodeClientOrderId({ runMs: 1_785_641_750_000, plan, leg: 0, attempt: 0 });

const OURS: TradingReading = {
  mode: 'demo',
  account: 'trading',
  orders: { sent: 4, out: 0, uncertain: 1, refused: 1, absent: 1 },
  fills: 3,
  announced: 0,
  assets: [
    { asset: 'USD', change: '12.3400', balance: '112.34', profit: '12.3400', exposure: '0', dust: '0' },
    { asset: 'BTC', change: '-0.0000000001', balance: '1.9', profit: '0.00', exposure: '0', dust: '0' },
  ],
};
const THEIRS: AccountReading = {
  account: 'demo',
  balances: [],
  orders: [order(own(1), 2), order(own(2), 1), order(undefined, 5), order('somebody-elses', 1)],
  ledger: [
    entry('deposit', 'USD', '100.00'),
    entry('deposit', 'BTC', '2'),
    entry('deposit', 'ETH', '40'),
    entry('trade', 'USD', '-50.0000'),
    entry('trade', 'USD', '62.35', '0.01'),
    entry('trade', 'BTC', '0.5', '0.0000000001'),
    entry('trade', 'BTC', '-0.5'),
  ],
};

describe('reconciliation', () => {
  test('agrees when every asset, our orders and our fills do', () => {
    expect(reconcile(OURS, THEIRS)).toEqual({
      assets: [
        { asset: 'USD', start: '100', booked: '12.34', ledger: '12.34', difference: '0' },
        { asset: 'BTC', start: '2', booked: '-0.0000000001', ledger: '-0.0000000001', difference: '0' },
        { asset: 'ETH', start: '40', booked: '0', ledger: '0', difference: '0' },
      ],
      orders: { ours: 2, exchange: 2 },
      fills: { ours: 3, exchange: 3 },
      profit: { USD: '12.34' },
      agrees: true,
    });
  });

  test.each([
    ['a unit of one asset', { assets: [{ ...OURS.assets[0]!, change: '12.3401' }, OURS.assets[1]!] }],
    ['an asset that only we moved', { assets: [...OURS.assets, { ...OURS.assets[1]!, asset: 'DOT' }] }],
    ['an asset that only the exchange moved', { assets: [OURS.assets[0]!] }],
    ['an order', { orders: { ...OURS.orders, sent: 5 } }],
    ['a fill', { fills: 2 }],
  ])('differs by %s', (_what, change) => {
    const result = reconcile({ ...OURS, ...change }, THEIRS);
    expect(result.agrees).toBe(false);
    expect(renderReconciliation(result)).toContain('THE BOOKS DIFFER');
  });

  test('the table shows start, both changes, the difference and the counts', () => {
    expect(renderReconciliation(reconcile(OURS, THEIRS)).split('\n')).toEqual([
      'reconciliation of our books with the exchange',
      "           start          booked   exchange's ledger   difference",
      '  USD        100          +12.34              +12.34            0',
      '  BTC          2   -0.0000000001       -0.0000000001            0',
      '  ETH         40               0                   0            0',
      '  orders                       2                   2            0',
      '  fills                        3                   3            0',
      'profit    +12.34 USD',
      'the books agree to the last digit',
    ]);
  });

  test('whatever was moved in whatever steps, the difference is exactly what we booked beyond the ledger', () => {
    const step = fc.record({ amount: fc.bigInt(-(10n ** 15n), 10n ** 15n), fee: fc.bigInt(0n, 10n ** 6n) });
    fc.assert(
      fc.property(fc.array(step), fc.bigInt(-1_000n, 1_000n), (steps, error) => {
        const text = (units: Units) => formatDecimal(units, 10);
        const sum = steps.reduce((total, { amount, fee }) => total + amount - fee, 0n);
        const ledger = steps.map(({ amount, fee }) => entry('trade', 'BTC', text(units(amount)), text(units(fee))));
        const assets = [{ ...OURS.assets[1]!, change: text(units(sum + error)) }];
        const [row] = reconcile({ ...OURS, assets }, { ...THEIRS, ledger }).assets;
        expect(row?.difference === '0').toBe(error === 0n);
      }),
    );
  });
});
