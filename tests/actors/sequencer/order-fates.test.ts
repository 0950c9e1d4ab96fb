import { describe, expect, test } from 'vitest';
import { DENIALS_MAX } from '../../../src/actors/sequencer/model/order-machine.ts';
import { lots, units } from '../../../src/money/money.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import { HandVenue } from './hand-venue.ts';
import {
  BTC,
  BTC_USD,
  ETH,
  ETH_BTC,
  type Execution,
  PAIRS,
  type StageOptions,
  stageSequencer,
  USD,
} from './sequencer-stage.ts';

/** A stage on a venue in the test's hands; one plan is at work, its first order is out. */
function stageOnVenue(options: StageOptions = {}) {
  const venue = new HandVenue();
  const stage = stageSequencer({
    ...options,
    trading: { slippage_bps: 0, ...options.trading },
    way: { makePort: () => venue },
  });
  stage.send(stage.opportunity());
  stage.run();
  return { stage, venue };
}

const ends = (told: readonly Execution[]) =>
  told.filter(({ event }) => event === 'PLAN_ENDED').map(({ outcome, reason }) => [outcome, reason]);
const ordersOf = (told: readonly Execution[]) =>
  told.flatMap(({ event, orderOutcome }) => {
    if (!event.startsWith('ORDER_')) return [];
    return [event === 'ORDER_ENDED' ? orderOutcome : event.slice('ORDER_'.length).toLowerCase()];
  });

describe('sequencer: an order', () => {
  test('is written down before it leaves, under an id of run, plan, leg and attempt', () => {
    const { stage, venue } = stageOnVenue();
    expect(ordersOf(stage.told())).toEqual(['sent']);
    expect(venue.last).toMatchObject({ instrument: BTC_USD, side: 0, plan: 1, leg: 0, attempt: 0 });
    expect(venue.last.clOrdId).toMatch(/^a[0-9a-z]{8}00001000$/);
  });

  test('that the venue refuses is proven not to be: the plan is abandoned, and the text is kept', () => {
    const { stage, venue } = stageOnVenue();
    venue.refused(venue.last, 'EOrder:Insufficient funds');
    stage.run();
    const told = stage.told();
    expect(ordersOf(told)).toEqual(['sent', 'refused']);
    expect(ends(told)).toEqual([['abandoned', 'order_refused']]);
    expect(stage.recorded().audits).toEqual([`order_refused ${venue.last.clOrdId}: EOrder:Insufficient funds`]);
  });

  test('is never sent again while its fate is unknown, however long that takes, and keeps its plan open', () => {
    const { stage, venue } = stageOnVenue({ trading: { patience_ms: 500 } });
    venue.uncertain(venue.last);
    stage.run();
    for (let round = 0; round < 40; round++) {
      const asked = venue.lookups.length;
      stage.pass(6_000);
      if (venue.lookups.length > asked) {
        venue.say({ type: 'order.fate_unknown', clOrdId: venue.last.clOrdId, why: 'EService:Unavailable' });
      }
    }
    expect(venue.sent).toHaveLength(1);
    expect(venue.lookups.length).toBeGreaterThan(20);
    expect(stage.counter('plans_active')).toBe(1);
    const again = stage.opportunity();
    stage.send(again);
    stage.run();
    expect(stage.told().at(-1)).toMatchObject({ event: 'PLAN_REFUSED', reason: 'instrument_busy' });
    const fill = venue.fillOf(venue.last, venue.last.qtyLots);
    venue.fate(venue.last, { isOpen: false, fills: [fill] });
    stage.run();
    expect(venue.sent).toHaveLength(2);
    expect(venue.last).toMatchObject({ instrument: ETH_BTC, leg: 1 });
  });

  test('that a look-up finds open goes on as if nothing had been', () => {
    const { stage, venue } = stageOnVenue();
    const [order] = venue.sent;
    venue.uncertain(order!);
    stage.run();
    stage.pass(10);
    venue.fate(order!, { isOpen: true, fills: [] });
    venue.execute(order!);
    stage.run();
    expect(ordersOf(stage.told())).toEqual(['sent', 'uncertain', 'acked', 'filled', 'sent']);
  });

  test('that is absent is asked after again when its deadline is over, and only then given up', () => {
    const { stage, venue } = stageOnVenue({ trading: { deadline_ms: 2_000 } });
    venue.uncertain(venue.last);
    stage.run();
    stage.pass(10);
    venue.fate(venue.last, undefined);
    stage.pass(1_900);
    expect(venue.lookups).toHaveLength(1);
    expect(stage.counter('plans_active')).toBe(1);
    stage.pass(200);
    expect(venue.lookups).toHaveLength(2);
    venue.fate(venue.last, undefined);
    stage.run();
    const told = stage.told();
    expect(ordersOf(told)).toEqual(['sent', 'uncertain', 'absent']);
    expect(ends(told)).toEqual([['abandoned', 'order_absent']]);
    expect(venue.sent).toHaveLength(1);
  });

  test('that is said to be open by an answer no one waits for any more is not absent by the next one', () => {
    const { stage, venue } = stageOnVenue({ trading: { deadline_ms: 2_000 } });
    const [order] = venue.sent;
    venue.uncertain(order!);
    stage.run();
    stage.pass(31_000); // the first question is given up, and put again
    expect(venue.lookups).toHaveLength(2);
    venue.fate(order!, undefined);
    venue.fate(order!, { isOpen: true, fills: [] });
    stage.run();
    venue.fate(order!, undefined);
    stage.pass(3_000);
    venue.fate(order!, undefined);
    stage.run();
    expect(ordersOf(stage.told())).toEqual(['sent', 'uncertain', 'acked']);
    expect(stage.counter('plans_active')).toBe(1);
  });

  test('that was absent once and then is filled is booked, and looked up', () => {
    const { stage, venue } = stageOnVenue();
    const [order] = venue.sent;
    venue.uncertain(order!);
    stage.run();
    stage.pass(10);
    venue.fate(order!, undefined);
    const fill = venue.filled(order!, lots(1_000_000n));
    stage.pass(10);
    expect(venue.lookups).toHaveLength(2);
    venue.fate(order!, { isOpen: false, fills: [fill] });
    stage.run();
    expect(ordersOf(stage.told())).toEqual(['sent', 'uncertain', 'acked', 'partial', 'sent']);
    expect(stage.balances()[BTC]).toBe(100_000_000n);
  });

  test('that ends with more than was reported of it is looked up for what is missing', () => {
    const { stage, venue } = stageOnVenue();
    const [order] = venue.sent;
    venue.acked(order!);
    const first = venue.filled(order!, lots(1_000_000n));
    venue.ended(order!, lots(3_000_000n));
    stage.pass(10);
    expect(venue.lookups).toEqual([order!.clOrdId]);
    const second = venue.fillOf(order!, lots(2_000_000n));
    venue.fate(order!, { isOpen: false, fills: [first, second] });
    stage.run();
    expect(stage.balances()[BTC]).toBe(300_000_000n);
    expect(ordersOf(stage.told())).toEqual(['sent', 'acked', 'uncertain', 'partial', 'sent']);
    expect(venue.last).toMatchObject({ instrument: ETH_BTC, fundsUnits: 300_000_000n });
  });

  test('whose fills come twice, out of order and after its end is booked once', () => {
    const { stage, venue } = stageOnVenue();
    const [order] = venue.sent;
    const fill = venue.filled(order!, lots(2_000_000n));
    venue.say({ type: 'order.filled', clOrdId: order!.clOrdId, venueOrderId: 'V', fill });
    venue.acked(order!);
    venue.ended(order!, lots(2_000_000n));
    venue.say({ type: 'order.filled', clOrdId: order!.clOrdId, venueOrderId: 'V', fill });
    venue.ended(order!, lots(2_000_000n));
    stage.run();
    expect(stage.balances()[BTC]).toBe(200_000_000n);
    expect(stage.counter('fills')).toBe(1);
    expect(stage.counter('events_unexpected')).toBe(0);
  });

  test('that is refused after it was acknowledged is doubted, not believed', () => {
    const { stage, venue } = stageOnVenue();
    const [order] = venue.sent;
    venue.acked(order!);
    venue.refused(order!, 'EOrder:Invalid');
    stage.pass(10);
    expect(venue.lookups).toEqual([order!.clOrdId]);
    expect(stage.counter('events_unexpected')).toBe(1);
    expect(stage.counter('plans_active')).toBe(1);
    venue.fate(order!, { isOpen: false, fills: [] });
    stage.run();
    expect(ends(stage.told())).toEqual([['abandoned', 'no_fill']]);
  });

  test('that is filled late, when its plan is on another leg, is booked and closed out', () => {
    const { stage, venue } = stageOnVenue();
    const [first] = venue.sent;
    const half = first!.qtyLots / 2n;
    const early = venue.fillOf(first!, lots(half));
    venue.acked(first!);
    venue.say({ type: 'order.filled', clOrdId: first!.clOrdId, venueOrderId: 'V', fill: early });
    venue.ended(first!, lots(half));
    stage.run();
    const second = venue.last;
    expect(second.leg).toBe(1);
    const late = venue.filled(first!, lots(first!.qtyLots - half));
    stage.pass(10);
    expect(stage.balances()[BTC]).toBe(first!.qtyLots * 100n);
    expect(venue.lookups).toEqual([first!.clOrdId]);
    venue.fate(first!, { isOpen: false, fills: [early, late] });
    venue.execute(second);
    stage.run();
    venue.execute(venue.last);
    stage.run();
    // What came late is closed out: here on along the cycle, at books that are as good as ever.
    while (stage.counter('plans_active') > 0) {
      venue.execute(venue.last);
      stage.pass(60);
    }
    const told = stage.told();
    expect(ends(told)).toEqual([['completed', 'partial_fill']]);
    expect(stage.recorded().audits.map((text) => text.split(' ')[0])).toEqual(['fill_late', 'order_event_unexpected']);
    expect(told.at(-1)!.profit).toBe(stage.balances()[USD]);
  });

  test('that is filled when its plan is over is left to the account, which cannot be surprised twice', () => {
    const { stage, venue } = stageOnVenue();
    const [order] = venue.sent;
    venue.ended(order!, lots(0n));
    stage.run();
    expect(ends(stage.told())).toEqual([['abandoned', 'no_fill']]);
    venue.filled(order!, lots(1_000_000n));
    stage.pass(10);
    expect(stage.recorded().audits).toEqual([
      `venue_unexpected order.filled of ${order!.clOrdId}, which no plan has out`,
    ]);
  });

  test('that a successor takes up is looked up before anything else, and not sent again', () => {
    const { stage, venue } = stageOnVenue();
    const [order] = venue.sent;
    stage.succeed();
    stage.run();
    expect(venue.sent).toHaveLength(1);
    expect(venue.lookups).toEqual([order!.clOrdId]);
    const fill = venue.fillOf(order!, order!.qtyLots);
    venue.fate(order!, { isOpen: false, fills: [fill] });
    stage.run();
    expect(stage.balances()[BTC]).toBe(order!.qtyLots * 100n);
    stage.succeed();
    stage.run();
    expect(venue.lookups.at(-1)).toBe(venue.last.clOrdId);
    expect(ordersOf(stage.told())).toEqual(['sent', 'acked', 'filled', 'sent']);
  });

  test('has its fee booked in the asset in which the venue takes it', () => {
    const { stage, venue } = stageOnVenue();
    venue.execute(venue.last, venue.last.qtyLots, { feeAsset: USD, feeUnits: units(77n) });
    stage.run();
    const { fundsUnits } = venue.last;
    expect(fundsUnits).toBe(venue.sent[0]!.qtyLots * 100n); // nothing of the BTC went away
    venue.execute(venue.last, venue.last.qtyLots, { feeAsset: USD, feeUnits: units(5n) });
    stage.run();
    venue.execute(venue.last, venue.last.qtyLots, { feeAsset: BTC, feeUnits: units(3n) });
    stage.run();
    const told = stage.told();
    expect(told.at(-1)!.profit).toBe(stage.balances()[USD]);
    const dust = told.filter(({ event, amountAsset }) => event === 'DUST' && amountAsset === BTC);
    expect(dust.map(({ amount }) => amount)).toEqual([stage.balances()[BTC]]);
    expect(stage.balances()[ETH]).toBe(
      told.find(({ amountAsset, event }) => event === 'DUST' && amountAsset === ETH)?.amount ?? 0n,
    );
  });
});

describe('sequencer: an order that the venue had and denies to know', () => {
  /** The first leg is filled; the second was acknowledged, and is in the dark. */
  function stageWithDoubt(options: StageOptions = {}) {
    const { stage, venue } = stageOnVenue(options);
    venue.execute(venue.last);
    stage.run();
    venue.acked(venue.last);
    venue.uncertain(venue.last);
    stage.run();
    return { stage, venue };
  }
  /** Lets time pass until the next look-up, and takes it off the list. */
  function awaitLookUp({ stage, venue }: ReturnType<typeof stageOnVenue>) {
    for (let pauses = 0; venue.lookups.length === 0 && pauses < 140; pauses++) stage.pass(50);
    expect(venue.lookups.splice(0)).toHaveLength(1);
  }
  /** Answers `times` look-ups with a denial, as they come. */
  function deny(on: ReturnType<typeof stageOnVenue>, { clOrdId }: { clOrdId: string }, times: number) {
    for (let denial = 0; denial < times; denial++) {
      awaitLookUp(on);
      on.venue.say({ type: 'order.denied', clOrdId, venueOrderId: 'V1' });
      on.stage.run();
    }
  }
  const found = (stage: ReturnType<typeof stageOnVenue>['stage'], event: string) =>
    stage.recorded().audits.filter((text) => text.startsWith(`${event} `));

  test('is lost after many denials: its plan is stranded with what it holds, it is alerted, and no one waits for it', () => {
    const on = stageWithDoubt();
    const { stage, venue } = on;
    const lost = venue.last;
    const held = stage.balances()[BTC];
    const beganNs = stage.clock.nowNs();
    deny(on, lost, DENIALS_MAX - 1);
    expect(stage.counter('plans_active')).toBe(1);
    deny(on, lost, 1);
    expect(stage.clock.nowNs() - beganNs).toBeGreaterThan(30e9);
    const told = stage.told();
    expect(ordersOf(told).slice(-4)).toEqual(['sent', 'acked', 'uncertain', 'lost']);
    expect(ends(told)).toEqual([['stranded', 'order_lost']]);
    const exposed = told.filter(({ event }) => event === 'EXPOSURE');
    expect(exposed.map(({ amountAsset, amount }) => [amountAsset, amount])).toEqual([[BTC, held]]);
    expect(found(stage, 'order_lost')).toEqual([
      `order_lost order ${lost.clOrdId} (V1): the venue had it and does not know it any more; compare the account by hand`,
    ]);
    expect(venue.sent).toHaveLength(2);
    const again = stage.opportunity();
    stage.send(again);
    stage.run();
    expect(venue.sent).toHaveLength(3);
  });

  test('is not lost while it is only not found: an answer that proves nothing does not count', () => {
    const on = stageWithDoubt();
    deny(on, on.venue.last, DENIALS_MAX - 1);
    for (let round = 0; round < 5; round++) {
      awaitLookUp(on);
      on.venue.say({ type: 'order.fate_unknown', clOrdId: on.venue.last.clOrdId, why: 'EService:Unavailable' });
      on.stage.run();
    }
    expect(on.stage.counter('plans_active')).toBe(1);
    deny(on, on.venue.last, 1);
    expect(ends(on.stage.told())).toEqual([['stranded', 'order_lost']]);
  });

  test('is not lost when any report of it comes: its fills are booked and the plan goes on', () => {
    const on = stageWithDoubt();
    const { stage, venue } = on;
    const order = venue.last;
    deny(on, order, DENIALS_MAX - 1);
    venue.filled(order);
    stage.run();
    deny(on, order, 1);
    expect(stage.counter('plans_active')).toBe(1);
    venue.ended(order, order.qtyLots);
    stage.run();
    expect(venue.last).toMatchObject({ leg: 2 });
  });

  test('is lost as well when an answer says nothing of the name the venue gave it', () => {
    const on = stageWithDoubt();
    const { stage, venue } = on;
    const order = venue.last;
    for (let denial = 0; denial < DENIALS_MAX; denial++) {
      awaitLookUp(on);
      venue.fate(order, undefined);
      stage.run();
    }
    expect(ends(stage.told())).toEqual([['stranded', 'order_lost']]);
  });

  test('was had by the venue also when only the denial says so: it is not taken for one that never arrived', () => {
    const on = stageOnVenue();
    const { stage, venue } = on;
    venue.uncertain(venue.last);
    stage.run();
    deny(on, venue.last, DENIALS_MAX);
    const told = stage.told();
    expect(ordersOf(told)).toEqual(['sent', 'uncertain', 'acked', 'lost']);
    expect(ends(told)).toEqual([['stranded', 'order_lost']]);
  });

  test('has its denials counted on by a successor', () => {
    const on = stageWithDoubt();
    deny(on, on.venue.last, DENIALS_MAX - 1);
    on.stage.succeed();
    on.stage.run();
    expect(on.stage.counter('plans_active')).toBe(1);
    deny(on, on.venue.last, 1);
    expect(ends(on.stage.told())).toEqual([['stranded', 'order_lost']]);
  });

  test('waits for the other orders of its step: the plan is stranded when they are over, with what they brought', () => {
    const on = stageOnVenue({ trading: { policy: 'parallel' } });
    const { stage, venue } = on;
    const [first, second, third] = venue.sent;
    expect(venue.sent).toHaveLength(3);
    venue.acked(first!);
    venue.uncertain(first!);
    venue.acked(second!);
    stage.run();
    deny(on, first!, DENIALS_MAX);
    expect(ordersOf(stage.told())).toContain('lost');
    expect(stage.counter('plans_active')).toBe(1);
    venue.execute(second!);
    venue.execute(third!);
    stage.run();
    const told = stage.told();
    expect(ends(told)).toEqual([['stranded', 'order_lost']]);
    expect(venue.sent).toHaveLength(3);
    // What the second leg gave away is owed: the first, which should have brought it, is lost.
    const owed = told.find(({ event, amountAsset }) => event === 'EXPOSURE' && amountAsset === BTC);
    expect(owed?.amount).toBe(stage.balances()[BTC]);
    expect(owed?.amount).toBeLessThan(0n);
  });
});

describe('sequencer: the precision of a pair changes', () => {
  const rescale = (stage: ReturnType<typeof stageOnVenue>['stage']) =>
    openTable(stage.memory, 'instrument_log', 'feed').append(
      { assets: [], instruments: [{ ...PAIRS[BTC_USD]!, pricePrecision: 3, qtyPrecision: 6 }] },
      50,
    );

  test('while an order is out: its fills are booked and recorded in the scale it was made in', () => {
    const { stage, venue } = stageOnVenue();
    const [order] = venue.sent;
    expect(order).toMatchObject({ pricePrecision: 1, qtyPrecision: 8 });
    const madeSeq = stage.told().find(({ event }) => event === 'ORDER_SENT')!.instrumentsSeq;
    rescale(stage);
    venue.execute(order!);
    stage.run();
    expect(stage.balances()[BTC]).toBe(order!.qtyLots * 100n);
    const told = stage.told().filter(({ clOrdId }) => clOrdId === order!.clOrdId);
    expect(told.map(({ event }) => event)).toEqual(['ORDER_ACKED', 'FILL', 'ORDER_ENDED']);
    expect(told.map(({ instrumentsSeq }) => instrumentsSeq)).toEqual([madeSeq, madeSeq, madeSeq]);
    expect(told.at(-1)).toMatchObject({ orderOutcome: 'filled' });
  });

  test('and a successor takes the order up: it still knows the scale', () => {
    const { stage, venue } = stageOnVenue();
    const [order] = venue.sent;
    rescale(stage);
    stage.succeed();
    stage.run();
    venue.fate(order!, { isOpen: false, fills: [venue.fillOf(order!, order!.qtyLots)] });
    stage.run();
    expect(stage.balances()[BTC]).toBe(order!.qtyLots * 100n);
  });
});

describe('sequencer: an end that says less than was booked', () => {
  test.each([0n, 1n])(
    'is believed of nothing (%d of what was filled): it is looked up, and the plan waits for proof',
    (share) => {
      const { stage, venue } = stageOnVenue();
      const order = venue.last;
      const half = order.qtyLots / 2n;
      venue.acked(order);
      venue.filled(order, lots(half));
      stage.run();
      venue.ended(order, lots((half / 2n) * share));
      stage.run();
      const told = stage.told();
      expect(ordersOf(told)).toEqual(['sent', 'acked', 'uncertain']);
      expect(ends(told)).toEqual([]);
      expect(venue.sent).toHaveLength(1); // nothing goes on from it
      stage.pass(100);
      expect(venue.lookups).toContain(order.clOrdId);
      expect(stage.recorded().audits).toContainEqual(expect.stringContaining('did not expect contradicted'));
      venue.ended(order, lots(half)); // what the venue has by all its ways is what was booked
      stage.pass(100);
      expect(ordersOf(stage.told())).toContain('partial');
      expect(venue.sent).toHaveLength(2);
    },
  );
});
