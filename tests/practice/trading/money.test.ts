import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FEE_SCHEDULE } from '../../../src/practice/exchange/accounts/fee-schedule.ts';
import type { AccountSettings, OrderRecord } from '../../../src/practice/exchange/exchange-types.ts';
import { ALICE, BOB, BTC_USD, ETH_BTC, MadeExchange, type MadePair } from './made-exchange.ts';

const ioc = { timeInForce: 'ioc' } as const;

/** A pair whose prices make costs that do not fit the ledger. */
const ODD: MadePair = {
  ...BTC_USD,
  costMin: '0',
  bids: [['333.3', '5.00000000']],
  asks: [['333.4', '5.00000000']],
};

describe('what a fill costs', () => {
  test.each([
    // 0.00123457 × 333.4 = 0.411605638: up to 0.4117; 0.4 % of that is 0.0016468, up to 0.0017.
    ['buy', 'quote', { cost: 4_117n, fee: 17n }, [999.5866, 10.00123457]],
    // 0.00123457 × 0.4 % = 0.00000493828, to the ledger's ten decimals exactly.
    ['buy', 'base', { cost: 4_117n, fee: 49_383n }, [999.5883, 10.0012296317]],
    // 0.00123457 × 333.3 = 0.411482181: down to 0.4114; the fee up to 0.0017.
    ['sell', 'quote', { cost: 4_114n, fee: 17n }, [1000.4097, 9.99876543]],
    ['sell', 'base', { cost: 4_114n, fee: 49_383n }, [1000.4114, 9.9987604917]],
  ])('%s with the fee in %s', (side, feePreference, money, [usd, btc]) => {
    const made = new MadeExchange({ pairs: [ODD] });
    const order = made.add('alice', {
      side,
      qty: '0.00123457',
      limitPrice: side === 'buy' ? '334' : '333',
      feePreference,
      ...ioc,
    });
    expect(order.trades[0]).toMatchObject(money);
    expect(order).toMatchObject({ filledCost: money.cost, fee: money.fee });
    expect([made.balance('alice', 'USD')[0], made.balance('alice', 'BTC')[0]]).toEqual([usd, btc]);
  });

  test('every change has an entry; both entries of a trade carry its id, the fee stands in one', () => {
    const made = new MadeExchange();
    const order = made.add('alice', { qty: '1', limitPrice: '101', feePreference: 'base', ...ioc });
    const [trade] = order.trades;
    const entries = made.trading.ledger('alice').slice(-2);
    expect(entries.map(({ refId, asset, amount, fee, balance }) => [refId, asset.id, amount, fee, balance])).toEqual([
      [trade?.id, 'BTC', 10_000_000_000n, 40_000_000n, 109_960_000_000n],
      [trade?.id, 'USD', -1_010_000n, 0n, 8_990_000n],
    ]);
    expect(trade?.ledgerIds).toEqual(entries.map(({ id }) => id));
    expect(
      made.trading
        .ledger('alice')
        .slice(0, 3)
        .map(({ type }) => type),
    ).toEqual(['deposit', 'deposit', 'deposit']);
  });

  test('a fee never exceeds what it is taken from', () => {
    const pair = {
      ...ODD,
      symbol: 'EUR/USD',
      qtyMin: '0.00000001',
      costMin: '0',
      bids: [],
      asks: [['1.0', '5']],
    } as const;
    const made = new MadeExchange({ pairs: [pair], accounts: [{ ...ALICE, balances: { USD: '1' } }] });
    // EUR has four decimals in the ledger, the pair trades eight: of 1.0003 units one comes in, and the fee is that one.
    const buy = { symbol: 'EUR/USD', limitPrice: '1', feePreference: 'base', ...ioc } as const;
    const order = made.add('alice', { ...buy, qty: '0.00010003' });
    expect(order.trades[0]).toMatchObject({ cost: 2n, fee: 1n });
    expect(made.balance('alice', 'EUR')).toEqual([0, 0]);
    expect(made.add('alice', { ...buy, qty: '0.00000003' }).trades[0]).toMatchObject({ cost: 1n, fee: 0n });
    expect(made.balance('alice', 'EUR')).toEqual([0, 0]);
  });

  test('a sale of finer lots than the ledger has takes whole units, and never more than there is', () => {
    const EURUSD = { ...ODD, symbol: 'EUR/USD', qtyMin: '0.00000001', costMin: '0', asks: [] } as const;
    const bids = ['1.3', '1.2', '1.1'].map((price) => [price, '0.00003334'] as const);
    const pair = { ...EURUSD, bids };
    const made = new MadeExchange({ pairs: [pair], accounts: [{ ...ALICE, balances: { EUR: '0.0002' } }] });
    const order = made.add('alice', { symbol: 'EUR/USD', side: 'sell', qty: '0.0001', limitPrice: '1', ...ioc });
    expect(order.trades).toHaveLength(3); // a third of a unit each, and a whole one taken, as long as there are any
    expect(made.balance('alice', 'EUR')).toEqual([0, 0]);
  });
});

describe('holds', () => {
  test.each([
    ['buy', 'quote', 'USD', 50.2],
    ['buy', 'base', 'USD', 50],
    ['sell', 'quote', 'BTC', 0.5],
    ['sell', 'base', 'BTC', 0.502],
  ])('%s with the fee in %s holds %s %d, until it ends', (side, feePreference, asset, held) => {
    const made = new MadeExchange();
    const order = made.add('alice', { side, qty: '0.5', limitPrice: side === 'buy' ? '100' : '102', feePreference });
    expect(made.balance('alice', asset)[1]).toBe(held);
    made.trading.cancel('alice', { orderId: order.id });
    expect(made.balance('alice', asset)[1]).toBe(0);
  });

  test('what is held buys nothing else, to the last unit', () => {
    const accounts = [{ ...ALICE, balances: { USD: '100.4' } }];
    const made = new MadeExchange({ accounts });
    made.add('alice', { qty: '0.5', limitPrice: '100' });
    expect(made.refusal('alice', { qty: '0.50000001', limitPrice: '100' })).toBe('EOrder:Insufficient funds');
    expect(made.refusal('alice', { qty: '0.5', limitPrice: '100' })).toBeUndefined();
    expect(made.balance('alice', 'USD')).toEqual([100.4, 100.4]);
  });

  test('an immediate order needs its limit, a market order what it meets', () => {
    const made = new MadeExchange({ accounts: [{ ...ALICE, balances: { USD: '101.404' } }] });
    expect(made.refusal('alice', { qty: '1', limitPrice: '101.1', ...ioc })).toBe('EOrder:Insufficient funds');
    expect(made.add('alice', { orderType: 'market', qty: '1' }).status).toBe('filled');
    expect(made.balance('alice', 'USD')).toEqual([0, 0]);
  });

  test('a sale of everything takes its fee in quote when no one asked for base', () => {
    const sellers = [ALICE, BOB].map((one) => ({ ...one, sellFeesIn: 'base' as const }));
    const made = new MadeExchange({ accounts: sellers });
    const all = { side: 'sell', qty: '10', limitPrice: '200' };
    expect(made.refusal('alice', { ...all, feePreference: 'base' })).toBe('EOrder:Insufficient funds');
    expect(made.add('alice', all).feePreference).toBe('quote');
    expect(made.add('bob', { ...all, qty: '5' }).feePreference).toBe('base');
    expect(made.add('bob', { qty: '1', limitPrice: '50' }).feePreference).toBe('quote');
  });

  test('a sell that names no preference pays in quote, unless its account says otherwise', () => {
    const made = new MadeExchange({ accounts: [ALICE, { ...BOB, sellFeesIn: 'base' }] });
    const sell = { side: 'sell', orderType: 'market', qty: '0.5' };
    expect(made.add('alice', sell).trades[0]).toMatchObject({ feeAsset: { id: 'USD' } });
    expect(made.add('bob', sell).trades[0]).toMatchObject({ feeAsset: { id: 'BTC' } });
    // What an order says itself stands above it.
    expect(made.add('alice', { ...sell, feePreference: 'base' }).feePreference).toBe('base');
    expect(made.add('bob', { ...sell, feePreference: 'quote' }).feePreference).toBe('quote');
    expect(made.add('bob', { orderType: 'market', qty: '0.5' }).feePreference).toBe('quote');
  });

  test('many small fills never take more than the order was to cost when there is nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40_000_000 }), { minLength: 1, maxLength: 12 }), (parts) => {
        const lots = parts.reduce((sum, part) => sum + part, 0);
        const exact = BigInt(lots) * 3_333n;
        const cost = (exact + 99_999n) / 100_000n;
        const usd = cost + (cost * 4_000n + 999_999n) / 1_000_000n;
        const account = { ...ALICE, balances: { USD: (Number(usd) / 1e4).toFixed(4) } };
        const pair = { ...ODD, bids: [], asks: [], qtyMin: '0', costMin: '0' };
        const made = new MadeExchange({
          pairs: [pair],
          accounts: [account, { ...ALICE, name: 'bob', balances: { BTC: '100' } }],
        });
        const order = made.add('alice', { qty: (lots / 1e8).toFixed(8), limitPrice: '333.3', feePreference: 'quote' });
        for (const part of parts) {
          made.add('bob', {
            side: 'sell',
            qty: (part / 1e8).toFixed(8),
            limitPrice: '333.3',
            feePreference: 'quote',
            ...ioc,
          });
        }
        expect(order.status).toBe('filled');
        const [total, held] = made.balance('alice', 'USD');
        expect([total >= 0, held]).toEqual([true, 0]);
        const sold = made.trading.trades('bob').reduce((sum, trade) => sum + trade.cost, 0n);
        expect(order.filledCost >= sold).toBe(true);
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});

describe('fees', () => {
  const takerOf = (fees: AccountSettings['fees'], order: (made: MadeExchange) => OrderRecord) => {
    const made = new MadeExchange({ accounts: [{ ...ALICE, fees, balances: { USD: '1000000', BTC: '1000' } }] });
    return order(made).trades.map(({ fee, cost }) => Number(fee) / Number(cost));
  };
  const take = (made: MadeExchange) => made.add('alice', { qty: '1', limitPrice: '101', ...ioc });

  test('the schedule is the reference’s: falling, seventeen tiers, maker never above taker', () => {
    expect(FEE_SCHEDULE.length).toBe(17);
    for (const [index, { fromUsd, makerPpm, takerPpm }] of FEE_SCHEDULE.entries()) {
      const next = FEE_SCHEDULE[index + 1];
      expect(makerPpm <= takerPpm).toBe(true);
      if (next !== undefined)
        expect(next.fromUsd > fromUsd && next.takerPpm <= takerPpm && next.makerPpm <= makerPpm).toBe(true);
    }
    expect([FEE_SCHEDULE[0], FEE_SCHEDULE[11], FEE_SCHEDULE[16]]).toEqual([
      { fromUsd: 0n, makerPpm: 4_000n, takerPpm: 8_000n },
      { fromUsd: 10_000_000n, makerPpm: 0n, takerPpm: 1_000n },
      { fromUsd: 500_000_000n, makerPpm: 0n, takerPpm: 500n },
    ]);
  });

  test.each([
    [{ tier: 1 }, 0.008],
    [{ tier: 12 }, 0.001],
    [{ makerPct: '0', takerPct: '0.1' }, 0.001],
    [{ makerPct: '0', takerPct: '0' }, 0],
  ])('%j', (fees, rate) => {
    expect(takerOf(fees, take)).toEqual([rate]);
  });

  test('a tier rises with the volume of thirty days and falls when that is over; an order keeps its own', () => {
    const made = new MadeExchange({
      accounts: [{ ...ALICE, fees: { tier: 1 }, balances: { USD: '10000', BTC: '100' } }],
    });
    const early = made.add('alice', { side: 'sell', qty: '1', limitPrice: '103', feePreference: 'quote' });
    const pair = early.pair;
    for (let i = 0; i < 9; i += 1) {
      made.tape({ asks: [['101.0', '3']] });
      made.add('alice', { qty: '3', limitPrice: '101', ...ioc });
    }
    // 9 × 303 = 2,727 dollars: tier 2.
    expect(made.trading.volumeUsdCents('alice')).toBe(272_700n);
    expect(made.trading.fees('alice', pair)).toEqual({ makerPpm: 3_000n, takerPpm: 6_000n });
    made.tape({
      bids: [['103.0', '1']],
      asks: [
        ['101.0', '0'],
        ['101.5', '0'],
        ['102.0', '0'],
      ],
    });
    expect(early.trades[0]).toMatchObject({ cost: 1_030_000n, fee: 4_120n });
    made.run(31 * 86_400_000);
    expect(made.trading.volumeUsdCents('alice')).toBe(0n);
    expect(made.trading.fees('alice', pair).takerPpm).toBe(8_000n);
  });

  test('volume in other quotes counts by the exchange’s own books', () => {
    const made = new MadeExchange({ pairs: [BTC_USD, ETH_BTC] });
    made.add('alice', { symbol: 'ETH/BTC', qty: '5', limitPrice: '0.101', ...ioc });
    // 0.505 BTC at the middle of 100 and 101.
    expect(made.trading.volumeUsdCents('alice')).toBe(5_075n);
  });
});
