/** What is stranded comes home when a person says so: to the unit, within the bound, and what does not is exposure again. */
import { describe, expect, test } from 'vitest';
import type { FlattenReport } from '../../../src/messages/flatten-message.ts';
import { lots, NO_LOTS } from '../../../src/money/money.ts';
import { HandVenue } from './hand-venue.ts';
import {
  ASSETS,
  type Book,
  BTC,
  BTC_USD,
  ETH,
  ETH_BTC,
  ETH_USD,
  type Execution,
  GOOD_BOOKS,
  type StageOptions,
  stageSequencer,
  USD,
} from './sequencer-stage.ts';

const SETTINGS = { slippage_bps: 0, shortfall: 'hold', shortfall_attempts_max: 3, patience_ms: 1_000 };

/** 0.15 BTC are stranded (its second leg found nothing), and trading is reducing. */
function strandedBtc(trading: object = {}, options: StageOptions = {}) {
  const venue = new HandVenue();
  const stage = stageSequencer({
    ...options,
    strategy: { start_assets: ['USD'] },
    trading: { ...SETTINGS, ...trading },
    way: { makePort: () => venue },
  });
  stage.send(stage.opportunity());
  stage.run();
  venue.execute(venue.last);
  stage.run();
  venue.execute(venue.last, lots(0n));
  stage.run();
  stage.gate.setRisk('reducing', 'stranded_exposure');
  const told: Execution[] = [];
  const audits: string[] = [];
  /** Takes what was reported, and with it commits what was recorded; then lets some time pass. */
  const commit = () => {
    told.push(...stage.told());
    audits.push(...stage.recorded().audits);
    stage.pass(60);
  };
  commit();
  return { stage, venue, told, audits, commit };
}
type Stranded = ReturnType<typeof strandedBtc>;

const accept = ({ offers }: FlattenReport) => ({
  accepted: offers.map(({ asset, to, amount, reference }) => ({ asset, to, amount, reference })),
});

/** Preview, yes, and its beginning committed. */
function begin({ stage, commit }: Stranded, ask: object = {}) {
  const begun = stage.flatten({ ...ask, ...accept(stage.flatten(ask)) });
  commit();
  return begun;
}

/** Profit, exposure and dust are what the account changed by, asset by asset; and nothing is at work. */
function expectConserved({ stage, told, commit }: Stranded) {
  commit();
  expect(stage.counter('plans_active')).toBe(0);
  const sums = ASSETS.map(() => 0n);
  for (const { event, amount, amountAsset, profit } of told) {
    if (event === 'EXPOSURE' || event === 'DUST') sums[amountAsset]! += amount;
    if (event === 'PLAN_ENDED') sums[USD]! += profit;
  }
  expect(stage.balances()).toEqual(sums);
  const exposure = ASSETS.map(() => 0n);
  for (const { event, amount, amountAsset } of told) if (event === 'EXPOSURE') exposure[amountAsset]! += amount;
  expect(stage.exposed(), 'the ledger is what was told of it').toEqual(exposure);
}
const ends = (told: readonly Execution[]) =>
  told.filter(({ event }) => event === 'PLAN_ENDED').map(({ outcome }) => outcome);
const book = (bid: bigint, ask: bigint, lots = 200_000_000n): Book => ({ bids: [[bid, lots]], asks: [[ask, lots]] });

describe('sequencer: what is stranded', () => {
  test('is shown with price, proceeds and loss, and nothing is changed by showing it', () => {
    const stranded = strandedBtc();
    const before = stranded.stage.exposed();
    const report = stranded.stage.flatten();
    expect(report).toMatchObject({ refused: undefined, kept: [] });
    expect(report.offers).toMatchObject([
      {
        ...{ asset: 'BTC', to: 'USD', amount: '0.1500000000', side: 'sell', order: 'sell', pair: 'BTC/USD' },
        ...{ reference: '49999.5', now: '0.1500000000 BTC', price: '49599.0', lossMaxBps: 200 },
      },
    ]);
    expect(stranded.stage.exposed()).toEqual(before);
    expect(stranded.venue.sent).toHaveLength(2);
    expect(stranded.stage.told()).toEqual([]);
  });

  test('is brought home to the last unit, and the ledger is empty', () => {
    const stranded = strandedBtc();
    const { stage, venue, told, audits } = stranded;
    expect(begin(stranded).offers).toMatchObject([{ plan: 2, asset: 'BTC' }]);
    expect(venue.last).toMatchObject({ instrument: BTC_USD, side: 1, plan: 2, shrinksExposure: true });
    expect(venue.last.qtyLots).toBe(15_000_000n);
    venue.execute(venue.last);
    stage.run();
    expectConserved(stranded);
    expect(stage.exposed()).toEqual([0n, 0n, 0n]);
    expect(ends(told)).toEqual(['stranded', 'completed']);
    const opened = told.filter(({ event }) => event === 'PLAN_OPENED').at(-1);
    expect(opened).toMatchObject({ plan: 2, reason: 'flatten' });
    expect(told.find(({ exposureReason }) => exposureReason === 'flattened')).toMatchObject({
      plan: 2,
      amount: -1_500_000_000n,
    });
    expect(audits.filter((line) => line.startsWith('flatten_begun'))).toHaveLength(1);
    // Only what it lost of what was held counts for limits: not what it brought.
    const { profit, mark } = told.findLast(({ event }) => event === 'PLAN_ENDED')!;
    expect(profit).toBeGreaterThan(7_000_0000n);
    expect(profit + mark).toBeGreaterThan(-60_0000n);
    expect(profit + mark).toBeLessThan(0n);
  });

  test('no order of it leaves before its beginning is in the database', () => {
    const stranded = strandedBtc();
    const { stage, venue, commit } = stranded;
    stage.flatten(accept(stage.flatten()));
    stage.pass(500);
    expect(venue.sent).toHaveLength(2);
    commit();
    expect(venue.sent).toHaveLength(3);
    venue.execute(venue.last);
    stage.run();
    expectConserved(stranded);
  });

  test('what the database does not take while patience lasts goes back', () => {
    const stranded = strandedBtc();
    stranded.stage.flatten(accept(stranded.stage.flatten()));
    expect(stranded.stage.exposed()[BTC]).toBe(0n);
    stranded.stage.pass(1_200);
    expect(stranded.venue.sent).toHaveLength(2);
    expectConserved(stranded);
    expect(stranded.stage.exposed()[BTC]).toBe(1_500_000_000n);
  });

  test('is tried again for the part that did not fill, and what is left after the attempts goes back to the ledger', () => {
    const stranded = strandedBtc();
    const { stage, venue, told, commit } = stranded;
    begin(stranded);
    for (const part of [5_000_000n, 3_000_000n, 0n]) {
      venue.execute(venue.last, lots(part));
      commit();
    }
    expectConserved(stranded);
    expect(stage.exposed()[BTC]).toBe(700_000_000n);
    expect(ends(told)).toEqual(['stranded', 'stranded']);
    expect(begin(stranded).offers).toMatchObject([{ plan: 3, amount: '0.0700000000' }]);
    venue.execute(venue.last);
    stage.run();
    expectConserved(stranded);
    expect(stage.exposed()[BTC]).toBe(0n);
  });

  test('goes back to the ledger when the price fell beyond the bound since it was shown', () => {
    const stranded = strandedBtc();
    const { stage, venue } = stranded;
    const preview = stage.flatten({ lossMaxBps: 150 });
    begin({
      ...stranded,
      stage: { ...stage, flatten: (ask = {}) => stage.flatten({ ...ask, ...accept(preview), lossMaxBps: 150 }) },
    });
    expect(venue.sent).toHaveLength(3);
    venue.execute(venue.last, lots(4_000_000n));
    stage.setBook(BTC_USD, book(490_000n, 490_100n)); // 2 % below
    stage.run();
    stage.pass(1_200);
    expect(venue.sent, 'no order beyond the bound').toHaveLength(3);
    expectConserved(stranded);
    expect(stage.exposed()[BTC]).toBe(1_100_000_000n);
  });

  test('is not begun when the books are beyond the bound by the price that was shown', () => {
    const stranded = strandedBtc();
    const { stage } = stranded;
    const accepted = accept(stage.flatten());
    stage.setBook(BTC_USD, book(480_000n, 480_100n));
    expect(stage.flatten(accepted)).toMatchObject({
      offers: [],
      kept: [{ asset: 'BTC', why: expect.stringMatching(/no order of it fits/) }],
    });
    expectConserved(stranded);
    expect(stage.exposed()[BTC]).toBe(1_500_000_000n);
  });

  test('every order keeps to the bound with its limit, however wide the collar', () => {
    const stranded = strandedBtc({ slippage_bps: 500 });
    const { stage, venue } = stranded;
    stage.setBook(BTC_USD, {
      bids: [
        [499_900n, 10_000_000n],
        [480_000n, 90_000_000n],
      ],
      asks: [[500_000n, 1_000_000n]],
    });
    begin(stranded, { lossMaxBps: 300 });
    // The middle is 49,995.0; 3 % below it, and the fee of 0.8 % less, is 48,886.3.
    expect(venue.last.limitTicks).toBe(488_863n);
    expect(venue.last.qtyLots, 'on average all of it is within the bound').toBe(15_000_000n);
    venue.execute(venue.last, lots(10_000_000n));
    stage.run();
    stage.pass(60);
    expect(venue.last).toMatchObject({ qtyLots: 5_000_000n, limitTicks: 488_863n });
    venue.execute(venue.last);
    stage.run();
    expectConserved(stranded);
  });

  test('two at once have a plan each, and an asset that has no pair of its own to go home by is named', () => {
    const stranded = strandedBtc();
    const { stage, venue, commit } = stranded;
    // A second plan ends with ETH held.
    stage.gate.setRisk('active', 'none');
    stage.send(stage.opportunity());
    stage.run();
    venue.execute(venue.last);
    stage.run();
    venue.execute(venue.last);
    stage.run();
    venue.execute(venue.last, lots(0n));
    stage.run();
    commit();
    stage.gate.setRisk('reducing', 'stranded_exposure');
    expect(stage.exposed()[ETH]).toBeGreaterThan(0n);
    expect(stage.flatten({ to: 'ETH' })).toMatchObject({
      offers: [{ asset: 'BTC', to: 'ETH', side: 'sell', order: 'buy', pair: 'ETH/BTC' }],
      kept: [{ asset: 'ETH', why: expect.stringContaining('comes home to') }],
    });
    const begun = begin(stranded);
    expect(begun.offers.map(({ asset }) => asset)).toEqual(['BTC', 'ETH']);
    const [first, second] = venue.sent.slice(-2);
    expect([first, second].map((one) => one?.instrument)).toEqual([BTC_USD, ETH_USD]);
    venue.execute(first!);
    venue.execute(second!);
    stage.run();
    expectConserved(stranded);
    expect(stage.exposed()).toEqual([0n, 0n, 0n]);
  });

  test('what is owed is bought back', () => {
    const venue = new HandVenue();
    const stage = stageSequencer({
      strategy: { start_assets: ['USD'] },
      trading: { ...SETTINGS, policy: 'parallel' },
      way: { makePort: () => venue },
    });
    stage.send(stage.opportunity());
    stage.run();
    const sent = [...venue.sent];
    for (const order of sent) venue.execute(order, order.instrument === ETH_BTC ? order.qtyLots : NO_LOTS);
    stage.run();
    stage.gate.setRisk('reducing', 'stranded_exposure');
    const stranded = {
      stage,
      venue,
      told: [] as Execution[],
      audits: [] as string[],
      commit: () => {
        stranded.told.push(...stage.told());
        stranded.audits.push(...stage.recorded().audits);
        stage.pass(60);
      },
    };
    stranded.commit();
    expect(stage.exposed()[BTC]).toBeLessThan(0n);
    const begun = begin(stranded);
    expect(begun.offers).toMatchObject([
      { asset: 'BTC', side: 'buy', order: 'buy' },
      { asset: 'ETH', side: 'sell' },
    ]);
    for (const order of venue.sent.slice(-2)) venue.execute(order);
    stage.run();
    // The fee was less than expected: what was bought too much is sold again.
    expect(venue.last).toMatchObject({ instrument: BTC_USD, side: 1, qtyLots: 120_968n });
    venue.execute(venue.last);
    stage.run();
    expectConserved(stranded);
    expect(stage.exposed()).toEqual([0n, 0n, 0n]);
  });

  test('what the venue would not take, or has no book for, stays, and why is said', () => {
    const stranded = strandedBtc();
    const { stage } = stranded;
    const why = () => stage.flatten().kept[0]?.why;
    stage.voidBook(BTC_USD);
    expect(why()).toBe('BTC/USD has no valid book with two sides');
    stage.setBook(BTC_USD, book(300_000n, 500_000n));
    expect(why()).toMatch(/no order of it fits the book of BTC\/USD above 39516.2, which a loss of 200 bps allows/);
    stage.setBook(BTC_USD, { bids: [], asks: GOOD_BOOKS[BTC_USD]!.asks });
    expect(why()).toMatch(/two sides/);
    stage.setBook(BTC_USD, GOOD_BOOKS[BTC_USD]!);
    stranded.venue.disagreed.add(BTC_USD);
    expect(why()).toMatch(/contradicts itself/);
    expectConserved(stranded);
  });

  test.each([
    ['halted', /resume first/],
    ['paused', /paused/],
  ] as const)('is refused while trading is %s', (state, why) => {
    const stranded = strandedBtc();
    const { stage } = stranded;
    const accepted = accept(stage.flatten());
    stage.gate.setRisk(state, 'operator');
    expect(stage.flatten(accepted)).toMatchObject({ refused: expect.stringMatching(why), offers: [] });
    expect(stage.flatten().refused).toMatch(why);
    expect(stage.exposed()[BTC]).toBe(1_500_000_000n);
  });

  test('a loss of everything is no bound', () => {
    const { stage } = strandedBtc();
    const { refused } = stage.flatten({ lossMaxBps: 10_000, ...accept(stage.flatten({ lossMaxBps: 10_000 })) });
    expect(refused).toMatch(/at most 9000 bps/);
    expect(stage.exposed()[BTC]).toBe(1_500_000_000n);
  });

  test('asked twice for the same, the second time there is nothing left to begin', () => {
    const stranded = strandedBtc();
    const { stage, venue } = stranded;
    const accepted = accept(stage.flatten());
    expect(stage.flatten(accepted).offers).toHaveLength(1);
    expect(stage.flatten(accepted)).toMatchObject({
      offers: [],
      kept: [{ why: expect.stringContaining('exposed any more') }],
    });
    stranded.commit();
    venue.execute(venue.last);
    stage.run();
    expectConserved(stranded);
  });

  test('halted in the middle, no further order leaves and the rest is exposure again', () => {
    const stranded = strandedBtc();
    const { stage, venue } = stranded;
    begin(stranded);
    venue.execute(venue.last, lots(5_000_000n));
    stage.gate.setRisk('halted', 'operator');
    stage.run();
    stage.pass(200);
    expect(venue.sent).toHaveLength(3);
    expectConserved(stranded);
    expect(stage.exposed()[BTC]).toBe(1_000_000_000n);
  });

  test('an order whose fate is unknown is waited for, whatever patience says', () => {
    const stranded = strandedBtc();
    const { stage, venue } = stranded;
    begin(stranded);
    const order = venue.last;
    venue.uncertain(order);
    stage.pass(5_000);
    expect(stage.counter('plans_active')).toBe(1);
    venue.fate(order, { isOpen: false, fills: [venue.fillOf(order, order.qtyLots)] });
    stage.pass(200);
    expectConserved(stranded);
    expect(stage.exposed()[BTC]).toBe(0n);
  });

  test.each([
    ['a sum that is no amount of it', { amount: '0.00000000001' }, /nothing of it/],
    ['more than is exposed', { amount: '9' }, undefined],
    ['a price that the pair does not have', { reference: '49999.123' }, /no price of BTC\/USD/],
    ['no price', { reference: '0' }, /no price of BTC\/USD/],
    ['an asset that nobody lists', { asset: 'XYZ' }, /no such asset/],
  ])('accepts no more than it has and nothing that makes no sense: %s', (_what, change, why) => {
    const { stage } = strandedBtc();
    const { accepted } = accept(stage.flatten());
    const report = stage.flatten({ accepted: accepted.map((one) => ({ ...one, ...change })) });
    if (why === undefined) expect(report.offers).toMatchObject([{ amount: '0.1500000000' }]);
    else expect(report).toMatchObject({ offers: [], kept: [{ why: expect.stringMatching(why) }] });
  });
});
