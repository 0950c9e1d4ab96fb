/** Every trading port there is, the product's and the tests' own, each on a venue, with what cannot be asked of it. */

import { PAPER } from '../../../src/actors/sequencer/actor.ts';
import type { ExecutionRouteDeps } from '../../../src/actors/sequencer/execution-route.ts';
import type { Order } from '../../../src/actors/sequencer/model/order.ts';
import { assetIndex, instrumentIndex } from '../../../src/market/instrument.ts';
import { type Lots, lots, NO_LOTS, NO_UNITS, ticks, units } from '../../../src/money/money.ts';
import { seededChance } from '../../../src/platform/chance.ts';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { monotonicNs } from '../../../src/platform/time.ts';
import type { ApprovedOrder } from '../../../src/trading/approved-order.ts';
import { DryRunPort } from '../../../src/venues/dry-run/dry-run-port.ts';
import type { Fill, TradingPort } from '../../../src/venues/trading-port.ts';
import { FakeExchange, ScriptedPort } from '../../actors/sequencer/account-stage.ts';
import { HandVenue } from '../../actors/sequencer/hand-venue.ts';
import { stageSequencer } from '../../actors/sequencer/sequencer-stage.ts';
import { UnrulyVenue } from '../../actors/sequencer/unruly-venue.ts';
import { PortBefore } from '../../simulation/mutants.ts';
import { exchangeStage } from '../kraken/exchange-stage.ts';
import { CASES, type CaseName, ORDERLESS_CASES } from './contract.ts';
import type { KnownOrder, PortParts } from './port-stage.ts';

export interface PortOnTrial {
  readonly name: string;
  /** @param cuts whether the venue is to cut the connection when an order arrives. */
  readonly make: (cuts: boolean) => PortParts;
  /** Cases that cannot be put to it, and why. */
  readonly skips: Partial<Record<CaseName, string>>;
}

const COIN = 100_000_000n; // lots

const buy = (coins: bigint, limit: bigint, comesToCoins: bigint): KnownOrder => ({
  terms: {
    ...{ instrument: instrumentIndex(0), side: 0, pricePrecision: 1, qtyPrecision: 8 },
    ...{ qtyLots: lots(coins * COIN), limitTicks: ticks(limit), fundsUnits: units(10n ** 15n) },
  },
  comesToLots: lots(comesToCoins * COIN),
});

/** Asks of the practice exchange: 1 at 101.0, 2 at 101.5, 3 at 102.0. */
const AT_EXCHANGE = { whole: buy(2n, 1_015n, 2n), part: buy(2n, 1_010n, 1n), none: buy(1n, 1_000n, 0n) };

function krakenOnExchange(cuts: boolean): PortParts {
  const { port, clock, tick } = exchangeStage(1, cuts ? { 'disconnect-before-ack': 1 } : {});
  return { port, clock, tick, orders: AT_EXCHANGE };
}

function dryRunOnExchange(): PortParts {
  const { port: inner, clock, tick } = exchangeStage(1, {});
  const orders = new Map<string, ApprovedOrder>();
  const port = new DryRunPort({
    port: inner,
    recall: (clOrdId) => orders.get(clOrdId),
    onOrder: (order) => orders.set(order.clOrdId, order),
    onRequest: () => {},
    wake: () => {},
  });
  const unsent = (order: KnownOrder): KnownOrder => ({ ...order, comesToLots: NO_LOTS });
  const { whole, part, none } = AT_EXCHANGE;
  return { port, clock, tick, orders: { whole: unsent(whole), part: unsent(part), none: unsent(none) } };
}

/** On a book of 1 at 50,000.0 and 2 at 50,010.0. */
function paper(): PortParts {
  const written = new Map<string, Order>();
  let port: TradingPort | undefined;
  const asks = [
    [500_000n, COIN],
    [500_100n, 2n * COIN],
  ] as const;
  const { clock } = stageSequencer({
    books: [{ bids: [[499_990n, COIN]], asks }],
    way: {
      // The sequencer has one of its own, so that what this one says is for the test alone.
      makePort: (deps: ExecutionRouteDeps) => {
        port = PAPER.makePort({ ...deps, recall: (clOrdId) => written.get(clOrdId) });
        return PAPER.makePort(deps);
      },
    },
  });
  if (port === undefined) throw new Error('the sequencer made no port');
  const beforeSend = (order: ApprovedOrder, { comesToLots }: KnownOrder) =>
    void written.set(order.clOrdId, rememberedAs(order, comesToLots));
  return {
    ...{ port, clock, beforeSend },
    tick: () => clock.advanceTo(clock.nowNs() + 10e6),
    orders: { whole: buy(2n, 500_100n, 2n), part: buy(2n, 500_000n, 1n), none: buy(1n, 499_000n, 0n) },
  };
}

/** As the sequencer has it written down when all its fills are booked. */
function rememberedAs(order: ApprovedOrder, filledLots: Lots): Order {
  const booked = { qtyLots: filledLots, costUnits: NO_UNITS, feeUnits: NO_UNITS, feeAsset: assetIndex(0) };
  return {
    ...order,
    ...{ position: order.leg, gives: 0, takes: 1, isClosing: false, isReversing: false },
    ...{ state: 'filled', seen: true, ackRecorded: true, booked, venueOrderId: '' },
    ...{ lookups: 0, lookupDueNs: monotonicNs(0), denials: 0 },
  };
}

function clockwork() {
  const clock = new VirtualClock(1_700_000_000_000_000_000n);
  clock.advanceTo(1e9);
  return { clock, tick: () => clock.advanceTo(clock.nowNs() + 10e6) };
}

/** The test says what a venue would: at the next turn, of every order and every question. */
function byHand(): PortParts {
  const venue = new HandVenue();
  const { clock, tick } = clockwork();
  const fills = new Map<string, Fill[]>();
  const comesTo = new Map<string, Lots>();
  let done = 0;
  let asked = 0;
  const execute = (order: ApprovedOrder) => {
    const filledLots = comesTo.get(order.clOrdId) ?? NO_LOTS;
    venue.acked(order);
    fills.set(order.clOrdId, filledLots === 0n ? [] : [venue.filled(order, filledLots)]);
    venue.ended(order, filledLots);
  };
  const answer = (clOrdId: string) => {
    const order = venue.sent.find((one) => one.clOrdId === clOrdId);
    if (order === undefined) venue.say({ type: 'order.fate', clOrdId, found: undefined });
    else venue.fate(order, { isOpen: false, fills: fills.get(clOrdId) ?? [] });
  };
  return {
    port: venue,
    clock,
    tick: () => {
      tick();
      for (; done < venue.sent.length; done++) execute(venue.sent[done]!);
      for (; asked < venue.lookups.length; asked++) answer(venue.lookups[asked]!);
    },
    orders: { whole: buy(2n, 500_000n, 2n), part: buy(2n, 500_000n, 1n), none: buy(2n, 500_000n, 0n) },
    beforeSend: ({ clOrdId }, { comesToLots }) => void comesTo.set(clOrdId, comesToLots),
  };
}

function tame() {
  const { clock, tick } = clockwork();
  const venue = new UnrulyVenue(clock, seededChance(1), [10n ** 12n, 0n, 0n]);
  venue.isTame = true;
  return { venue, parts: { port: venue, clock, tick, orders: { whole: buy(2n, 500_000n, 2n) } } };
}

function scripted(): PortParts {
  const { clock, tick } = clockwork();
  const port = new ScriptedPort(new FakeExchange(), () => clock.wallMs());
  return { port, clock, tick, orders: { whole: buy(2n, 500_000n, 2n) } };
}

const skips = (reason: string, ...cases: readonly CaseName[]) =>
  Object.fromEntries(cases.map((name) => [name, reason])) as Partial<Record<CaseName, string>>;

const LOSES = 'says that a connection is lost, and then that the fate of what is out is unknown';
const TIMES = 'gives fills the venue’s time';
const REFUSES = 'makes nothing of an order in another scale or over a pair that is not listed';
const PART = 'tells of an order that is filled in part: its end says how much';
const NONE = 'tells of an order that gets nothing: taken, and ended with nothing';
const WITH_ORDERS = (Object.keys(CASES) as CaseName[]).filter((name) => !ORDERLESS_CASES.has(name));

const TAME = {
  ...skips('it fills whatever it is sent', REFUSES),
  ...skips('on a tame day every order is filled whole', PART, NONE),
  ...skips('on a tame day nothing is lost', LOSES),
};

export const PORTS: readonly PortOnTrial[] = [
  { name: 'Kraken, on the practice exchange', make: krakenOnExchange, skips: {} },
  {
    name: 'a dry run, on the practice exchange',
    make: dryRunOnExchange,
    skips: {
      ...skips('nothing is ever filled', TIMES),
      ...skips('no order of its arrives anywhere, so none is out when the connection is lost', LOSES),
    },
  },
  {
    name: 'paper',
    make: paper,
    skips: skips('there is no connection that could be lost', LOSES),
  },
  {
    name: 'the venue in the hands of the test',
    make: byHand,
    skips: {
      ...skips('a connection is lost when the test says so', LOSES),
      ...skips('it has no clock: all its fills have one time', TIMES),
      ...skips('it fills whatever the test says', REFUSES),
    },
  },
  { name: 'the unruly venue, on a tame day', make: () => tame().parts, skips: TAME },
  {
    name: 'a port before another, as the deliberate bugs have it',
    make: () => {
      const { venue, parts } = tame();
      return { ...parts, port: new PortBefore(venue) };
    },
    skips: TAME,
  },
  {
    name: 'the exchange of the account desk',
    make: scripted,
    skips: skips('the account desk sends no orders', ...WITH_ORDERS),
  },
];
