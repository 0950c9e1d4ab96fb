import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PHASE } from '../../../src/actors/feed/subscriptions/subscription-phase.ts';
import {
  REFUSALS_MAX,
  type SubscriptionSettings,
  SubscriptionTable,
  UNANSWERED_MAX,
} from '../../../src/actors/feed/subscriptions/subscription-table.ts';
import { type InstrumentIndex, instrumentIndex } from '../../../src/market/instrument.ts';
import { type Chance, seededChance } from '../../../src/platform/chance.ts';

const SETTINGS: SubscriptionSettings = {
  symbolsPerMessage: 3,
  subscribeTimeoutMs: 100,
  instrumentSilenceMs: 1_000,
  backoffBaseMs: 10,
  backoffMaxMs: 100,
  snapshotsMax: 1_000,
};

function tableWith(count: number, settings: Partial<SubscriptionSettings> = {}): SubscriptionTable {
  const table = new SubscriptionTable(16, { ...SETTINGS, ...settings }, seededChance(1));
  for (let instrument = 0; instrument < count; instrument++) {
    table.setActive(instrumentIndex(instrument), true, 0);
    table.follow(instrumentIndex(instrument), 0, true);
  }
  return table;
}

/** Takes what is to be subscribed next as request `request`. */
function subscribe(table: SubscriptionTable, request: number, nowMs: number): number[] {
  const taken: InstrumentIndex[] = [];
  table.takeSubscribes(0, request, nowMs, taken);
  return taken;
}

function unsubscribe(table: SubscriptionTable, request: number, nowMs: number): number[] {
  const taken: InstrumentIndex[] = [];
  table.takeUnsubscribes(0, request, nowMs, taken);
  return taken;
}

function makeLive(table: SubscriptionTable, instrument: InstrumentIndex, request: number, nowMs: number): void {
  table.onAcked(instrument, request, nowMs);
  table.onBookMessage(instrument, true, nowMs);
}

describe('subscription table', () => {
  test('hands out each book once, in chunks', () => {
    const table = tableWith(7);
    expect([1, 2, 3, 4].map((request) => subscribe(table, request, 0))).toEqual([[0, 1, 2], [3, 4, 5], [6], []]);
    expect(table.isAnswered(0)).toBe(false);
    for (let instrument = 0; instrument < 7; instrument++) makeLive(table, instrumentIndex(instrument), 3, 0);
    expect(table.isAnswered(0)).toBe(true);
  });

  test('a late answer of an earlier round does not count for the renewed subscription', () => {
    const table = tableWith(1);
    subscribe(table, 1, 0);
    makeLive(table, instrumentIndex(0), 1, 0);
    expect(table.renew(instrumentIndex(0), 50)).toBe(true);
    expect(unsubscribe(table, 2, 50)).toEqual([0]);
    expect(subscribe(table, 3, 50)).toEqual([0]);
    table.onAcked(instrumentIndex(0), 1, 60);
    expect(table.phaseOf(instrumentIndex(0))).toBe(PHASE.SENT);
    table.onBookMessage(instrumentIndex(0), true, 60); // the unsubscribe is not answered yet: still the old subscription's
    expect(table.phaseOf(instrumentIndex(0))).toBe(PHASE.SENT);
    table.onUnsubscribed(instrumentIndex(0), 2);
    table.onBookMessage(instrumentIndex(0), true, 70);
    expect(table.phaseOf(instrumentIndex(0))).toBe(PHASE.LIVE);
  });

  test('after as many refusals as it bears a book is not asked for again', () => {
    const table = tableWith(1);
    const outcomes: string[] = [];
    for (let request = 1; request <= REFUSALS_MAX; request++) {
      expect(subscribe(table, request, request * 1_000)).toEqual([0]);
      outcomes.push(table.onRefused(instrumentIndex(0), request, false, request * 1_000));
      table.onTimer(0, request * 1_000 + 999, []);
    }
    expect(outcomes).toEqual(['retry', 'retry', 'retry', 'retry', 'final']);
    expect(subscribe(table, 99, 1e9)).toEqual([]);
    expect(table.renew(instrumentIndex(0), 1e9)).toBe(false);
  });

  test('refusals while the venue is not online do not use up the number', () => {
    const table = tableWith(1);
    table.setVenueOnline(false, 0);
    for (let request = 1; request <= 3 * REFUSALS_MAX; request++) {
      expect(subscribe(table, request, request * 1_000)).toEqual([0]);
      expect(table.onRefused(instrumentIndex(0), request, false, request * 1_000)).toBe('retry');
      expect(table.onTimer(0, request * 1_000 + 999, [])).toBe(true);
      expect(subscribe(table, 99, request * 1_000 + 999)).toEqual([]); // not before it is online
      table.setVenueOnline(true, request * 1_000 + 999);
      table.onTimer(0, request * 1_000 + 999, []);
      table.setVenueOnline(false, request * 1_000 + 999);
    }
  });

  test('a socket that leaves requests unanswered is reported after a bounded number of times', () => {
    const table = tableWith(1);
    const answers: boolean[] = [];
    for (let request = 1; request <= UNANSWERED_MAX; request++) {
      subscribe(table, request, request * 100);
      answers.push(table.onTimer(0, (request + 1) * 100, []));
    }
    expect(answers).toEqual([true, true, false]);
  });

  test('a book that stays silent is renewed ever more rarely', () => {
    const table = tableWith(1);
    const renewedMs: number[] = [];
    let request = 1;
    for (let nowMs = 0; nowMs < 20_000; nowMs += 10) {
      const silent: InstrumentIndex[] = [];
      table.onTimer(0, nowMs, silent);
      if (silent.length > 0) renewedMs.push(nowMs);
      if (unsubscribe(table, request, nowMs).length > 0) table.onUnsubscribed(instrumentIndex(0), request++);
      if (subscribe(table, request, nowMs).length > 0) table.onAcked(instrumentIndex(0), request++, nowMs);
    }
    const gaps = renewedMs.slice(1).map((atMs, index) => atMs - (renewedMs[index] as number));
    for (const [index, leastMs] of [200, 400, 800, 1_600, 3_200, 3_200].entries()) {
      expect(gaps[index]).toBeGreaterThanOrEqual(leastMs);
      expect(gaps[index]).toBeLessThanOrEqual(leastMs * 1.25 + 20); // a quarter is left to chance
    }
  });

  test('a book that leaves is unsubscribed when it was asked for, and forgotten', () => {
    const table = tableWith(3);
    subscribe(table, 1, 0);
    makeLive(table, instrumentIndex(0), 1, 0);
    table.follow(instrumentIndex(3), 0, true);
    for (const instrument of [0, 1, 3]) table.leave(instrumentIndex(instrument));
    expect(unsubscribe(table, 2, 0)).toEqual([0, 1]);
    expect([0, 1, 3].map((instrument) => table.phaseOf(instrumentIndex(instrument)))).toEqual([0, 0, 0]);
    expect(table.membersOf(0)).toEqual([2]);
    expect(table.socketOf(instrumentIndex(0))).toBe(-1);
  });
});

/**
 * A venue that follows the protocol but loses, delays and repeats what it likes while `isBad`. Requests and replies keep
 * their order, as on one socket.
 */
class MoodyVenue {
  readonly subscribed = new Set<number>();
  isBad = true;
  readonly #table: SubscriptionTable;
  readonly #chance: Chance;
  readonly #replies: { dueMs: number; run: (nowMs: number) => void }[] = [];
  #lastDueMs = 0;

  constructor(table: SubscriptionTable, chance: Chance) {
    this.#table = table;
    this.#chance = chance;
  }

  subscribe(instruments: readonly number[], request: number, nowMs: number): void {
    if (this.#strikes(0.15)) return; // the whole request is lost
    for (const instrument of instruments) this.#subscribeOne(instrumentIndex(instrument), request, nowMs);
  }

  unsubscribe(instruments: readonly number[], request: number, nowMs: number): void {
    if (this.#strikes(0.15)) return;
    for (const instrument of instruments) {
      this.subscribed.delete(instrument);
      this.#reply(nowMs, () => this.#table.onUnsubscribed(instrumentIndex(instrument), request));
    }
  }

  deliver(nowMs: number): void {
    while ((this.#replies[0]?.dueMs ?? Number.POSITIVE_INFINITY) <= nowMs) this.#replies.shift()?.run(nowMs);
    for (const instrument of this.subscribed) {
      if (this.#chance.unit() < 0.3) this.#table.onBookMessage(instrumentIndex(instrument), false, nowMs);
    }
  }

  drop(): void {
    this.subscribed.clear();
    this.#replies.length = 0;
    this.#lastDueMs = 0;
  }

  #subscribeOne(instrument: InstrumentIndex, request: number, nowMs: number): void {
    const table = this.#table;
    if (this.subscribed.has(instrument)) {
      this.#reply(nowMs, (at) => table.onAlreadySubscribed(instrument, request, at));
    } else if (this.#strikes(0.1)) {
      this.#reply(nowMs, (at) => table.onRefused(instrument, request, false, at));
    } else {
      this.subscribed.add(instrument);
      const acks = this.#strikes(0.1) ? 2 : 1;
      const ack = (at: number) => table.onAcked(instrument, request, at);
      const isAckLate = this.#strikes(0.2);
      if (!isAckLate) for (let copy = 0; copy < acks; copy++) this.#reply(nowMs, ack);
      if (!this.#strikes(0.2)) this.#reply(nowMs, (at) => table.onBookMessage(instrument, true, at));
      if (isAckLate) this.#reply(nowMs, ack);
    }
  }

  #reply(nowMs: number, run: (nowMs: number) => void): void {
    const delayMs = this.isBad ? this.#chance.integer(150) : 5;
    this.#lastDueMs = Math.max(this.#lastDueMs, nowMs + delayMs);
    this.#replies.push({ dueMs: this.#lastDueMs, run });
  }

  #strikes(probability: number): boolean {
    return this.isBad && this.#chance.unit() < probability;
  }
}

test('whatever the venue loses, delays, refuses or repeats, every book is live once it behaves', () => {
  const property = fc.property(fc.integer(), fc.integer({ min: 1, max: 12 }), (seed, count) => {
    const chance = seededChance(seed);
    const table = tableWith(count, { snapshotsMax: 5 });
    const venue = new MoodyVenue(table, chance);
    let request = 0;
    let outstandingMax = 0;
    for (let nowMs = 0; nowMs < 16_000; nowMs += 5) {
      venue.isBad = nowMs < 4_000;
      venue.deliver(nowMs);
      const answers = table.onTimer(0, nowMs, []);
      if (!answers || (venue.isBad && chance.unit() < 0.002)) {
        venue.drop();
        table.onSocketLost(0);
        table.onSocketOpened(0);
      }
      if (venue.isBad && chance.unit() < 0.02) table.renew(instrumentIndex(chance.integer(count)), nowMs);
      if (!venue.isBad) for (let book = 0; book < count; book++) table.retryRefused(instrumentIndex(book), true);
      const left = unsubscribe(table, ++request, nowMs);
      if (left.length > 0) venue.unsubscribe(left, request, nowMs);
      const taken = subscribe(table, ++request, nowMs);
      if (taken.length > 0) venue.subscribe(taken, request, nowMs);
      outstandingMax = Math.max(outstandingMax, taken.length);
    }
    const phases = Array.from({ length: count }, (_, book) => table.phaseOf(instrumentIndex(book)));
    expect(phases).toEqual(phases.map(() => PHASE.LIVE));
    expect([...venue.subscribed].sort((a, b) => a - b)).toEqual(phases.map((_, book) => book));
    expect(outstandingMax).toBeLessThanOrEqual(SETTINGS.symbolsPerMessage);
  });
  fc.assert(property, { numRuns: 60 });
});
