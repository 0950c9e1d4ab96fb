import { describe, expect, test } from 'vitest';
import { fillMovements } from '../../../src/actors/sequencer/model/fill-movements.ts';
import { DENIALS_MAX } from '../../../src/actors/sequencer/model/order-machine.ts';
import { type AssetIndex, assetIndex } from '../../../src/market/instrument.ts';
import { SYSTEM_STATUSES } from '../../../src/messages/market-messages.ts';
import { lots, negated, ticks, type Units, units } from '../../../src/money/money.ts';
import { wallMs } from '../../../src/platform/time.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import { encodeClientOrderId } from '../../../src/trading/client-order-id.ts';
import type { StoredTrading } from '../../../src/trading/stored-trading.ts';
import { type AccountStage, DIRECTORY, FakeExchange, stageAccount, WALL_MS } from './account-stage.ts';
import { BTC, BTC_USD, ETH, USD } from './sequencer-stage.ts';

const EARLIER_MS = WALL_MS - 3_600_000;
const ownId = (plan: number, leg = 0, attempt = 0, runMs = WALL_MS) =>
  encodeClientOrderId({ runMs, plan, leg, attempt });

/** Reconciled and trading, with nothing left to be looked at in what was reported so far. */
function trading(options: Parameters<typeof stageAccount>[0] = {}): AccountStage {
  const stage = stageAccount(options);
  stage.start();
  expect(stage.desk.state).toBe('trading');
  stage.port.taken();
  return stage;
}

const exposures = (stage: AccountStage) =>
  stage
    .told()
    .executions.filter(({ event }) => event === 'EXPOSURE')
    .map(({ asset, amount, exposure }) => [asset, amount, exposure]);
const audits = (stage: AccountStage, event: string) =>
  stage.told().audits.filter((text) => text.startsWith(`${event}:`));
const readingOf = (stage: AccountStage) =>
  stage.exchange.reading({ scope: 'everything', sinceMs: wallMs(0) }, stage.nowMs());
const asked = (stage: AccountStage) => stage.port.calls.filter((call) => call.startsWith('readAccount')).length;

describe('account desk: start', () => {
  test('nothing is traded before the account was read, and then its balances are what is expected', () => {
    const stage = stageAccount();
    stage.desk.start();
    expect(stage.desk.isTrading).toBe(false);
    stage.port.answersReadings = false;
    stage.run();
    expect(stage.desk.state).toBe('reading');
    expect(stage.desk.isTrading).toBe(false);
    stage.port.tell({ type: 'account', account: readingOf(stage) });
    stage.run();
    expect(stage.desk.isTrading).toBe(true);
    expect([USD, BTC, ETH].map(stage.expected)).toEqual([100_000_0000n, 2_0000000000n, 0n]);
    const { executions } = stage.told();
    expect(executions.map(({ event, asset, amount }) => [event, asset, amount])).toEqual([
      ['BALANCE', USD, 100_000_0000n],
      ['BALANCE', BTC, 2_0000000000n],
    ]);
    expect(audits(stage, 'account_reconciled')).toHaveLength(1);
    expect(exposures(stage)).toEqual([]);
    expect(stage.compared()).toEqual([WALL_MS]); // the venue's time
  });

  test('whoever stops before it was read cancels nothing that may be of others', () => {
    const stage = stageAccount();
    stage.port.answersReadings = false;
    stage.start();
    const id = ownId(1);
    stage.plans.ordersOut = [{ clOrdId: id, instrument: BTC_USD, sentNs: stage.clock.nowNs() }];
    stage.desk.stop();
    stage.run();
    expect(stage.port.taken().filter((call) => call.startsWith('cancel'))).toEqual([`cancel ${id}`]);
  });

  test('the account is not read before the venue has listed its assets', () => {
    const stage = stageAccount({ listed: false });
    stage.start();
    expect(asked(stage)).toBe(0);
    expect(stage.desk.state).toBe('reading');
    stage.list();
    stage.run();
    expect(stage.desk.state).toBe('trading');
  });

  test('a reading that fails is asked for again, with longer and longer pauses', () => {
    const stage = stageAccount();
    stage.port.answersReadings = false;
    stage.start();
    for (let failure = 1; failure <= 8; failure++) {
      stage.port.tell({ type: 'account_unknown', why: 'EService:Busy' });
      stage.run();
      expect(stage.desk.state).toBe('settling');
      expect(asked(stage)).toBe(failure);
      const leastMs = Math.min(5_000, 250 * 2 ** (failure - 1));
      stage.pass(leastMs - 50);
      expect(asked(stage)).toBe(failure);
      stage.pass(50 + leastMs / 4 + 10); // a quarter is left to chance
      expect(asked(stage)).toBe(failure + 1);
    }
    stage.port.tell({ type: 'account', account: readingOf(stage) });
    stage.run();
    expect(stage.desk.state).toBe('trading');
  });

  test('a reading that is never answered is given up and asked for again', () => {
    const stage = stageAccount({ config: { venue: { rest_timeout_ms: 1_000, rest_attempts_max: 1 } } });
    stage.port.answersReadings = false;
    stage.start();
    stage.pass(1_900);
    expect(asked(stage)).toBe(1);
    stage.port.answersReadings = true;
    stage.pass(500);
    expect(asked(stage)).toBe(2);
    expect(stage.desk.state).toBe('trading');
  });

  test('orders that were left open are cancelled, their fills booked, and only then is the account believed', () => {
    const exchange = new FakeExchange();
    const id = ownId(9, 1, 0, EARLIER_MS);
    exchange.rest(id, 'OLEFT', BTC_USD, 0, lots(1_000_000n));
    const fill = exchange.fillMore('OLEFT', lots(400_000n), EARLIER_MS);
    exchange.orders.set('OLEFT', { ...exchange.orders.get('OLEFT')!, isOpen: true });
    const stage = stageAccount({ exchange });
    stage.start();
    expect(stage.port.calls).toContain(`cancel ${id}`);
    expect(stage.desk.state).toBe('settling');
    stage.pass(300);
    expect(stage.desk.state).toBe('trading');
    const { executions } = stage.told();
    const booked = executions.filter(({ event }) => !['BALANCE', 'EXPOSURE', 'READING'].includes(event));
    expect(booked.map(({ event, clOrdId, execId, runMs, plan }) => [event, clOrdId, execId, runMs, plan])).toEqual([
      ['ORDER_SENT', id, '', EARLIER_MS, 9],
      ['FILL', id, fill.execId, EARLIER_MS, 9],
      ['ORDER_ENDED', id, '', EARLIER_MS, 9],
    ]);
    expect(executions.find(({ event }) => event === 'ORDER_ENDED')?.orderOutcome).toBe('partial');
    expect(audits(stage, 'order_leftover')).toHaveLength(1);
    expect([USD, BTC].map(stage.expected)).toEqual([exchange.balances.get(USD), exchange.balances.get(BTC)]);
  });

  test('orders of others are left alone, reported once each, and what they hold is not spent', () => {
    const exchange = new FakeExchange();
    exchange.rest(undefined, 'OHUMAN', BTC_USD, 0, lots(1_000_000n));
    exchange.rest('my-bot-17', 'OBOT', BTC_USD, 1, lots(1_000_000n));
    exchange.held.set(USD, 400_0000n);
    exchange.held.set(BTC, 1_000_000_00n);
    const stage = trading({ exchange, trading: { reconcile_orders_ms: 1_000 } });
    stage.pass(5_000);
    expect(stage.port.calls.filter((call) => call.startsWith('cancel'))).toEqual([]);
    expect(audits(stage, 'order_foreign')).toHaveLength(2);
    expect(stage.desk.available(USD)).toBe(100_000_0000n - 400_0000n);
    expect(stage.desk.available(BTC)).toBe(2_0000000000n - 1_000_000_00n);
    stage.plans.reserved.set(USD, 1n);
    expect(stage.desk.available(USD)).toBe(100_000_0000n - 400_0001n);
  });

  test('an asset that no pair trades is reported once', () => {
    const exchange = new FakeExchange();
    exchange.unknownAssets = ['KFEE'];
    const stage = trading({ exchange, trading: { reconcile_orders_ms: 1_000 } });
    stage.pass(3_000);
    expect(audits(stage, 'asset_unknown')).toEqual([expect.stringContaining('KFEE')]);
  });

  test('an asset of which more is held than can be counted is reported as that, and is neither compared nor set to nothing', () => {
    const stage = trading({ trading: { reconcile_balances_ms: 1_000 } });
    stage.exchange.uncountable = [BTC];
    stage.port.tell({ type: 'balance', asset: ETH, totalUnits: units(0n), refId: '' });
    stage.pass(10_000);
    expect(audits(stage, 'balance_uncountable')).toEqual([expect.stringContaining('more BTC than can be counted')]);
    expect([audits(stage, 'asset_unknown'), exposures(stage)]).toEqual([[], []]);
    expect([USD, BTC].map((asset) => stage.desk.isUncountable(asset))).toEqual([false, true]);
    expect(stage.expected(BTC)).toBe(2_0000000000n);
    expect(stage.desk.takesPlans).toBe(true);
    stage.exchange.add(USD, units(1n)); // all else is compared as ever
    stage.exchange.uncountable = [];
    stage.pass(10_000);
    expect(exposures(stage)).toEqual([[USD, 1n, 'deviation']]);
    expect(stage.desk.isUncountable(BTC)).toBe(false);
  });

  test('one that cannot be counted from the start on is not expected to be nothing', () => {
    const exchange = new FakeExchange();
    exchange.uncountable = [BTC];
    const stage = trading({ exchange });
    stage.port.tell({ type: 'balance', asset: USD, totalUnits: units(100_000_0000n), refId: '' });
    stage.pass(60_000);
    expect(stage.told().executions.map(({ event, asset }) => [event, asset])).toEqual([['BALANCE', USD]]);
    expect(stage.desk.takesPlans).toBe(true);
  });

  test('what no repetition cures is recorded and nothing is traded', () => {
    const stage = stageAccount();
    stage.start();
    stage.port.tell({ type: 'fatal', error: new Error('the key may withdraw') });
    stage.pass(60_000);
    expect(stage.desk.state).toBe('refused');
    expect(stage.desk.isTrading).toBe(false);
    expect(audits(stage, 'account_refused')).toEqual(['account_refused: the key may withdraw']);
    expect(stage.context.counters.get('account_state')).toBe(10);
    stage.desk.stop();
    stage.run();
    expect(stage.desk.isStopped).toBe(true);
  });
});

describe('account desk: the key is lost while trading', () => {
  test('what is out is cancelled while there is a connection, once, and nothing is asked any more', () => {
    const stage = trading();
    stage.port.taken();
    stage.port.tell({ type: 'fatal', error: new Error('larger nonces') });
    stage.port.tell({ type: 'fatal', error: new Error('no token') });
    stage.pass(120_000);
    expect(stage.desk.state).toBe('refused');
    expect(stage.port.taken()).toEqual(['cancelAll']);
    expect(audits(stage, 'account_refused')).toEqual(['account_refused: larger nonces']);
  });
});

describe('account desk: the connection is lost', () => {
  test('everything is cancelled at once and again when it is back, and the account is read before trading goes on', () => {
    const stage = trading();
    const id = ownId(1);
    stage.plans.ordersOut = [{ clOrdId: id, instrument: BTC_USD, sentNs: stage.clock.nowNs() }];
    stage.port.disconnect();
    stage.run();
    expect(stage.desk.state).toBe('connecting');
    expect(stage.desk.isTrading).toBe(false);
    expect(stage.port.taken()).toContain('cancelAll');
    stage.port.connect();
    stage.run();
    expect(stage.port.taken()).toEqual(['cancelAll', 'arm', expect.stringContaining('readAccount')]);
    // An order whose fate is not known is out: the account is not believed before that is cleared up.
    expect(stage.desk.state).toBe('settling');
    stage.pass(10_000);
    expect(stage.desk.isTrading).toBe(false);
    stage.plans.ordersOut = [];
    stage.pass(5_100);
    expect(stage.desk.state).toBe('trading');
    expect(audits(stage, 'account_reconciled')).toHaveLength(2);
  });

  test('a connection that comes back without a report of its loss is one more to be reconciled', () => {
    const stage = trading();
    stage.port.answersReadings = false;
    stage.port.tell({ type: 'connected' });
    stage.run();
    expect(stage.desk.state).toBe('reading');
    expect(stage.desk.isTrading).toBe(false);
  });

  test('an answer to what was asked over the lost connection is not taken for one to what is asked now', () => {
    const stage = trading();
    stage.port.answersReadings = false;
    stage.port.tell({ type: 'connected' });
    stage.run();
    const stale = readingOf(stage);
    stage.port.disconnect();
    stage.port.connect();
    stage.run();
    stage.exchange.add(USD, units(-5n));
    stage.port.tell({ type: 'account', account: stale });
    stage.run();
    expect(stage.desk.state).toBe('reading');
    stage.port.answersReadings = true;
    stage.port.tell({ type: 'account', account: readingOf(stage) });
    stage.pass(300);
    expect(stage.desk.state).toBe('trading');
    expect(stage.expected(USD)).toBe(stage.exchange.balances.get(USD));
  });

  test('with orders of others on the account only ours are cancelled', () => {
    const exchange = new FakeExchange();
    exchange.rest('my-bot-17', 'OBOT', BTC_USD, 1, lots(1_000_000n));
    const stage = trading({ exchange });
    const id = ownId(1);
    stage.plans.ordersOut = [{ clOrdId: id, instrument: BTC_USD, sentNs: stage.clock.nowNs() }];
    stage.port.disconnect();
    stage.run();
    expect(stage.port.taken()).toEqual([`cancel ${id}`]);
  });
});

describe('account desk: continuous reconciliation', () => {
  test('the account is read at the shortest interval that is set, and not at all when none is', () => {
    const stage = trading({ trading: { reconcile_orders_ms: 4_000, reconcile_balances_ms: 60_000 } });
    stage.pass(12_500);
    expect(asked(stage)).toBe(3);
    const never = trading({ trading: { reconcile_orders_ms: 0, reconcile_balances_ms: 0 } });
    never.pass(3_600_000 / 60);
    expect(asked(never)).toBe(0);
  });

  test('a deviation that two readings show is exposure, and the expectation from then on', () => {
    const stage = trading({ trading: { reconcile_orders_ms: 1_000 } });
    stage.exchange.add(USD, units(-12_3456n));
    stage.exchange.add(ETH, units(7n));
    stage.pass(1_050);
    expect(exposures(stage)).toEqual([]);
    stage.pass(2_100);
    expect(exposures(stage)).toEqual([
      [USD, -12_3456n, 'deviation'],
      [ETH, 7n, 'deviation'],
    ]);
    expect([USD, ETH].map(stage.exposed)).toEqual([-12_3456n, 7n]);
    expect([USD, ETH].map(stage.expected)).toEqual([stage.exchange.balances.get(USD), 7n]);
    stage.pass(10_000);
    expect(exposures(stage)).toHaveLength(2);
    expect(stage.context.counters.get('deviations')).toBe(2);
  });

  test('a balance that is late by one reading is no deviation', () => {
    const stage = trading({ trading: { reconcile_orders_ms: 1_000 } });
    stage.exchange.add(USD, units(-12n));
    stage.pass(1_050);
    stage.exchange.add(USD, units(12n));
    stage.pass(30_000);
    expect(exposures(stage)).toEqual([]);
  });

  test('what is traded while the account is read is compared with every balance that there was meanwhile', () => {
    const stage = trading({ trading: { reconcile_orders_ms: 1_000 } });
    for (let round = 0; round < 3; round++) {
      stage.port.answersReadings = false;
      stage.pass(1_050);
      const id = ownId(round + 1);
      const before = readingOf(stage); // taken before the fills, answered after them
      stage.exchange.trade(id, BTC_USD, 0, lots(1_000_000n), 1_000_000n, ticks(500_000n), stage.nowMs());
      bookAsPlan(stage, id);
      const between = readingOf(stage);
      stage.exchange.trade(ownId(100 + round), BTC_USD, 0, lots(1_000_000n), 500_000n, ticks(500_000n), stage.nowMs());
      bookAsPlan(stage, ownId(100 + round));
      stage.port.tell({ type: 'account', account: round === 1 ? between : before });
      stage.run();
      expect(stage.desk.takesPlans).toBe(true);
      stage.port.answersReadings = true;
    }
    stage.pass(10_000);
    expect(exposures(stage)).toEqual([]);
    expect(stage.expected(USD)).toBe(stage.exchange.balances.get(USD));
  });

  test('a balance that none of the trades explains holds new plans at once, and is a deviation at rest', () => {
    const stage = trading({ trading: { reconcile_orders_ms: 1_000 } });
    stage.plans.isAtWork = true;
    stage.port.answersReadings = false;
    stage.pass(1_050);
    const id = ownId(1);
    stage.exchange.trade(id, BTC_USD, 0, lots(1_000_000n), 1_000_000n, ticks(500_000n), stage.nowMs());
    bookAsPlan(stage, id);
    stage.exchange.add(USD, units(-3n)); // an asset that has moved
    stage.port.tell({ type: 'account', account: readingOf(stage) });
    stage.run();
    expect([stage.desk.isTrading, stage.desk.takesPlans]).toEqual([true, false]); // what is at work goes on
    stage.port.answersReadings = true;
    stage.pass(500);
    expect(exposures(stage)).toEqual([]);
    stage.plans.isAtWork = false;
    stage.run();
    expect(stage.desk.isTrading).toBe(false);
    stage.pass(1_000);
    expect(exposures(stage)).toEqual([[USD, -3n, 'deviation']]);
    expect(stage.desk.takesPlans).toBe(true);
  });

  test('an asset that an order moves is not called wrong, but when it never fits plans wait until it was compared', () => {
    const stage = trading({ trading: { reconcile_orders_ms: 1_000 } });
    stage.plans.isAtWork = true;
    stage.exchange.add(USD, units(7n));
    const trade = () => {
      stage.plans.ordersOut = [{ clOrdId: ownId(1), instrument: BTC_USD, sentNs: stage.clock.nowNs() }];
    };
    for (let second = 0; second < 14; second++) {
      trade();
      stage.pass(1_000);
      expect(stage.desk.takesPlans, `second ${second}`).toBe(true);
    }
    trade();
    stage.pass(4_000);
    expect([stage.desk.isTrading, stage.desk.takesPlans]).toEqual([true, false]);
    expect(exposures(stage)).toEqual([]);
    stage.plans.isAtWork = false;
    stage.plans.ordersOut = [];
    stage.pass(1_000);
    expect(exposures(stage)).toEqual([[USD, 7n, 'deviation']]);
    expect(stage.desk.takesPlans).toBe(true);
  });

  test('at rest two readings must show the same deviation, not only one each', () => {
    const stage = trading({ trading: { reconcile_orders_ms: 1_000 } });
    stage.port.answersReadings = false;
    const answer = (units: Units) => {
      stage.exchange.add(USD, units);
      stage.port.tell({ type: 'account', account: readingOf(stage) });
      stage.exchange.add(USD, negated(units));
      stage.pass(5_100);
    };
    stage.pass(1_050);
    answer(units(-5n));
    for (const amount of [-6n, -5n, -7n]) answer(units(amount));
    expect(exposures(stage)).toEqual([]);
    expect(stage.desk.isTrading).toBe(false);
    answer(units(0n));
    expect(stage.desk.takesPlans).toBe(true);
    expect(exposures(stage)).toEqual([]);
  });

  test('balances that REST and the stream tell differently are believed of neither', () => {
    const stage = trading({ trading: { reconcile_orders_ms: 1_000 } });
    const told = stage.expected(USD);
    stage.port.tell({ type: 'balance', asset: USD, totalUnits: told, refId: 'L1' });
    stage.run();
    stage.exchange.add(USD, units(70_000n));
    stage.pass(120_000);
    expect(stage.desk.isTrading).toBe(false);
    expect(exposures(stage)).toEqual([]);
    expect(audits(stage, 'account_contradicted')).toHaveLength(1);
    stage.exchange.add(USD, units(-70_000n));
    stage.pass(6_000);
    expect(stage.desk.takesPlans).toBe(true);
    expect(exposures(stage)).toEqual([]);
    stage.exchange.add(USD, units(11n)); // a deposit: both tell it
    stage.port.tell({ type: 'balance', asset: USD, totalUnits: units(told + 11n), refId: 'L2' });
    stage.pass(6_000);
    expect(exposures(stage)).toEqual([[USD, 11n, 'deviation']]);
  });

  test('the balances that a stream begins with count, and those of a connection that was lost do not', () => {
    const stage = stageAccount();
    const told = stage.exchange.balances.get(USD)!;
    stage.port.tell({ type: 'balance', asset: USD, totalUnits: units(told + 1n), refId: '' }); // before it is said to stand
    stage.start();
    stage.pass(20_000);
    expect(stage.desk.isTrading).toBe(false);
    stage.port.disconnect();
    stage.port.connect();
    stage.pass(1_000);
    expect(stage.desk.isTrading).toBe(true);
    expect(exposures(stage)).toEqual([]);
  });

  test('a long reading is waited for as long as it goes on', () => {
    const stage = stageAccount({ config: { venue: { rest_timeout_ms: 1_000, rest_attempts_max: 1 } } });
    stage.port.answersReadings = false;
    stage.start();
    for (let second = 0; second < 60; second++) {
      stage.pass(1_000);
      stage.port.tell({ type: 'account_progress', rows: 50 * second });
      stage.run();
    }
    expect(asked(stage)).toBe(1);
    expect(stage.context.counters.get('account_progress_ns')).toBeGreaterThan(0);
    stage.pass(2_500);
    expect(asked(stage)).toBe(2);
  });

  test('a balance of the stream that is odd brings the next reading forward, but books nothing', () => {
    const stage = trading();
    stage.port.tell({ type: 'balance', asset: USD, totalUnits: units(1n), refId: 'LX' });
    stage.pass(400);
    expect(asked(stage)).toBe(1);
    expect(exposures(stage)).toEqual([]);
    stage.port.tell({
      type: 'balance',
      asset: USD,
      totalUnits: stage.expected(USD),
      refId: 'LX',
    });
    stage.pass(5_000);
    expect(asked(stage)).toBe(1);
  });

  test('another party who trades all the time does not keep us from trading for ever', () => {
    const stage = stageAccount();
    stage.start();
    stage.port.disconnect();
    stage.port.connect();
    stage.exchange.add(USD, units(-1n));
    stage.run();
    expect(stage.desk.isTrading).toBe(false);
    for (let round = 0; round < 400 && !stage.desk.isTrading; round++) {
      stage.exchange.add(USD, units(-1n));
      stage.pass(50);
    }
    expect(stage.desk.isTrading).toBe(true);
    expect(stage.exposed(USD)).toBeLessThan(0n);
  });

  test('an order that is silent for too long is doubted, and so is one that is not among the open ones', () => {
    const stage = trading({
      trading: { answer_timeout_ms: 3_000, reconcile_in_flight_ms: 1_000, reconcile_orders_ms: 30_000 },
    });
    stage.plans.ordersOut = [{ clOrdId: ownId(1), instrument: BTC_USD, sentNs: stage.clock.nowNs() }];
    stage.pass(2_900);
    expect(stage.plans.doubted).toEqual([]);
    stage.pass(1_000);
    expect(stage.plans.doubted).toEqual([ownId(1)]);
    stage.pass(1_000);
    expect(stage.plans.doubted).toEqual([ownId(1), ownId(1)]); // until the plan desk knows
    const open = trading({ trading: { reconcile_in_flight_ms: 0, reconcile_orders_ms: 5_000 } });
    open.plans.ordersOut = [{ clOrdId: ownId(1), instrument: BTC_USD, sentNs: open.clock.nowNs() }];
    open.pass(5_100);
    expect(open.plans.doubted).toEqual([ownId(1)]);
  });

  test('the expected balances are reported again once they have changed, so that a restart starts close', () => {
    const stage = trading({ trading: { reconcile_orders_ms: 1_000 } });
    const before = stage.told().executions.length;
    stage.exchange.trade(ownId(1), BTC_USD, 0, lots(1_000_000n), 1_000_000n, ticks(500_000n), stage.nowMs());
    bookAsPlan(stage, ownId(1));
    stage.pass(1_100);
    const told = stage
      .told()
      .executions.slice(before)
      .filter(({ event }) => event !== 'READING');
    expect(told.map(({ event, asset, amount }) => [event, asset, amount])).toEqual([
      ['BALANCE', USD, stage.exchange.balances.get(USD)],
      ['BALANCE', BTC, stage.exchange.balances.get(BTC)],
    ]);
    stage.pass(5_000);
    expect(stage.told().executions).toHaveLength(before + 2);
  });
});

describe('account desk: orders that no plan has out', () => {
  test('a fill that comes after the end of its plan is looked up, booked once, and is exposure of all it moved', () => {
    const stage = trading();
    const id = ownId(4, 1);
    stage.exchange.trade(id, BTC_USD, 0, lots(1_000_000n), 0n, ticks(500_000n), stage.nowMs());
    const before = new Map(stage.exchange.balances);
    const fill = stage.exchange.fillMore(id, lots(250_000n), stage.nowMs());
    const event = { type: 'order.filled', clOrdId: id, venueOrderId: `O${id}`, fill } as const;
    stage.port.tell(event, event);
    stage.run();
    stage.port.tell(event);
    stage.run();
    expect(stage.port.calls.filter((call) => call.startsWith('lookUp'))).toHaveLength(1);
    const fills = stage.told().executions.filter(({ event: name }) => name === 'FILL');
    expect(fills.map(({ execId }) => execId)).toEqual([fill.execId]);
    for (const asset of [USD, BTC]) {
      const moved = stage.exchange.balances.get(asset)! - before.get(asset)!;
      expect(stage.exposed(assetIndex(asset))).toBe(moved);
      expect(stage.expected(assetIndex(asset))).toBe(stage.exchange.balances.get(asset));
    }
    expect(audits(stage, 'fill_late')).toHaveLength(1);
    stage.pass(120_000);
    expect(exposures(stage).filter(([, , reason]) => reason === 'deviation')).toEqual([]);
  });

  test('a late fill that is reported in the scale of before a change of precision moves what it moved', () => {
    const stage = trading();
    const id = ownId(4, 1);
    stage.exchange.trade(id, BTC_USD, 0, lots(1_000_000n), 0n, ticks(500_000n), stage.nowMs());
    const before = new Map(stage.exchange.balances);
    const fill = stage.exchange.fillMore(id, lots(250_000n), stage.nowMs());
    const rescaled = { ...DIRECTORY.instruments[BTC_USD]!, pricePrecision: 3, qtyPrecision: 6 };
    openTable(stage.memory, 'instrument_log', 'feed').append({ assets: [], instruments: [rescaled] }, 50);
    stage.port.tell({ type: 'order.filled', clOrdId: id, venueOrderId: `O${id}`, fill });
    stage.run();
    for (const asset of [USD, BTC]) {
      expect(stage.exposed(assetIndex(asset))).toBe(stage.exchange.balances.get(asset)! - before.get(asset)!);
      expect(stage.expected(assetIndex(asset))).toBe(stage.exchange.balances.get(asset));
    }
    const told = stage.told().executions.find(({ event }) => event === 'FILL');
    expect(told).toMatchObject({ qty: 250_000n, instrumentsSeq: 0 }); // to be read as the pair was then
  });

  test('an order of ours that is open and belongs to no plan is cancelled', () => {
    const stage = trading();
    const id = ownId(4, 1);
    stage.exchange.rest(id, 'OLATE', BTC_USD, 0, lots(1_000_000n));
    stage.port.tell({ type: 'order.acked', clOrdId: id, venueOrderId: 'OLATE' });
    stage.run();
    expect(stage.port.calls).toContain(`cancel ${id}`);
    expect(stage.exchange.find(id)?.isOpen).toBe(false);
  });

  test('a search that cannot be answered is asked again, and after a reconnect too', () => {
    const stage = trading();
    const id = ownId(4, 1);
    stage.port.answersLookUps = false;
    const lookUps = () => stage.port.calls.filter((call) => call.startsWith('lookUp')).length;
    stage.port.tell({ type: 'order.uncertain', clOrdId: id, why: 'time-out' });
    stage.run();
    expect(lookUps()).toBe(1);
    stage.port.tell({ type: 'order.fate_unknown', clOrdId: id, why: 'EService:Unavailable' });
    stage.pass(1_100);
    expect(lookUps()).toBe(2);
    stage.port.disconnect();
    stage.run();
    stage.port.connect();
    stage.pass(100);
    expect(lookUps()).toBe(3);
    expect(stage.desk.isTrading).toBe(false); // not before it is known what became of it
    stage.port.tell({ type: 'order.fate', clOrdId: id, found: undefined });
    stage.pass(6_000);
    expect(stage.desk.isTrading).toBe(true);
  });

  test('a fill that the plan desk has booked is not booked again by a reading', () => {
    const stage = trading({ trading: { reconcile_orders_ms: 1_000 } });
    stage.exchange.trade(ownId(1), BTC_USD, 0, lots(1_000_000n), 1_000_000n, ticks(500_000n), stage.nowMs());
    bookAsPlan(stage, ownId(1));
    stage.pass(5_000);
    expect(stage.told().executions.filter(({ event }) => event === 'FILL')).toEqual([]);
    expect(exposures(stage)).toEqual([]);
    stage.succeed();
    stage.run();
    expect(stage.desk.state).toBe('trading');
    expect(stage.told().executions.filter(({ event }) => event === 'FILL')).toEqual([]);
    expect(exposures(stage)).toEqual([]);
  });
});

describe('account desk: another engine on the account', () => {
  const trade = (stage: AccountStage, runMs: number, plan: number) =>
    stage.exchange.trade(ownId(plan, 0, 0, runMs), BTC_USD, 0, lots(1_000_000n), 0n, ticks(500_000n), stage.nowMs());

  test.each([
    ['after', WALL_MS + 5_000],
    ['before', EARLIER_MS],
  ])('that began %s this one, by whatever clock, is reported at its first late fill, and once', (_when, runMs) => {
    const stage = trading({ trading: { reconcile_orders_ms: 1_000 } });
    stage.pass(70_000);
    const fill = (plan: number) =>
      stage.exchange.trade(ownId(plan, 0, 0, runMs), BTC_USD, 0, lots(1_000_000n), 1n, ticks(500_000n), stage.nowMs());
    fill(1);
    stage.pass(3_000);
    expect(audits(stage, 'account_shared')).toEqual([expect.stringContaining(new Date(runMs).toISOString())]);
    for (let plan = 2; plan < 30; plan++) fill(plan);
    stage.pass(3_000);
    expect(audits(stage, 'account_shared')).toHaveLength(1);
  });

  test('that is dead, and whose clock was ahead, is not taken for another one by what was on its way', () => {
    const stage = trading({ trading: { reconcile_orders_ms: 1_000 } });
    for (let plan = 1; plan <= 4; plan++) trade(stage, WALL_MS + 3_600_000, plan);
    stage.pass(10_000);
    expect(audits(stage, 'account_shared')).toEqual([]);
  });

  test('that began before this one is reported when its orders keep appearing', () => {
    const exchange = new FakeExchange();
    // What a run that died has left, and what was on its way when it died.
    for (let plan = 1; plan <= 20; plan++) {
      exchange.trade(ownId(plan, 0, 0, EARLIER_MS), BTC_USD, 0, lots(1_000_000n), 0n, ticks(500_000n), WALL_MS - 1_000);
    }
    const stage = trading({ exchange, trading: { reconcile_orders_ms: 1_000 } });
    for (let plan = 21; plan <= 24; plan++) trade(stage, EARLIER_MS, plan);
    stage.pass(10_000);
    expect(audits(stage, 'account_shared')).toEqual([]);
    for (let plan = 25; plan <= 30; plan++) {
      trade(stage, EARLIER_MS, plan);
      stage.pass(1_000);
    }
    expect(audits(stage, 'account_shared')).toHaveLength(1);
  });
});

describe('account desk: an order that the venue had and denies to know', () => {
  /** Answers every look-up of `id` with a denial while `ms` pass. @returns how many. */
  function denyFor(stage: AccountStage, id: string, ms: number): number {
    let denials = 0;
    for (let passed = 0; passed < ms; passed += 50) {
      const asked = stage.port.taken().filter((call) => call === `lookUp ${id}`).length;
      for (let answer = 0; answer < asked; answer++, denials++) {
        stage.port.tell({ type: 'order.denied', clOrdId: id, venueOrderId: 'OGONE' });
      }
      stage.pass(50);
    }
    return denials;
  }
  const stored = (clOrdId: string): StoredTrading => ({
    sinceMs: EARLIER_MS,
    isEstablished: true,
    balances: [
      { asset: 'USD', amount: '100000' },
      { asset: 'BTC', amount: '2' },
    ],
    exposure: [],
    dust: [],
    plans: [
      { runMs: EARLIER_MS, plan: 9, startAsset: 'USD', firstOrder: undefined, mark: '0', fills: [], entered: [] },
    ],
    plansEnded: [],
    ordersOpen: [{ clOrdId, venueOrderId: 'OGONE', symbol: 'BTC/USD', side: 0 }],
    ordersKnown: [clOrdId],
    ordersEnded: [],
    fillsBooked: [],
  });

  test('of an earlier run is given up after many denials, reported and alerted: the account is not kept waiting for ever', () => {
    const id = ownId(9, 1, 0, EARLIER_MS);
    const stage = stageAccount({ stored: stored(id) });
    stage.port.answersLookUps = false;
    stage.start();
    expect(denyFor(stage, id, 30_000)).toBeLessThan(DENIALS_MAX);
    expect(stage.desk.isTrading).toBe(false);
    denyFor(stage, id, 60_000);
    expect(stage.desk.isTrading).toBe(true);
    const { executions } = stage.told();
    const ends = executions.filter(({ event }) => event === 'ORDER_ENDED');
    expect(ends.map(({ clOrdId, runMs, orderOutcome }) => [clOrdId, runMs, orderOutcome])).toEqual([
      [id, EARLIER_MS, 'lost'],
    ]);
    expect(executions.find(({ event }) => event === 'PLAN_ENDED')).toMatchObject({ plan: 9, reason: 'interrupted' });
    expect(audits(stage, 'order_lost')).toEqual([expect.stringContaining(`order ${id} (OGONE)`)]);
    expect(denyFor(stage, id, 60_000)).toBe(0);
  });

  test('of this run, whose plan is over, is given up too, and its end is not reported a second time', () => {
    const stage = trading();
    stage.port.answersLookUps = false;
    const id = ownId(4, 1);
    stage.port.tell({ type: 'order.acked', clOrdId: id, venueOrderId: 'OGONE' });
    stage.run();
    expect(denyFor(stage, id, 120_000)).toBe(DENIALS_MAX);
    expect(audits(stage, 'order_lost')).toHaveLength(1);
    stage.port.tell({ type: 'order.uncertain', clOrdId: id, why: 'the line fell' });
    stage.run();
    expect(denyFor(stage, id, 120_000)).toBe(DENIALS_MAX);
    expect(audits(stage, 'order_lost')).toHaveLength(1);
    expect(stage.told().executions.filter(({ event }) => event === 'ORDER_ENDED')).toEqual([]);
  });

  test('that turns up after it was given up has its fills booked, as exposure of all they moved', () => {
    const stage = trading({ trading: { reconcile_orders_ms: 5_000 } });
    stage.port.answersLookUps = false;
    const id = ownId(4, 1);
    stage.port.tell({ type: 'order.acked', clOrdId: id, venueOrderId: 'OGONE' });
    stage.run();
    denyFor(stage, id, 120_000);
    const before = new Map(stage.exchange.balances);
    stage.exchange.trade(id, BTC_USD, 0, lots(1_000_000n), 400_000n, ticks(500_000n), stage.nowMs());
    const [fill] = stage.exchange.find(id)!.fills;
    stage.port.answersLookUps = true;
    stage.port.tell({ type: 'order.filled', clOrdId: id, venueOrderId: `O${id}`, fill: fill! });
    stage.pass(60_000);
    const fills = stage.told().executions.filter(({ event }) => event === 'FILL');
    expect(fills.map(({ execId }) => execId)).toEqual([fill!.execId]);
    for (const asset of [USD, BTC]) {
      expect(stage.exposed(assetIndex(asset))).toBe(stage.exchange.balances.get(asset)! - before.get(asset)!);
    }
    expect(exposures(stage).filter(([, , reason]) => reason === 'deviation')).toEqual([]);
  });

  test('whose balances move though no one reports a fill is exposure by deviation, and by its fill when that is reported', () => {
    const stage = trading({ trading: { reconcile_orders_ms: 5_000 } });
    const id = ownId(4, 1);
    const before = new Map(stage.exchange.balances);
    stage.exchange.trade(id, BTC_USD, 0, lots(1_000_000n), 400_000n, ticks(500_000n), stage.nowMs());
    const order = stage.exchange.orders.get(id)!;
    stage.exchange.orders.delete(id); // the money moved, and the venue knows no order
    stage.pass(30_000);
    const moved = (asset: AssetIndex) => stage.exchange.balances.get(asset)! - before.get(asset)!;
    expect(exposures(stage)).toEqual([USD, BTC].map((asset) => [asset, moved(assetIndex(asset)), 'deviation']));
    stage.exchange.orders.set(id, { ...order, endedMs: stage.nowMs() });
    stage.pass(60_000);
    for (const asset of [USD, BTC]) {
      expect(stage.exposed(assetIndex(asset))).toBe(moved(assetIndex(asset)));
      expect(stage.expected(assetIndex(asset))).toBe(stage.exchange.balances.get(asset));
    }
  });

  test('nor is the end of an order of this run reported a second time when the venue never had it', () => {
    const stage = trading();
    stage.port.tell({ type: 'order.uncertain', clOrdId: ownId(4, 1), why: 'the line fell' });
    stage.run();
    expect(stage.port.taken()).toContain(`lookUp ${ownId(4, 1)}`);
    expect(stage.told().executions.filter(({ event }) => event === 'ORDER_ENDED')).toEqual([]);
  });
});

describe('account desk: the dead man’s switch', () => {
  test('is armed while anything is open, again at its interval, and disarmed when nothing is', () => {
    const stage = trading();
    const switched = () => stage.port.taken().filter((call) => call === 'arm' || call === 'disarm');
    stage.pass(40_000);
    expect(switched()).toEqual([]);
    stage.plans.isAtWork = true;
    stage.run();
    expect(switched()).toEqual(['arm']);
    expect(stage.context.counters.get('dead_mans_switch')).toBe(1);
    stage.pass(14_900);
    expect(switched()).toEqual([]);
    stage.pass(200);
    expect(switched()).toEqual(['arm']);
    stage.plans.isAtWork = false;
    stage.run();
    expect(switched()).toEqual(['disarm']);
    stage.pass(60_000);
    expect(switched()).toEqual([]);
  });

  test('stays armed while an order that no plan has out is asked after: it may be open', () => {
    const stage = trading();
    stage.port.answersLookUps = false;
    const id = ownId(4, 1);
    stage.port.tell({ type: 'order.uncertain', clOrdId: id, why: 'time-out' });
    stage.pass(100);
    expect(stage.port.taken()).toContain('arm');
    stage.port.tell({ type: 'order.fate', clOrdId: id, found: undefined });
    stage.pass(100);
    expect(stage.port.taken()).toContain('disarm');
    stage.port.tell({ type: 'order.uncertain', clOrdId: id, why: 'time-out' });
    stage.pass(100);
    stage.port.taken();
    stage.desk.stop();
    stage.pass(2_000);
    expect(stage.desk.isStopped).toBe(true);
    expect(stage.port.taken()).not.toContain('disarm'); // what may still be open is left to it
  });

  test('what an earlier run may have left armed is disarmed at the start', () => {
    const stage = stageAccount();
    stage.start();
    expect(stage.port.calls).toContain('disarm');
  });

  test('is disarmed before maintenance, and armed again after it', () => {
    const stage = trading();
    stage.plans.isAtWork = true;
    stage.run();
    stage.port.taken();
    const feed = stage.context.countersOf('feed');
    const status = (name: (typeof SYSTEM_STATUSES)[number]) =>
      feed.set(feed.at('system_status'), SYSTEM_STATUSES.indexOf(name));
    status('maintenance');
    stage.pass(20_000);
    expect(stage.port.taken().filter((call) => call !== 'readAccount')).toContain('disarm');
    expect(stage.port.calls).not.toContain('arm');
    status('online');
    stage.pass(100);
    expect(stage.port.taken()).toContain('arm');
  });

  test('is sent again what it was sent before as soon as a lost connection is back', () => {
    const stage = trading();
    stage.plans.isAtWork = true;
    stage.run();
    stage.port.disconnect();
    stage.run();
    stage.port.taken();
    stage.pass(20_000);
    expect(stage.port.taken()).not.toContain('arm'); // there is no way
    stage.port.connect();
    stage.run();
    expect(stage.port.taken()).toContain('arm');
  });

  test('is never touched when it is turned off', () => {
    const stage = trading({ trading: { dead_mans_switch_ms: 0 } });
    stage.plans.isAtWork = true;
    stage.pass(60_000);
    stage.desk.stop();
    stage.run();
    expect(stage.port.calls.filter((call) => call === 'arm' || call === 'disarm')).toEqual([]);
  });
});

describe('account desk: halt and end', () => {
  test('a halt cancels everything, once', () => {
    const stage = trading();
    stage.gate.setRisk('halted', 'operator');
    stage.run();
    stage.pass(2_000);
    expect(stage.port.taken().filter((call) => call === 'cancelAll')).toEqual(['cancelAll']);
    stage.gate.setRisk('active', 'none');
    stage.pass(100);
    stage.gate.setRisk('halted', 'operator');
    stage.pass(100);
    expect(stage.port.taken().filter((call) => call === 'cancelAll')).toEqual(['cancelAll']);
  });

  test('a halt that somebody has taken back before it was seen cancels everything all the same', () => {
    const stage = trading();
    stage.gate.setRisk('halted', 'operator');
    stage.gate.setRisk('active', 'none');
    stage.run();
    expect(stage.port.taken().filter((call) => call === 'cancelAll')).toEqual(['cancelAll']);
    stage.pass(500);
    stage.gate.setRisk('halted', 'operator');
    stage.run();
    expect(stage.port.taken().filter((call) => call === 'cancelAll')).toEqual(['cancelAll']);
    stage.gate.setRisk('active', 'none');
    stage.gate.setRisk('halted', 'loss_limit');
    stage.run();
    expect(stage.port.taken().filter((call) => call === 'cancelAll')).toEqual(['cancelAll']);
  });

  test('a halt cancels at once while the records have no room, once, and is recorded when they have', () => {
    const stage = trading();
    stage.told();
    while (stage.context.records.tryAudit('none'));
    stage.gate.setRisk('halted', 'operator');
    stage.pass(200);
    expect(stage.port.taken().filter((call) => call === 'cancelAll')).toEqual(['cancelAll']);
    expect(audits(stage, 'orders_cancelled')).toHaveLength(0);
    stage.pass(200);
    expect(audits(stage, 'orders_cancelled')).toEqual([
      'orders_cancelled: all orders, 0 known to be out: trading is halted',
    ]);
    expect(stage.port.taken()).not.toContain('cancelAll');
  });

  test('the end cancels everything, waits for what is out, disarms and closes', () => {
    const stage = trading();
    stage.plans.isAtWork = true;
    stage.plans.ordersOut = [{ clOrdId: ownId(1), instrument: BTC_USD, sentNs: stage.clock.nowNs() }];
    stage.run();
    stage.desk.stop();
    stage.run();
    expect(stage.desk.state).toBe('draining');
    expect(stage.port.calls).toContain('cancelAll');
    expect(stage.port.calls).not.toContain('stop');
    stage.plans.ordersOut = [];
    stage.plans.isAtWork = false;
    stage.run();
    expect(stage.desk.isStopped).toBe(true);
    expect(stage.port.calls.slice(-2)).toEqual(['disarm', 'stop']);
  });

  test('the end does not wait for ever', () => {
    const stage = trading();
    stage.plans.ordersOut = [{ clOrdId: ownId(1), instrument: BTC_USD, sentNs: stage.clock.nowNs() }];
    stage.desk.stop();
    stage.pass(900);
    expect(stage.desk.isStopped).toBe(false);
    stage.pass(200);
    expect(stage.desk.isStopped).toBe(true);
    expect(stage.port.calls).not.toContain('disarm'); // what may still be open is the switch's
  });

  test('a desk that was never started stops at once, and asks nothing of anybody', () => {
    const stage = stageAccount();
    stage.desk.stop();
    expect(stage.desk.isStopped).toBe(true);
    expect(stage.port.calls).toEqual(['stop']);
  });
});

/** What the plan desk does with the newest fill of an order of its own. */
function bookAsPlan(stage: AccountStage, clOrdId: string): void {
  const order = stage.exchange.find(clOrdId)!;
  const fill = order.fills.at(-1)!;
  stage.journal.begin();
  const moves = fillMovements(DIRECTORY.instruments[BTC_USD]!, order, order.side, DIRECTORY, fill);
  stage.desk.bookFill({ ...order, clOrdId, instrument: BTC_USD }, fill, moves);
  stage.journal.commit();
}
