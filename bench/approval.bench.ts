// order request ──▶ gate, limits ──▶ approved order ──▶ add_order text          against      JSON.stringify of the same order
/**
 * What the pre-trade check costs an order: the check against gate and limits, and the text that goes out. Every limit of the
 * settings is set, so every check is made. Orders differ in quantity and price; one in eight is too large, and is refused.
 */

import assert from 'node:assert/strict';
import { instrumentIndex } from '../src/market/instrument.ts';
import { lots, ticks, units } from '../src/money/money.ts';
import { sideName } from '../src/money/side.ts';
import { systemClock } from '../src/platform/clock.ts';
import { laterBy, monotonicNs } from '../src/platform/time.ts';
import { checkConfig } from '../src/settings/read-config.ts';
import type { Approval, OrderRequest } from '../src/trading/approved-order.ts';
import { PreTradeLimits } from '../src/trading/pre-trade-limits.ts';
import { addOrder } from '../src/venues/kraken/private/private-requests.ts';
import { BTC_USD, btcUsdListed } from '../tests/support/btc-usd.ts';
import { type Bench, type BenchRow, nowNs, quantiles } from './harness.ts';

const ORDERS = 200_000;
const WARM_UP = 20_000;
const TOO_LARGE_EVERY = 8;
/** 0.01 BTC, and as much as is beyond every limit. */
const USUAL_LOTS = 1_000_000n;
const HUGE_LOTS = 100_000_000_000n;

const bench: Bench = {
  name: 'approval',
  question: 'What do the last check of an order and the writing of its text cost?',
  run: async ({ quick }) => measure(quick ? 2_000 : ORDERS, quick ? 200 : WARM_UP),
};
export default bench;

function measure(count: number, warmUp: number): readonly BenchRow[] {
  const hop = preTradeLimits();
  const samples = { approve: new Float64Array(count), text: [] as number[], json: [] as number[] };
  const tally = { approved: 0, refused: 0 };
  for (let number = -warmUp; number < count; number++) {
    const order = orderNumber(number + warmUp);
    const beforeNs = nowNs();
    const approval = hop.approve(order);
    const approvedNs = nowNs();
    tallyUp(tally, order, approval);
    if (number < 0) continue;
    samples.approve[number] = approvedNs - beforeNs;
    if (approval.ok) writeBoth(approval.order, approvedNs, samples);
  }
  assert.equal(tally.refused, Math.ceil((count + warmUp) / TOO_LARGE_EVERY), 'bench: what is too large was refused');
  assert.equal(tally.approved + tally.refused, count + warmUp, 'bench: every order was decided upon');
  return report(samples);
}

function writeBoth(
  order: Extract<Approval, { ok: true }>['order'],
  startedNs: number,
  samples: { text: number[]; json: number[] },
): void {
  const text = addOrder(order, BTC_USD, { reqId: 7, token: 'token', deadlineMs: 1_790_000_000_000 });
  const writtenNs = nowNs();
  const json = JSON.stringify(plainOrder(order));
  samples.text.push(writtenNs - startedNs);
  samples.json.push(nowNs() - writtenNs);
  assert.equal(JSON.parse(text).params.order_qty, JSON.parse(json).params.order_qty, 'bench: both say the same');
}

/** The same order as an object with floats, as clients that compute in floats write it. */
function plainOrder(order: OrderRequest): object {
  const params = {
    order_type: 'limit',
    side: sideName(order.side),
    order_qty: Number(order.qtyLots) / 1e8,
    limit_price: Number(order.limitTicks) / 10,
    time_in_force: 'ioc',
    fee_preference: 'base',
    stp_type: 'cancel_newest',
    cl_ord_id: order.clOrdId,
    symbol: BTC_USD.symbol,
    deadline: new Date(1_790_000_000_000).toISOString(),
    token: 'token',
  };
  return { method: 'add_order', params, req_id: 7 };
}

function report(samples: { approve: Float64Array; text: number[]; json: number[] }): readonly BenchRow[] {
  const approval = quantiles(samples.approve);
  const text = quantiles(Float64Array.from(samples.text));
  const json = quantiles(Float64Array.from(samples.json));
  const clock = quantiles(Float64Array.from({ length: 10_000 }, () => -nowNs() + nowNs()));
  return [
    { what: 'check against gate and limits', ...approval, bar: { text: '< 5 µs p99', held: approval.p99Ns < 5_000 } },
    { what: 'text of the order', ...text, ratio: { value: text.p50Ns / json.p50Ns, to: 'JSON.stringify' } },
    { what: 'JSON.stringify of the same order in floats', ...json },
    { what: 'reading the clock, in each of the above', ...clock },
  ];
}

function preTradeLimits(): PreTradeLimits {
  const trading = { order_max: { USD: '10000', BTC: '1' }, exposure_max: { USD: '50000', BTC: '5' } };
  const config = checkConfig({ trading: { ...trading, orders_per_second_max: 1_000 } });
  const clock = {
    count: 0,
    readNs: (into: Float64Array, at: number) => {
      into[at] = laterBy(systemClock.nowNs(), clock.count++ * 1e3); // a second apart: never too many
    },
  };
  const hop = new PreTradeLimits({
    config,
    gate: { state: 'active' },
    clock,
    planBounds: () => ({ hasOrdersLeft: true, roomUnits: units(2n ** 62n), isTooOld: false, isLossReached: false }),
    outUnits: () => units(10_000_000n),
  });
  hop.list(btcUsdListed(), 1);
  assert.ok(hop.unusable === undefined, 'bench: the limits apply');
  return hop;
}

function orderNumber(number: number): OrderRequest {
  const isTooLarge = number % TOO_LARGE_EVERY === 0;
  return {
    clOrdId: 'amhw3k2x100001001',
    plan: 1,
    leg: 0,
    attempt: 0,
    instrument: instrumentIndex(0),
    side: 0,
    qtyLots: lots(isTooLarge ? HUGE_LOTS : USUAL_LOTS + BigInt(number % 1_000)),
    limitTicks: ticks(500_000n + BigInt(number % 777)),
    pricePrecision: BTC_USD.pricePrecision,
    qtyPrecision: BTC_USD.qtyPrecision,
    fundsUnits: units(60_000_000n),
    feePpm: 2_600,
    placedNs: monotonicNs(0),
    shrinksExposure: false,
  };
}

function tallyUp(tally: { approved: number; refused: number }, order: OrderRequest, approval: Approval): void {
  if (approval.ok) tally.approved += 1;
  else {
    assert.equal(approval.reason, 'order_too_large', 'bench: refused for the right reason');
    assert.equal(order.qtyLots, HUGE_LOTS, 'bench: what fits was not refused');
    tally.refused += 1;
  }
}
