import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InstrumentDirectory, instrumentIndex } from '../../src/market/instrument.ts';
import { lots, ticks, type Units, units } from '../../src/money/money.ts';
import { monotonicNs } from '../../src/platform/time.ts';
import type { ConfigInput } from '../../src/settings/config.ts';
import { checkConfig } from '../../src/settings/read-config.ts';
import type { OrderRequest, PlanBounds } from '../../src/trading/approved-order.ts';
import { PreTradeLimits } from '../../src/trading/pre-trade-limits.ts';
import { GATE_STATES, type GateState } from '../../src/trading/trading-gate.ts';
import { btcUsdListed } from '../support/btc-usd.ts';

interface Stage {
  readonly hop: PreTradeLimits;
  gate: GateState;
  nowNs: number;
  outUnits: Units;
  planBounds: PlanBounds | undefined;
}

const UNBOUNDED: PlanBounds = {
  hasOrdersLeft: true,
  roomUnits: units(2n ** 62n),
  isTooOld: false,
  isLossReached: false,
};

function stageOf(settings: ConfigInput, directory: InstrumentDirectory | undefined = btcUsdListed()): Stage {
  const gate = { state: 'active' as GateState };
  const clock = {
    now: 5e9,
    readNs: (into: Float64Array, at: number) => {
      into[at] = clock.now;
    },
  };
  const out = { units: 0n };
  const plan = { bounds: UNBOUNDED as PlanBounds | undefined };
  const hop = new PreTradeLimits({
    config: checkConfig(settings),
    gate,
    clock,
    outUnits: () => units(out.units),
    planBounds: () => plan.bounds,
  });
  if (directory !== undefined) hop.list(directory, 1);
  return {
    hop,
    set planBounds(bounds: PlanBounds | undefined) {
      plan.bounds = bounds;
    },
    set gate(state: GateState) {
      gate.state = state;
    },
    set nowNs(now: number) {
      clock.now = now;
    },
    set outUnits(outUnits: Units) {
      out.units = outUnits;
    },
  };
}

/** Buys 0.01 BTC at 50,000.0: 500 USD. */
const BUY_500: OrderRequest = {
  clOrdId: 'amhw3k2x100001001',
  plan: 1,
  leg: 0,
  attempt: 0,
  instrument: instrumentIndex(0),
  side: 0,
  qtyLots: lots(1_000_000n),
  limitTicks: ticks(500_000n),
  pricePrecision: 1,
  qtyPrecision: 8,
  fundsUnits: units(5_000_000n),
  feePpm: 2_600,
  placedNs: monotonicNs(0),
  shrinksExposure: false,
};
const SELL_BACK: OrderRequest = { ...BUY_500, side: 1, shrinksExposure: true };

const reasonOf = (stage: Stage, order: OrderRequest) => {
  const approval = stage.hop.approve(order);
  return approval.ok ? 'approved' : approval.reason;
};

describe('pre-trade check', () => {
  test.each([
    ['active', 'approved', 'approved'],
    ['reducing', 'gate_closed', 'approved'],
    ['paused', 'gate_closed', 'gate_closed'],
    ['halted', 'gate_closed', 'gate_closed'],
  ] as const)('while the gate says %s an opening order is %s, one that takes back %s', (gate, opening, back) => {
    const stage = stageOf({});
    stage.gate = gate;
    expect([reasonOf(stage, BUY_500), reasonOf(stage, SELL_BACK)]).toEqual([opening, back]);
  });

  test.each([
    [{ USD: '500' }, 'approved'],
    [{ USD: '499.9999' }, 'order_too_large'],
    [{ BTC: '0.01' }, 'approved'],
    [{ BTC: '0.00999999' }, 'order_too_large'],
  ])('an order of 0.01 BTC for 500 USD under %j: %s', (order_max, verdict) => {
    expect(reasonOf(stageOf({ trading: { order_max } }), BUY_500)).toBe(verdict);
  });

  test('the limit of the asset given holds for orders that take back too', () => {
    const stage = stageOf({ trading: { order_max: { BTC: '0.005' } } });
    expect(reasonOf(stage, SELL_BACK)).toBe('order_too_large');
  });

  test('what an order can cost at its limit counts, not what it says it may spend', () => {
    const stage = stageOf({ trading: { order_max: { USD: '400' } } });
    expect(reasonOf(stage, { ...BUY_500, fundsUnits: units(1n) })).toBe('order_too_large');
  });

  test('what is out already counts against the exposure, except for what takes back', () => {
    const stage = stageOf({ trading: { exposure_max: { USD: '700', BTC: '0.001' } } });
    stage.outUnits = units(2_000_000n);
    expect(reasonOf(stage, BUY_500)).toBe('approved');
    stage.outUnits = units(2_000_001n);
    expect(reasonOf(stage, BUY_500)).toBe('exposure_too_large');
    expect(reasonOf(stage, SELL_BACK)).toBe('approved');
  });

  test('so many orders leave within a second, and twice as many when they take back', () => {
    const stage = stageOf({ trading: { orders_per_second_max: 2 } });
    expect([1, 2, 3].map(() => reasonOf(stage, BUY_500))).toEqual(['approved', 'approved', 'too_many_orders']);
    expect([1, 2, 3].map(() => reasonOf(stage, SELL_BACK))).toEqual(['approved', 'approved', 'too_many_orders']);
    stage.nowNs = 6e9 - 1;
    expect(reasonOf(stage, SELL_BACK)).toBe('too_many_orders');
    stage.nowNs = 6e9;
    expect(reasonOf(stage, BUY_500)).toBe('approved');
  });

  test.each([
    ['no quantity', { qtyLots: lots(0n) }],
    ['a negative quantity', { qtyLots: lots(-1n) }],
    ['no price', { limitTicks: ticks(0n) }],
    ['nothing to spend', { fundsUnits: units(0n) }],
    ['no id', { clOrdId: '' }],
    ['an id of 19 characters', { clOrdId: 'a234567890123456789' }],
  ])('an order with %s is none', (_what, wrong) => {
    expect(reasonOf(stageOf({}), { ...BUY_500, ...wrong })).toBe('order_malformed');
  });

  test.each([
    [{ trading: { order_max: { USDT: '1' } } }, 'trading.order_max.USDT'],
    [{ trading: { exposure_max: { USDT: '1' } } }, 'trading.exposure_max.USDT'],
    [{ risk: { loss_max: { USDT: '1' } } }, 'risk.loss_max.USDT'],
  ])('a limit that names an asset the venue does not list stops everything but going back: %j', (settings, path) => {
    const stage = stageOf(settings);
    expect(stage.hop.unusable).toContain(path);
    expect(reasonOf(stage, BUY_500)).toBe('limit_unusable');
    expect(reasonOf(stage, SELL_BACK)).toBe('approved');
  });

  test('before the venue has listed anything, and of a pair it does not list, nothing leaves', () => {
    const stage = stageOf({}, new InstrumentDirectory());
    expect(reasonOf(stage, BUY_500)).toBe('order_too_large');
    expect(reasonOf(stageOf({}), { ...SELL_BACK, instrument: instrumentIndex(7) })).toBe('order_too_large');
  });

  test('a change of precision changes what a lot is worth', () => {
    const directory = btcUsdListed();
    const stage = stageOf({ trading: { order_max: { BTC: '0.01' } } }, directory);
    const [pair] = directory.instruments;
    directory.apply({ assets: [], instruments: [{ ...pair!, qtyPrecision: 7 }] });
    expect(reasonOf(stage, { ...BUY_500, qtyPrecision: 7 })).toBe('precision_changed'); // the limits are of before
    stage.hop.list(directory, 2);
    expect(reasonOf(stage, BUY_500)).toBe('precision_changed');
    expect(reasonOf(stage, { ...BUY_500, qtyPrecision: 7 })).toBe('order_too_large');
    expect(reasonOf(stage, { ...BUY_500, qtyPrecision: 7, qtyLots: lots(100_000n) })).toBe('approved');
  });

  test('whatever is asked, what leaves is within every limit and the gate was open for it', () => {
    const request = fc.record({
      qtyLots: fc.bigInt(-1n, 3_000_000n).map(lots),
      limitTicks: fc.bigInt(-1n, 900_000n).map(ticks),
      side: fc.constantFrom(0 as const, 1 as const),
      shrinksExposure: fc.boolean(),
      gate: fc.constantFrom(...GATE_STATES),
      outUnits: fc.bigInt(0n, 8_000_000n),
      afterNs: fc.integer({ min: 0, max: 4e8 }),
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 40 }), (requests) => {
        const limits = { order_max: { USD: '600', BTC: '0.02' }, exposure_max: { USD: '900' } };
        const stage = stageOf({ trading: { ...limits, orders_per_second_max: 3 } });
        const left: number[] = [];
        let nowNs = 5e9;
        for (const { gate, outUnits, afterNs, ...drawn } of requests) {
          nowNs += afterNs;
          Object.assign(stage, { gate, outUnits, nowNs });
          const approval = stage.hop.approve({ ...BUY_500, ...drawn });
          if (!approval.ok) continue;
          const { side, qtyLots, limitTicks, shrinksExposure } = approval.order;
          const costUnits = side === 0 ? (qtyLots * limitTicks + 99_999n) / 100_000n : 0n;
          const recent = left.filter((leftNs) => nowNs - leftNs < 1e9).length;
          expect(gate === 'active' || gate === 'draining' || (gate === 'reducing' && shrinksExposure)).toBe(true);
          expect(qtyLots > 0n && limitTicks > 0n && qtyLots <= 2_000_000n && costUnits <= 6_000_000n).toBe(true);
          expect(shrinksExposure || side === 1 || outUnits + costUnits <= 9_000_000n).toBe(true);
          expect(recent).toBeLessThan(shrinksExposure ? 6 : 3);
          left.push(nowNs);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('pre-trade check: bounds of the plan', () => {
  const USD_500 = 5_000_000n;

  test.each([
    ['room for exactly this order', { roomUnits: units(USD_500) }, 'approved'],
    ['a unit less', { roomUnits: units(USD_500 - 1n) }, 'plan_volume_over'],
    ['no order left', { hasOrdersLeft: false }, 'plan_orders_over'],
    ['too much lost', { isLossReached: true }, 'plan_loss_over'],
  ])('%s', (_what, bounds, reason) => {
    const stage = stageOf({});
    stage.planBounds = { ...UNBOUNDED, ...bounds };
    expect(reasonOf(stage, BUY_500)).toBe(reason);
    // What takes back or brings home is bounded the same.
    expect(reasonOf(stage, { ...BUY_500, shrinksExposure: true })).toBe(reason);
  });

  test('a plan that is too old begins no further leg, and is closed out all the same', () => {
    const stage = stageOf({});
    stage.planBounds = { ...UNBOUNDED, isTooOld: true };
    expect(reasonOf(stage, BUY_500)).toBe('plan_too_old');
    expect(reasonOf(stage, SELL_BACK)).toBe('approved');
  });

  test('an order of a plan that is not at work does not leave', () => {
    const stage = stageOf({});
    stage.planBounds = undefined;
    expect(reasonOf(stage, BUY_500)).toBe('plan_volume_over');
  });

  test('the worst spend of a sale counts in units of the base, whatever the scales are', () => {
    const stage = stageOf({ trading: { order_max: { BTC: '1' } } });
    expect(stage.hop.worstSpendUnits(SELL_BACK)).toBe(100_000_000n); // 0.01 BTC at ten decimals
    expect(stage.hop.worstSpendUnits(BUY_500)).toBe(USD_500);
    // A lot is 10^-8, a unit of BTC 10^-10 and one of USD 10^-4: three factors that differ.
    stage.planBounds = { ...UNBOUNDED, roomUnits: units(100_000_000n) };
    expect(reasonOf(stage, SELL_BACK)).toBe('approved');
    stage.planBounds = { ...UNBOUNDED, roomUnits: units(99_999_999n) };
    expect(reasonOf(stage, SELL_BACK)).toBe('plan_volume_over');
  });
});
