/** Fills that are reported again after their plan, or their run, has ended: with the same figures, or with others. */

import { describe, expect, test } from 'vitest';
import { formatDecimal, lots, ticks, units } from '../../../src/money/money.ts';
import { wallMs } from '../../../src/platform/time.ts';
import { encodeClientOrderId } from '../../../src/trading/client-order-id.ts';
import type { StoredBooking, StoredTrading } from '../../../src/trading/stored-trading.ts';
import type { Fill } from '../../../src/venues/trading-port.ts';
import { FakeExchange, stageAccount, WALL_MS } from './account-stage.ts';
import { ASSETS, BTC, BTC_USD, PAIRS, USD } from './sequencer-stage.ts';

const EARLIER_MS = WALL_MS - 3_600_000;
const ID = encodeClientOrderId({ runMs: EARLIER_MS, plan: 9, leg: 0, attempt: 0 });
const OTHER_ID = encodeClientOrderId({ runMs: EARLIER_MS, plan: 8, leg: 0, attempt: 0 });

/** An earlier run has booked the one fill of an order, whole. What the venue says of it now is `reported`. */
function restarted(told: (fill: Fill) => Partial<Fill>, booked: Partial<StoredBooking> = {}) {
  const exchange = new FakeExchange();
  exchange.trade(ID, BTC_USD, 0, lots(1_000_000n), 1_000_000n, ticks(500_000n), EARLIER_MS + 1_000);
  const order = exchange.orders.get(ID)!;
  const fill = order.fills[0]!;
  exchange.orders.set(ID, { ...order, fills: [{ ...fill, ...told(fill) }] });
  const { pricePrecision, qtyPrecision } = PAIRS[BTC_USD]!;
  const amounts = [USD, BTC].map((asset) => ({
    asset: ASSETS[asset]!.id,
    amount: formatDecimal(exchange.balances.get(asset)!, ASSETS[asset]!.precision),
  }));
  const stored: StoredTrading = {
    ...{ sinceMs: EARLIER_MS, isEstablished: true, balances: amounts, exposure: [], dust: [] },
    ...{ plans: [], plansEnded: [`${EARLIER_MS}/9`], ordersOpen: [], ordersKnown: [ID], ordersEnded: [ID] },
    fillsBooked: [
      {
        ...{ execId: fill.execId, clOrdId: ID, symbol: PAIRS[BTC_USD]!.symbol },
        qty: formatDecimal(fill.qtyLots, qtyPrecision),
        price: formatDecimal(fill.priceTicks, pricePrecision),
        cost: formatDecimal(fill.costUnits, ASSETS[USD]!.precision),
        ...{ fee: formatDecimal(fill.feeUnits, ASSETS[BTC]!.precision), feeAsset: ASSETS[BTC]!.id },
        ...booked,
      },
    ],
  };
  const stage = stageAccount({ stored, exchange });
  stage.start();
  stage.pass(120_000);
  const { executions, audits } = stage.told();
  return {
    fills: executions.filter(({ event }) => event === 'FILL'),
    misreports: executions.filter(({ event }) => event === 'ORDER_MISREPORTED'),
    exposures: executions.filter(({ event }) => event === 'EXPOSURE'),
    said: audits.filter((text) => text.startsWith('venue_misreport')),
  };
}

describe('at recovery', () => {
  test('the same fill is the same', () => {
    const { fills, misreports, exposures } = restarted(() => ({}));
    expect([fills, misreports, exposures]).toEqual([[], [], []]);
  });

  test('a cost and a fee that the venue rounded otherwise are the same', () => {
    const { misreports } = restarted(({ costUnits, feeUnits }) => ({
      costUnits: units(costUnits + 1n),
      feeUnits: units(feeUnits - 1n),
    }));
    expect(misreports).toEqual([]);
  });

  test.each<[string, (fill: Fill) => Partial<Fill>, RegExp]>([
    ['quantity', ({ qtyLots }) => ({ qtyLots: lots(qtyLots - 1n) }), /for 0\.00999999, was for 0\.01000000/],
    ['price', ({ priceTicks }) => ({ priceTicks: ticks(priceTicks - 1n) }), /at 49999\.9, was at 50000\.0/],
    [
      'cost',
      ({ costUnits }) => ({ costUnits: units(costUnits / 2n) }),
      /at a cost of 250\.0000 USD, was 500\.0000 USD/,
    ],
    ['fee', ({ feeUnits }) => ({ feeUnits: units(feeUnits * 3n) }), /for a fee of .* BTC, was .* BTC/],
    ['fee’s asset', () => ({ feeAsset: USD }), /for a fee of .* USD, was .* BTC/],
  ])('with another %s is recorded once, halts, and moves nothing', (_what, told, said) => {
    const { fills, misreports, exposures, said: text } = restarted(told);
    expect(misreports).toHaveLength(1);
    expect(text).toEqual([expect.stringMatching(said)]);
    expect([fills, exposures]).toEqual([[], []]);
  });

  test('reported of another order than it was booked of: recorded', () => {
    const { misreports, said } = restarted(() => ({}), { clOrdId: OTHER_ID });
    expect(misreports).toHaveLength(1);
    expect(said).toEqual([expect.stringContaining(`again, which was of order ${OTHER_ID}`)]);
  });

  test('under another id: more than was ordered, and not booked a second time', () => {
    const { fills, misreports, said } = restarted(() => ({ execId: 'OTHER' }));
    expect(fills).toEqual([]);
    expect(misreports).toHaveLength(1);
    expect(said).toEqual([expect.stringContaining('0.02000000 filled, 0.01000000 ordered')]);
  });

  test('under another id and of a time before there was the order: not taken for one that was booked long ago', () => {
    const { misreports, said } = restarted(() => ({ execId: 'OTHER', atMs: wallMs(0) }));
    expect(misreports).toHaveLength(1);
    expect(said).toEqual([expect.stringContaining('a fill at 0 ms since 1970')]);
  });

  test('a record that does not tell its scale is not compared', () => {
    expect(restarted(() => ({}), { qty: '', cost: '' }).misreports).toEqual([]);
  });
});

test('after its plan has ended, by the stream: recorded once', () => {
  const stage = stageAccount();
  stage.start();
  const id = encodeClientOrderId({ runMs: WALL_MS, plan: 3, leg: 0, attempt: 0 });
  stage.exchange.trade(id, BTC_USD, 0, lots(1_000_000n), 1_000_000n, ticks(500_000n), stage.nowMs());
  const fill = stage.exchange.find(id)!.fills[0]!;
  const tell = (one: Fill) => stage.port.tell({ type: 'order.filled', clOrdId: id, venueOrderId: `O${id}`, fill: one });
  tell(fill);
  stage.pass(10_000);
  for (const one of [fill, { ...fill, qtyLots: lots(2n) }, { ...fill, qtyLots: lots(2n) }]) tell(one);
  stage.pass(10_000);
  const { executions } = stage.told();
  expect(executions.filter(({ event }) => event === 'FILL')).toHaveLength(1);
  expect(executions.filter(({ event }) => event === 'ORDER_MISREPORTED')).toHaveLength(1);
});
