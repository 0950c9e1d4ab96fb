import { describe, expect, test } from 'vitest';
import { dustOffset, openSequencerMemory } from '../../../src/actors/sequencer/journal/sequencer-memory.ts';
import { assetIndex, type InstrumentIndex, instrumentIndex } from '../../../src/market/instrument.ts';
import { lots, units } from '../../../src/money/money.ts';
import { HandVenue } from './hand-venue.ts';
import {
  ASSETS,
  BTC,
  BTC_USD,
  ETH,
  ETH_BTC,
  ETH_USD,
  GOOD_BOOKS,
  PAIRS,
  type Stage,
  type StageOptions,
  stageSequencer,
  USD,
} from './sequencer-stage.ts';

/** A stage on a venue in the test's hands, without slippage unless it says so; one plan is at work. */
function stageOnVenue(trading: object = {}, options: StageOptions = {}) {
  const venue = new HandVenue();
  const stage = stageSequencer({
    ...options,
    trading: { slippage_bps: 0, ...trading },
    way: { makePort: () => venue },
  });
  stage.send(stage.opportunity());
  stage.run();
  return { stage, venue };
}

/** Everything reported so far; the ledger must come to what the account holds, to the unit, once no plan is at work. */
function settle(stage: Stage) {
  const told = stage.told();
  expect(stage.counter('plans_active')).toBe(0);
  const sums = ASSETS.map(() => 0n);
  for (const { event, amount, amountAsset, profit } of told) {
    if (event === 'EXPOSURE' || event === 'DUST') sums[amountAsset]! += amount;
    if (event === 'PLAN_ENDED') sums[USD]! += profit;
  }
  expect(stage.balances()).toEqual(sums);
  const ended = told.filter(({ event }) => event === 'PLAN_ENDED');
  const left = told.filter(({ event }) => event === 'EXPOSURE').map(({ amount, amountAsset }) => [amountAsset, amount]);
  return { told, ends: ended.map(({ outcome, reason }) => [outcome, reason]), left };
}

const routeOf = (venue: HandVenue) => venue.sent.map(({ instrument, side }) => [instrument, side]);
const worse = (instrument: InstrumentIndex, side: 'bids' | 'asks', bps: bigint) => {
  const book = GOOD_BOOKS[instrument]!;
  const [price, lots] = book[side][0]!;
  const moved = side === 'bids' ? price - (price * bps) / 10_000n : price + (price * bps) / 10_000n;
  return { ...book, [side]: [[moved, lots]] } as (typeof GOOD_BOOKS)[number];
};

describe('sequencer: a leg that falls short', () => {
  /** The second leg did not fill: 0.15 BTC is held. */
  function holdingBtc(trading: object = {}, options: StageOptions = {}) {
    const { stage, venue } = stageOnVenue(trading, options);
    venue.execute(venue.last);
    stage.run();
    return {
      stage,
      venue,
      fail: () => {
        venue.execute(venue.last, lots(0n));
        stage.run();
      },
    };
  }

  test('is completed when that loses less: the leg is tried again', () => {
    const { stage, venue, fail } = holdingBtc();
    fail();
    expect(venue.last).toMatchObject({ instrument: ETH_BTC, side: 0, attempt: 2, shrinksExposure: true });
    venue.execute(venue.last);
    stage.run();
    expect(venue.last).toMatchObject({ instrument: ETH_USD, side: 1 });
    venue.execute(venue.last);
    stage.run();
    expect(settle(stage).ends).toEqual([['completed', 'no_fill']]);
  });

  test('is taken back when going on loses more', () => {
    const { stage, venue, fail } = holdingBtc();
    stage.setBook(ETH_BTC, worse(ETH_BTC, 'asks', 150n));
    fail();
    expect(venue.last).toMatchObject({ instrument: BTC_USD, side: 1 });
    venue.execute(venue.last);
    stage.run();
    expect(settle(stage).ends).toEqual([['unwound', 'no_fill']]);
  });

  test.each([
    ['reverse', BTC_USD],
    ['complete', ETH_BTC],
  ])('is closed out as the settings say: %s', (shortfall, instrument) => {
    const { stage, venue, fail } = holdingBtc({ shortfall });
    if (shortfall === 'complete') stage.setBook(ETH_BTC, worse(ETH_BTC, 'asks', 150n));
    fail();
    expect(venue.last).toMatchObject({ instrument });
  });

  test('stays where it is when the settings say hold: stranded, with its exposure to the unit', () => {
    const { stage, venue, fail } = holdingBtc({ shortfall: 'hold' });
    fail();
    expect(venue.sent).toHaveLength(2);
    const { ends, left } = settle(stage);
    expect(ends).toEqual([['stranded', 'no_fill']]);
    expect(left).toEqual([[BTC, venue.sent[0]!.qtyLots * 100n]]);
  });

  test('is not closed out at a loss beyond the bound; it waits, and is when the books come back', () => {
    const { stage, venue, fail } = holdingBtc({ shortfall_loss_max_bps: 100, patience_ms: 2_000 });
    stage.setBook(ETH_BTC, worse(ETH_BTC, 'asks', 500n));
    stage.setBook(BTC_USD, worse(BTC_USD, 'bids', 101n));
    fail();
    stage.pass(1_000);
    expect(venue.sent).toHaveLength(2);
    stage.setBook(BTC_USD, worse(BTC_USD, 'bids', 99n));
    stage.pass(100);
    expect(venue.last).toMatchObject({ instrument: BTC_USD, side: 1 });
    venue.execute(venue.last);
    stage.run();
    expect(settle(stage).ends).toEqual([['unwound', 'no_fill']]);
  });

  test('is stranded when no way comes inside the bound while patience lasts', () => {
    const { stage, venue, fail } = holdingBtc({ shortfall_loss_max_bps: 100, patience_ms: 2_000 });
    stage.setBook(ETH_BTC, worse(ETH_BTC, 'asks', 500n));
    stage.setBook(BTC_USD, worse(BTC_USD, 'bids', 500n));
    fail();
    stage.pass(2_200);
    const { ends, left } = settle(stage);
    expect(ends).toEqual([['stranded', 'no_fill']]);
    expect(left).toEqual([[BTC, venue.sent[0]!.qtyLots * 100n]]);
  });

  test('is tried again after an order whose fate took longer to learn than patience lasts', () => {
    const { stage, venue, fail } = holdingBtc({ patience_ms: 1_000 });
    fail();
    const closing = venue.last;
    venue.uncertain(closing);
    stage.pass(3_000);
    venue.fate(closing, { isOpen: false, fills: [] });
    stage.pass(200);
    expect(venue.last).toMatchObject({ instrument: ETH_BTC, attempt: 3, shrinksExposure: true });
    venue.execute(venue.last);
    stage.run();
    venue.execute(venue.last);
    stage.run();
    expect(settle(stage).ends).toEqual([['completed', 'no_fill']]);
  });

  test('is tried with a collar that is wider each time, and given up after the last attempt', () => {
    const { stage, venue, fail } = holdingBtc({ slippage_bps: 10, shortfall: 'reverse', shortfall_attempts_max: 3 });
    fail();
    for (let attempt = 0; attempt < 3; attempt++) {
      venue.execute(venue.last, lots(0n));
      stage.pass(60);
    }
    const limits = venue.sent.slice(2).map(({ limitTicks }) => limitTicks);
    expect(limits).toEqual([499_491n, 498_991n, 498_491n]);
    expect(settle(stage).ends).toEqual([['stranded', 'no_fill']]);
  });

  test('goes another way when the venue refuses the first: over a pair that is not part of the cycle', () => {
    const other = { ...PAIRS[BTC_USD]!, index: instrumentIndex(3), symbol: 'BTC/USD2' };
    const options = { pairs: [...PAIRS, other], books: [...GOOD_BOOKS, GOOD_BOOKS[BTC_USD]!] };
    const { stage, venue, fail } = holdingBtc({ shortfall: 'reverse' }, options);
    fail();
    venue.refused(venue.last, 'EGeneral:Permission denied');
    stage.pass(60);
    expect(venue.last).toMatchObject({ instrument: 3, side: 1 });
    venue.execute(venue.last);
    stage.run();
    expect(settle(stage).ends).toEqual([['unwound', 'no_fill']]);
  });

  test('tries a way again that was refused, when there is no other', () => {
    const { stage, venue, fail } = holdingBtc({ shortfall: 'reverse' });
    fail();
    venue.refused(venue.last, 'EGeneral:Permission denied');
    stage.pass(200);
    expect(routeOf(venue).slice(2)).toEqual([
      [BTC_USD, 1],
      [BTC_USD, 1],
    ]);
    expect(new Set(venue.sent.map(({ clOrdId }) => clOrdId)).size).toBe(4);
  });

  test('waits with what it would send while the venue takes no order', () => {
    const { stage, venue, fail } = holdingBtc({ shortfall: 'reverse' });
    venue.full.add(BTC_USD);
    fail();
    stage.pass(500);
    expect(venue.sent).toHaveLength(2);
    venue.full.clear();
    stage.pass(100);
    expect(venue.last).toMatchObject({ instrument: BTC_USD, side: 1 });
  });

  test('is not closed out on books of which nothing was heard for too long: it waits for fresh ones', () => {
    const { stage, venue, fail } = holdingBtc({ patience_ms: 5_000 }, { venue: { instrument_silence_ms: 1_000 } });
    stage.pass(1_001);
    fail();
    stage.pass(500);
    expect(venue.sent).toHaveLength(2);
    stage.setBook(BTC_USD, GOOD_BOOKS[BTC_USD]!); // a way back, while the way on is stale yet
    stage.pass(100);
    expect(venue.last).toMatchObject({ instrument: BTC_USD, side: 1, attempt: 2 });
  });

  test('is not made of a book of which nothing was heard for too long', () => {
    const { stage, venue } = stageOnVenue({}, { venue: { instrument_silence_ms: 1_000 } });
    stage.pass(1_001);
    stage.setBook(BTC_USD, GOOD_BOOKS[BTC_USD]!);
    venue.execute(venue.last);
    stage.run();
    expect(venue.last).toMatchObject({ instrument: BTC_USD, side: 1 });
    venue.execute(venue.last);
    stage.run();
    expect(settle(stage).ends).toEqual([['unwound', 'book_stale']]);
  });

  test('that cannot leave for want of room waits for it, without a hurry, and then goes on', () => {
    const { stage, venue } = stageOnVenue();
    venue.full.add(ETH_BTC);
    venue.execute(venue.last);
    stage.pass(500);
    expect(venue.sent).toHaveLength(1);
    venue.full.clear();
    stage.pass(100);
    expect(venue.last).toMatchObject({ instrument: ETH_BTC, attempt: 1 });
  });

  test('that its wider collar puts above a limit is closed out in orders as large as the limit allows', () => {
    const parallel = { policy: 'parallel', shortfall: 'complete', slippage_bps: 20 };
    const { stage, venue } = stageOnVenue({ ...parallel, order_max: { USD: '5000' } });
    const spendOf = ({ limitTicks, qtyLots }: (typeof venue.sent)[number]) => limitTicks * qtyLots; // 10^-9 USD
    const bound = 5_000n * 1_000_000_000n;
    const [first, ...others] = venue.sent;
    expect(spendOf(first!)).toBeLessThanOrEqual(bound);
    expect(spendOf(first!)).toBeGreaterThan(bound - 2n * first!.limitTicks);
    for (const order of others) venue.execute(order);
    venue.execute(first!, lots(0n));
    stage.run();
    for (let order = 3; stage.counter('plans_active') > 0 && order < 12; order++) {
      expect(venue.sent[order]).toMatchObject({ instrument: BTC_USD, side: 0 });
      expect(spendOf(venue.sent[order]!)).toBeLessThanOrEqual(bound);
      venue.execute(venue.sent[order]!);
      stage.pass(60);
    }
    expect(venue.sent.length).toBeGreaterThan(4);
    expect(settle(stage).ends[0]).toEqual(['completed', 'partial_fill']);
  });

  test('is within its limits from the first order on: the plan is as large as they allow', () => {
    const { stage, venue } = stageOnVenue({ order_max: { ETH: '1' } });
    venue.execute(venue.last);
    stage.run();
    expect(venue.last).toMatchObject({ instrument: ETH_BTC, qtyLots: 100_000_000n });
    venue.execute(venue.last);
    stage.run();
    expect(venue.last).toMatchObject({ instrument: ETH_USD, qtyLots: 100_000_000n });
    venue.execute(venue.last);
    stage.run();
    expect(settle(stage).ends).toEqual([['completed', 'none']]);
  });

  test('one order too many in a second waits for the next one', () => {
    const { stage, venue } = stageOnVenue({ orders_per_second_max: 1 });
    venue.execute(venue.last);
    stage.pass(500);
    expect(venue.sent).toHaveLength(1);
    stage.pass(600);
    expect(venue.last).toMatchObject({ instrument: ETH_BTC, attempt: 1 });
  });

  test('waits for a connection that is lost, and strands what is held when it stays away', () => {
    const { stage, venue } = stageOnVenue({ patience_ms: 1_000 });
    venue.isConnected = false;
    venue.execute(venue.last);
    stage.pass(900);
    expect(stage.counter('plans_active')).toBe(1);
    stage.pass(200);
    expect(settle(stage).ends).toEqual([['stranded', 'disconnected']]);
  });

  test('in part goes on with that part, and the rest is closed out afterwards', () => {
    const { stage, venue } = holdingBtc();
    const second = venue.last;
    venue.execute(second, lots(second.qtyLots / 2n));
    stage.run();
    expect(venue.last).toMatchObject({ instrument: ETH_USD, qtyLots: second.qtyLots / 2n });
    venue.execute(venue.last);
    stage.run();
    expect(venue.last).toMatchObject({ instrument: ETH_BTC, side: 0 });
    venue.execute(venue.last);
    stage.run();
    venue.execute(venue.last);
    stage.run();
    expect(settle(stage).ends).toEqual([['completed', 'partial_fill']]);
  });

  test('keeps its plan open while the fate of the order that closes it out is unknown', () => {
    const { stage, venue, fail } = holdingBtc({ shortfall: 'reverse', patience_ms: 500 });
    fail();
    const back = venue.last;
    venue.uncertain(back);
    stage.pass(5_000);
    expect(venue.sent).toHaveLength(3);
    expect(stage.counter('plans_active')).toBe(1);
    venue.fate(back, { isOpen: false, fills: [venue.fillOf(back, back.qtyLots)] });
    stage.run();
    expect(settle(stage).ends).toEqual([['unwound', 'no_fill']]);
  });

  test('pays a fee in an asset that no plan brings back: that is in the ledger too', () => {
    const KFEE = assetIndex(3);
    const assets = [...ASSETS, { index: KFEE, id: 'KFEE', precision: 2 }];
    const { stage, venue } = stageOnVenue({}, { assets });
    venue.execute(venue.last, venue.last.qtyLots, { feeAsset: KFEE, feeUnits: units(5n) });
    stage.run();
    expect(stage.told().filter(({ event }) => event === 'EXPOSURE')).toMatchObject([
      { amountAsset: KFEE, amount: -5n, exposureReason: 'accepted' },
    ]);
  });

  test('sweeps no dust along that another party has taken away', () => {
    const deep = { ...GOOD_BOOKS[ETH_USD]!, bids: [[252_000n, 600_000_000n]] } as const;
    const books = [GOOD_BOOKS[BTC_USD]!, { ...GOOD_BOOKS[ETH_BTC]!, asks: [[5_000n, 300_000_000n]] } as const, deep];
    const { stage, venue } = stageOnVenue({}, { books, paper: { inventory: { USD: '100000' } } });
    const bank = openSequencerMemory(stage.context.ownMemory, stage.context.config).current;
    bank.setBigInt64(dustOffset(ETH), 500_000n, true); // in the ledger, and not in the account
    venue.execute(venue.last);
    stage.run();
    const second = venue.last;
    venue.execute(second);
    stage.run();
    expect(venue.last).toMatchObject({ instrument: ETH_USD, qtyLots: second.qtyLots });
  });

  test('leaves dust, which a later leg sweeps along', () => {
    const { stage, venue } = stageOnVenue(
      {},
      {
        books: [
          GOOD_BOOKS[BTC_USD]!,
          { ...GOOD_BOOKS[ETH_BTC]!, asks: [[5_000n, lots(300_000_000n)]] },
          { ...GOOD_BOOKS[ETH_USD]!, bids: [[252_000n, lots(600_000_000n)]] },
        ],
      },
    );
    const dustLots = 5_000n; // half of the smallest order
    venue.execute(venue.last);
    stage.run();
    venue.execute(venue.last);
    stage.run();
    const third = venue.last;
    venue.execute(third, lots(third.qtyLots - dustLots));
    stage.run();
    const first = settle(stage);
    expect(first.ends).toEqual([['completed', 'none']]);
    expect(stage.balances()[ETH]).toBe(dustLots * 100n);
    stage.send(stage.opportunity());
    stage.run();
    const again = venue.sent.length;
    venue.execute(venue.last);
    stage.run();
    venue.execute(venue.last);
    stage.run();
    expect(venue.sent[again + 1]!.qtyLots).toBe(third.qtyLots + dustLots);
    venue.execute(venue.last);
    stage.run();
    const told = stage.told();
    expect(told.filter(({ event }) => event === 'DUST').map(({ amount }) => amount)).toEqual([-dustLots * 100n]);
    expect(stage.balances()[ETH]).toBe(0n);
  });
});

describe('sequencer: all legs at once', () => {
  const PARALLEL = { policy: 'parallel' };
  /** Fills the legs that are named, whole; the others end with nothing. */
  const fillOnly = (stage: Stage, venue: HandVenue, legs: readonly number[]) => {
    for (const order of venue.sent.slice(0, 3))
      venue.execute(order, lots(legs.includes(order.leg) ? order.qtyLots : 0n));
    stage.run();
  };

  test('they leave together, sized as planned, and a plan that is filled whole is completed', () => {
    const { stage, venue } = stageOnVenue(PARALLEL);
    expect(routeOf(venue)).toEqual([
      [BTC_USD, 0],
      [ETH_BTC, 0],
      [ETH_USD, 1],
    ]);
    fillOnly(stage, venue, [0, 1, 2]);
    const { ends, told } = settle(stage);
    expect(ends).toEqual([['completed', 'none']]);
    expect(told.at(-1)!.profit).toBe(stage.balances()[USD]);
  });

  test('none leaves while the venue does not take all of them at once', () => {
    const venue = new HandVenue();
    venue.roomFor = 2;
    const stage = stageSequencer({ trading: PARALLEL, way: { makePort: () => venue } });
    stage.send(stage.opportunity());
    stage.run();
    expect(venue.sent).toEqual([]);
    expect(stage.told()).toMatchObject([{ event: 'PLAN_REFUSED', reason: 'message_pace' }]);
  });

  test('none leaves when the room for all is gone after the re-check', () => {
    const venue = new HandVenue();
    const takes = venue.whyNoRoom.bind(venue);
    venue.whyNoRoom = (instruments) => {
      const noRoom = takes(instruments);
      if (instruments.at(-1) === ETH_USD) venue.roomFor = 1; // after the last question
      return noRoom;
    };
    const stage = stageSequencer({ trading: PARALLEL, way: { makePort: () => venue } });
    stage.send(stage.opportunity());
    stage.pass(500);
    expect(venue.sent).toEqual([]);
    expect(settle(stage).ends).toEqual([['abandoned', 'message_pace']]);
  });

  test('when none is filled nothing has happened', () => {
    const { stage, venue } = stageOnVenue(PARALLEL);
    fillOnly(stage, venue, []);
    expect(settle(stage).ends).toEqual([['abandoned', 'no_fill']]);
  });

  test.each([
    [[0], 'BTC is held'],
    [[1], 'BTC is owed, ETH is held'],
    [[2], 'ETH is owed'],
    [[0, 1], 'ETH is held'],
    [[0, 2], 'BTC is held, ETH is owed'],
    [[1, 2], 'BTC is owed'],
  ])('when only legs %j are filled (%s), everything is closed out to the unit', (legs) => {
    for (const shortfall of ['cheapest', 'reverse', 'complete']) {
      const { stage, venue } = stageOnVenue({ ...PARALLEL, shortfall });
      fillOnly(stage, venue, legs);
      for (let order = 3; stage.counter('plans_active') > 0 && order < 12; order++) {
        venue.execute(venue.sent[order]!);
        stage.pass(60);
      }
      const { ends, left } = settle(stage);
      expect(left).toEqual([]);
      expect(ends[0]![0]).toBe(shortfall === 'reverse' ? 'unwound' : ends[0]![0]);
      expect(['completed', 'unwound']).toContain(ends[0]![0]);
    }
  });

  test('one leg that is missing is completed by one order, where two would take back', () => {
    const { stage, venue } = stageOnVenue(PARALLEL);
    fillOnly(stage, venue, [0, 2]);
    expect(venue.sent).toHaveLength(4);
    expect(venue.last).toMatchObject({ instrument: ETH_BTC, side: 0 });
    venue.execute(venue.last);
    stage.run();
    expect(settle(stage).ends).toEqual([['completed', 'partial_fill']]);
  });

  test('an order whose fate is unknown holds the others back until it is known', () => {
    const { stage, venue } = stageOnVenue(PARALLEL);
    const [first, second, third] = venue.sent;
    venue.execute(first!);
    venue.uncertain(second!);
    venue.execute(third!);
    stage.pass(5_000);
    expect(venue.sent).toHaveLength(3);
    venue.fate(second!, { isOpen: false, fills: [venue.fillOf(second!, second!.qtyLots)] });
    stage.run();
    expect(settle(stage).ends).toEqual([['completed', 'none']]);
  });

  test('stock of every asset is needed, and held back while the orders are out', () => {
    const poor = stageSequencer({ trading: PARALLEL, paper: { inventory: { USD: '100000' } } });
    poor.send(poor.opportunity());
    poor.run();
    expect(poor.told()).toMatchObject([{ event: 'PLAN_REFUSED', reason: 'no_inventory' }]);
    const rich = stageSequencer({ trading: PARALLEL, paper: { inventory: { USD: '100000', BTC: '1', ETH: '10' } } });
    rich.send(rich.opportunity());
    rich.pass(100);
    expect(rich.told().at(-1)).toMatchObject({ event: 'PLAN_ENDED', outcome: 'completed' });
  });

  test('a successor takes up all that were out', () => {
    const { stage, venue } = stageOnVenue(PARALLEL);
    const orders = [...venue.sent];
    stage.succeed();
    stage.pass(10);
    stage.pass(10);
    expect([...venue.lookups].sort()).toEqual(orders.map(({ clOrdId }) => clOrdId).sort());
    for (const order of orders) venue.fate(order, { isOpen: false, fills: [venue.fillOf(order, order.qtyLots)] });
    stage.run();
    expect(settle(stage).ends).toEqual([['completed', 'none']]);
  });
});
