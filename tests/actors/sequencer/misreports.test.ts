/** A venue that says what cannot be true: it is recorded, not booked, not traded upon, and nothing leaves any more. */

import { describe, expect, test } from 'vitest';
import { lots, ticks, units } from '../../../src/money/money.ts';
import { wallMs } from '../../../src/platform/time.ts';
import { Counters } from '../../../src/runtime/memory/counters.ts';
import type { ApprovedOrder } from '../../../src/trading/approved-order.ts';
import type { Fill } from '../../../src/venues/trading-port.ts';
import { type FillTerms, HandVenue } from './hand-venue.ts';
import { BTC, ETH, ETH_BTC, type StageOptions, stageSequencer, USD } from './sequencer-stage.ts';

const DAY_MS = 86_400_000;

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
type Staged = ReturnType<typeof stageOnVenue>;

/** Risk has booked all that was reported, and says that trading goes on: as after a person has resumed. */
function riskHasSeen({ stage }: Staged): void {
  const risk = new Counters(stage.memory.counters, 'risk');
  risk.set(risk.at('executions'), 1_000);
}

function expectDisbelieved({ stage, venue }: Staged, orders: number, said: RegExp): void {
  const told = stage.told();
  const of = (event: string) => told.filter((one) => one.event === event);
  expect(of('ORDER_MISREPORTED')).toHaveLength(1);
  expect(of('PLAN_ENDED')).toMatchObject([{ outcome: 'stranded', reason: 'venue_misreport' }]);
  expect(of('ORDER_ENDED').at(-1)).toMatchObject({ orderOutcome: 'misreported' });
  expect(stage.recorded().audits.filter((line) => line.startsWith('venue_misreport'))).toEqual([
    expect.stringMatching(said),
  ]);
  stage.pass(20_000);
  expect(venue.sent, 'nothing is closed out').toHaveLength(orders);
  stage.send(stage.opportunity());
  stage.run();
  expect(stage.told().at(-1)).toMatchObject({ event: 'PLAN_REFUSED', reason: 'gate_closed' });
}

const TOO_MUCH: readonly (readonly [string, (order: ApprovedOrder) => readonly [bigint, FillTerms], RegExp])[] = [
  ['ten times what was ordered', ({ qtyLots }) => [qtyLots * 10n, {}], /1\.50000000 filled, 0\.15000000 ordered/],
  ['one lot more than was ordered', ({ qtyLots }) => [qtyLots + 1n, {}], /0\.15000001 filled, 0\.15000000 ordered/],
  [
    'a tick worse than the limit',
    ({ qtyLots, limitTicks }) => [qtyLots, { priceTicks: limitTicks + 1n }],
    /a price of 50000\.1/,
  ],
  [
    'for a fee of all that came in',
    ({ qtyLots }) => [qtyLots, { feeUnits: qtyLots * 100n }],
    /a fee of 0\.1500000000 on 0\.15/,
  ],
  ['for a fee of more than came in', ({ qtyLots }) => [qtyLots, { feeUnits: qtyLots * 101n }], /a fee of 0\.1515/],
  ['for a fee below zero', ({ qtyLots }) => [qtyLots, { feeUnits: -1n }], /below zero/],
  ['at a price of nothing', ({ qtyLots }) => [qtyLots, { priceTicks: 0n }], /below zero, or of nothing/],
];

describe('a fill that cannot be true', () => {
  test.each(TOO_MUCH)('%s: is not booked, and halts', (_what, fillOf, said) => {
    const staged = stageOnVenue();
    const [qtyLots, terms] = fillOf(staged.venue.last);
    staged.venue.execute(staged.venue.last, lots(qtyLots), terms);
    staged.stage.run();
    expect(staged.stage.balances()).toEqual([0n, 0n, 0n]);
    expectDisbelieved(staged, 1, said);
  });

  test('the same report by a look-up is believed as little, and by the account as little', () => {
    const staged = stageOnVenue();
    const { venue, stage } = staged;
    const order = venue.last;
    const fill = venue.fillOf(order, lots(order.qtyLots * 10n));
    venue.uncertain(order);
    stage.run();
    stage.pass(10);
    venue.fate(order, { isOpen: false, fills: [fill] });
    venue.fate(order, { isOpen: false, fills: [fill] });
    stage.run();
    expect(stage.balances()).toEqual([0n, 0n, 0n]);
    expectDisbelieved(staged, 1, /filled/);
  });

  test('parts that each could be true, and together cannot', () => {
    const staged = stageOnVenue();
    const { venue, stage } = staged;
    venue.acked(venue.last);
    venue.filled(venue.last, venue.last.qtyLots);
    venue.filled(venue.last, lots(1n));
    stage.run();
    const told = stage.told();
    expect(told.filter(({ event }) => event === 'FILL')).toHaveLength(1);
    expect(told.filter(({ event }) => event === 'ORDER_MISREPORTED')).toMatchObject([{ qty: 1n }]);
    // What was believed before is held, and left to a person.
    expect(told.filter(({ event }) => event === 'EXPOSURE')).toMatchObject([
      { amountAsset: BTC, amount: venue.sent[0]!.qtyLots * 100n, exposureReason: 'stranded' },
    ]);
    expect(venue.sent).toHaveLength(1);
  });

  test('a fill by the id of another order’s fill: it was not nothing, and nothing is sold a second time', () => {
    const staged = stageOnVenue();
    const { venue, stage } = staged;
    venue.execute(venue.last, venue.last.qtyLots, { execId: 'TWICE' });
    stage.run();
    expect(venue.sent).toHaveLength(2);
    venue.execute(venue.last, venue.last.qtyLots, { execId: 'TWICE' });
    stage.run();
    expectDisbelieved(staged, 2, /fill TWICE again, which was of order/);
  });

  test.each([
    ['of another pair or side', { otherThanOrder: 'a fill that sells' }, /a fill that sells/],
    ['long before its order', { atMs: wallMs(-3 * DAY_MS) }, /a fill at -259200000 ms since 1970/],
  ])('a fill %s', (_what, other, said) => {
    const staged = stageOnVenue();
    const { venue, stage } = staged;
    venue.acked(venue.last);
    const fill = { ...venue.fillOf(venue.last, venue.last.qtyLots), ...other };
    venue.say({ type: 'order.filled', clOrdId: venue.last.clOrdId, venueOrderId: 'V', fill });
    stage.run();
    expect(stage.balances()).toEqual([0n, 0n, 0n]);
    expectDisbelieved(staged, 1, said);
  });

  test('a total beyond what was ordered, and a time that makes later fills seem old', () => {
    for (const say of [
      ({ venue }: Staged) => venue.ended(venue.last, lots(venue.last.qtyLots + 1n)),
      ({ venue, stage }: Staged) => {
        const fill = { ...venue.fillOf(venue.last, lots(1n)), atMs: wallMs(stage.clock.wallMs() + 2 * DAY_MS + 1) };
        venue.say({ type: 'order.filled', clOrdId: venue.last.clOrdId, venueOrderId: 'V', fill });
      },
    ]) {
      const staged = stageOnVenue();
      say(staged);
      staged.stage.run();
      expectDisbelieved(staged, 1, /the venue says: /);
    }
  });

  test('an order that is reported as another: pair, side, quantity, limit', () => {
    const others = [{ instrument: ETH_BTC }, { side: 1 as const }, { qtyLots: lots(1n) }, { limitTicks: ticks(1n) }];
    for (const other of others) {
      const staged = stageOnVenue();
      const { venue, stage } = staged;
      const order = venue.last;
      venue.uncertain(order);
      stage.run();
      stage.pass(10);
      venue.fate({ ...order, ...other }, { isOpen: false, fills: [venue.fillOf(order, order.qtyLots)] });
      stage.run();
      expect(
        stage.balances(),
        JSON.stringify(other, (_, value) => String(value)),
      ).toEqual([0n, 0n, 0n]);
      expectDisbelieved(staged, 1, /the venue says: /);
    }
  });

  test('in a later leg: what came in before is stranded, and not one order follows', () => {
    const staged = stageOnVenue();
    const { venue, stage } = staged;
    venue.execute(venue.last);
    stage.run();
    expect(venue.last.instrument).toBe(ETH_BTC);
    venue.execute(venue.last, lots(venue.last.qtyLots * 3n));
    stage.run();
    expect(stage.balances()[ETH]).toBe(0n);
    expectDisbelieved(staged, 2, /filled/);
  });

  test('after the end of its plan: recorded and halted the same', () => {
    const { venue, stage } = stageOnVenue();
    const [order] = venue.sent;
    venue.execute(order!, lots(0n));
    stage.run();
    expect(stage.told().at(-1)).toMatchObject({ event: 'PLAN_ENDED', outcome: 'abandoned' });
    stage.send(stage.opportunity());
    stage.run();
    venue.acked(venue.last);
    venue.execute(venue.last);
    stage.run();
    const late = { ...venue.fillOf(venue.last, lots(venue.last.qtyLots * 5n)) };
    const first = venue.sent[1]!;
    venue.say({ type: 'order.filled', clOrdId: first.clOrdId, venueOrderId: 'V', fill: late });
    stage.run();
    expect(stage.told().filter(({ event }) => event === 'ORDER_MISREPORTED')).toHaveLength(1);
  });

  test('nothing leaves until risk has seen it, over a death too; then the gate alone decides', () => {
    const staged = stageOnVenue();
    const { venue, stage } = staged;
    venue.execute(venue.last, lots(venue.last.qtyLots * 10n));
    stage.run();
    stage.succeed();
    stage.send(stage.opportunity());
    stage.run();
    expect(stage.told().at(-1)).toMatchObject({ event: 'PLAN_REFUSED', reason: 'gate_closed' });
    riskHasSeen(staged);
    stage.send(stage.opportunity());
    stage.run();
    expect(venue.sent).toHaveLength(2);
  });
});

describe('a fill that is reported twice', () => {
  const OTHERWISE: readonly (readonly [string, (fill: Fill) => Partial<Fill>, RegExp])[] = [
    ['of more', ({ qtyLots }) => ({ qtyLots: lots(qtyLots + 1n) }), /for 0\.07500001, was for 0\.07500000/],
    ['of less', ({ qtyLots }) => ({ qtyLots: lots(qtyLots - 1n) }), /for 0\.07499999, was for 0\.07500000/],
    ['at another price', ({ priceTicks }) => ({ priceTicks: ticks(priceTicks - 1n) }), /at 49999\.9, was at 50000\.0/],
    ['at another cost', ({ costUnits }) => ({ costUnits: units(costUnits + 10n ** 8n) }), /at a cost of .* USD, was/],
    ['for a fee', ({ qtyLots }) => ({ feeUnits: units(qtyLots / 2n) }), /for a fee of .* BTC, was 0\.0000000000 BTC/],
    ['for a fee of another asset', () => ({ feeAsset: USD, feeUnits: units(700_000n) }), /for a fee of .* USD, was/],
  ];
  function half(staged: Staged): Fill {
    const { venue, stage } = staged;
    venue.acked(venue.last);
    const fill = venue.filled(venue.last, lots(venue.last.qtyLots / 2n));
    stage.run();
    return fill;
  }
  const again = ({ venue }: Staged, order: ApprovedOrder, fill: Fill) =>
    venue.say({ type: 'order.filled', clOrdId: order.clOrdId, venueOrderId: 'V', fill });

  test.each(OTHERWISE)('%s: is recorded, and halts', (_what, change, said) => {
    const staged = stageOnVenue();
    const { venue, stage } = staged;
    const fill = half(staged);
    again(staged, venue.last, { ...fill, ...change(fill) });
    again(staged, venue.last, { ...fill, ...change(fill) });
    stage.run();
    expect(stage.balances()[BTC]).toBe(fill.qtyLots * 100n);
    expectDisbelieved(staged, 1, said);
  });

  test.each(OTHERWISE)('%s, to a look-up and over a death: the same', (_what, change, said) => {
    const staged = stageOnVenue();
    const { venue, stage } = staged;
    const fill = half(staged);
    stage.succeed();
    stage.pass(10);
    venue.fate(venue.last, { isOpen: false, fills: [{ ...fill, ...change(fill) }] });
    stage.run();
    expectDisbelieved(staged, 1, said);
  });

  test('with what rounding explains, it is the same fill', () => {
    const staged = stageOnVenue();
    const { venue, stage } = staged;
    const fill = half(staged);
    again(staged, venue.last, { ...fill, costUnits: units(fill.costUnits + 1n), feeUnits: units(1n) });
    again(staged, venue.last, fill);
    stage.run();
    const told = stage.told().map(({ event }) => event);
    expect(told).not.toContain('ORDER_MISREPORTED');
    expect(told.filter((event) => event === 'FILL')).toHaveLength(1);
  });

  test('under two ids, with more than was ordered in the end: the second is not booked', () => {
    const staged = stageOnVenue();
    const { venue, stage } = staged;
    const fill = half(staged);
    for (const execId of ['OTHER', 'THIRD']) again(staged, venue.last, { ...fill, execId });
    stage.run();
    expect(stage.balances()[BTC]).toBe(venue.last.qtyLots * 100n);
    expectDisbelieved(staged, 1, /0\.22500000 filled, 0\.15000000 ordered/);
  });

  test('and of which the history has less in the end: taken back, it is not believed', () => {
    const staged = stageOnVenue();
    const { venue, stage } = staged;
    half(staged);
    venue.uncertain(venue.last);
    stage.run();
    stage.pass(10);
    venue.fate(venue.last, { isOpen: false, fills: [] });
    stage.run();
    expectDisbelieved(staged, 1, /0\.00000000 filled in all, had reported 0\.07500000/);
  });
});

describe('what is only dearer or better than expected is believed', () => {
  test.each([
    [
      'a fee a little dearer than known',
      (order: ApprovedOrder): FillTerms => ({ feeUnits: units(order.qtyLots / 2n) }),
    ],
    ['a better price', (order: ApprovedOrder): FillTerms => ({ priceTicks: ticks(order.limitTicks - 100n) })],
    ['a fee in the asset spent', (): FillTerms => ({ feeAsset: USD, feeUnits: units(700_000n) })],
  ])('%s', (_what, terms) => {
    const { venue, stage } = stageOnVenue();
    venue.execute(venue.last, venue.last.qtyLots, terms(venue.last));
    stage.run();
    expect(stage.told().filter(({ event }) => event === 'ORDER_MISREPORTED')).toEqual([]);
    expect(venue.last.instrument).toBe(ETH_BTC);
  });
});
