/**
 * What every trading port keeps to, with any venue behind it. Each case runs on every port; a port that a case cannot
 * be put to says why. The rules of an order's events are looked at after every case.
 */
import { expect } from 'vitest';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { encodeClientOrderId } from '../../../src/trading/client-order-id.ts';
import type { AccountQuestion, TradingEvent } from '../../../src/venues/trading-port.ts';
import type { KnownOrder, PortStage } from './port-stage.ts';

const UNKNOWN = encodeClientOrderId({ runMs: 1_600_000_000_000, plan: 77, leg: 1, attempt: 0 });
const UNLISTED = instrumentIndex(7);
const WITHIN_MS = 3_000;

const types = (events: readonly TradingEvent[]) => events.map(({ type }) => type);
const sum = (lots: readonly bigint[]) => lots.reduce((all, one) => all + one, 0n);

export const CASES = {
  'is not connected before it is started, and says once when it is': (stage) => {
    expect(stage.port.isConnected).toBe(false);
    stage.port.start();
    for (let tries = 0; tries < 30 && !stage.port.isConnected; tries++) stage.pass(500);
    stage.pass(500);
    expect(stage.port.isConnected).toBe(true);
    expect(stage.of('connected')).toHaveLength(1);
    expect(stage.of('disconnected')).toEqual([]);
  },

  'takes no order while it is not connected: never sent, and it may be tried again': (stage) => {
    const { instrument } = stage.orders.whole.terms;
    expect(stage.port.whyNoRoom([instrument])).toBe('disconnected');
    const clOrdId = stage.send(stage.orders.whole);
    stage.take(8);
    expect(stage.about(clOrdId)).toEqual([
      { type: 'order.refused', clOrdId, error: expect.stringMatching(/^not sent/), isRetryable: true },
    ]);
    stage.pass(WITHIN_MS);
    expect(stage.about(clOrdId)).toHaveLength(1);
  },

  'tells of an order that is filled: taken, its fills, its end': (stage) => {
    stage.connect();
    expectComesTo(stage, stage.orders.whole);
  },

  'tells of an order that is filled in part: its end says how much': (stage) => {
    stage.connect();
    expectComesTo(stage, stage.orders.part ?? stage.orders.whole);
  },

  'tells of an order that gets nothing: taken, and ended with nothing': (stage) => {
    stage.connect();
    expectComesTo(stage, stage.orders.none ?? stage.orders.whole);
  },

  'tells each of several orders under its own id': (stage) => {
    stage.connect();
    const { whole, none = whole } = stage.orders;
    const ids = [stage.send(none), stage.send(whole)];
    stage.pass(WITHIN_MS);
    for (const id of ids) expect(stage.about(id).at(-1)).toMatchObject({ type: 'order.ended' });
    expect(stage.events.filter((event) => 'clOrdId' in event && !ids.includes(event.clOrdId))).toEqual([]);
  },

  'hands over no more than it is asked for, and everything in the end': (stage) => {
    stage.connect();
    const clOrdId = stage.send(stage.orders.whole);
    for (let turn = 0; turn < WITHIN_MS / 10; turn++) stage.tickOnly();
    expect(stage.port.poll(() => expect.unreachable(), 0)).toBe(0);
    const counts = stage.take(1);
    expect(counts.length).toBeGreaterThan(1);
    expect(new Set(counts)).toEqual(new Set([1]));
    expect(stage.about(clOrdId).at(-1)).toMatchObject({ type: 'order.ended' });
  },

  'gives fills the venue’s time': (stage) => {
    stage.connect();
    const sentMs = stage.wallMs;
    stage.send(stage.orders.whole);
    stage.pass(WITHIN_MS);
    const fills = stage.of('order.filled');
    expect(fills).not.toEqual([]);
    for (const { fill } of fills) {
      expect(fill.atMs).toBeGreaterThanOrEqual(sentMs);
      expect(fill.atMs).toBeLessThanOrEqual(stage.wallMs);
    }
  },

  'knows what became of an order when it is asked, and says the same': (stage) => {
    stage.connect();
    const { clOrdId, fills, venueOrderId } = expectComesTo(stage, stage.orders.whole);
    const found = answerOf(stage, clOrdId, venueOrderId);
    expect(found).toMatchObject({ clOrdId, isOpen: false });
    const said = found?.fills.map(({ execId, qtyLots }) => [execId, qtyLots]);
    expect(said?.toSorted()).toEqual(fills.map(({ execId, qtyLots }) => [execId, qtyLots]).toSorted());
  },

  'does not know an order that never was': (stage) => {
    stage.connect();
    expect(answerOf(stage, UNKNOWN, undefined)).toBeUndefined();
    expect(types(stage.about(UNKNOWN)).every((type) => type.startsWith('order.fate'))).toBe(true);
  },

  'has nothing to say to a cancel of what is not open': (stage) => {
    stage.connect();
    const { clOrdId } = expectComesTo(stage, stage.orders.whole);
    const told = stage.about(clOrdId).length;
    stage.port.cancel(UNKNOWN);
    stage.port.cancel(clOrdId);
    stage.port.cancelAll();
    stage.pass(WITHIN_MS);
    expect(stage.about(UNKNOWN)).toEqual([]);
    expect(stage.about(clOrdId)).toHaveLength(told);
  },

  'ends an order once, however its cancel and its fills meet': (stage) => {
    stage.connect();
    const clOrdId = stage.send(stage.orders.whole);
    stage.port.cancel(clOrdId);
    stage.port.cancelAll();
    stage.pass(WITHIN_MS);
    expect(['order.ended', 'order.uncertain']).toContain(stage.about(clOrdId).at(-1)?.type);
  },

  'makes nothing of an order in another scale or over a pair that is not listed': (stage) => {
    stage.connect();
    const { terms } = stage.orders.whole;
    const ids = [
      stage.send(stage.orders.whole, { pricePrecision: terms.pricePrecision + 1 }),
      stage.send(stage.orders.whole, { instrument: UNLISTED }),
    ];
    stage.pass(WITHIN_MS);
    for (const id of ids) {
      const end = stage.about(id).at(-1);
      if (end?.type === 'order.refused') expect(end.error).toMatch(/^not sent/);
      else expect(end).toMatchObject({ type: 'order.ended', filledLots: 0n });
    }
    expect(stage.of('order.filled')).toEqual([]);
  },

  'answers each question after the account once, in order': (stage) => {
    stage.connect();
    const scopes = ['balances', 'recent', 'everything', 'balances'] as const;
    for (const scope of scopes) stage.port.readAccount({ scope, sinceMs: undefined });
    for (let tries = 0; tries < 20 && stage.of('account').length < scopes.length; tries++) stage.pass(1_000);
    stage.pass(WITHIN_MS);
    expect(stage.of('account').map(({ account }) => account.scope)).toEqual(scopes);
    expect(stage.of('account_unknown')).toEqual([]);
  },

  'answers a question after the account also when it is not connected: that it is unknown': (stage) => {
    const question: AccountQuestion = { scope: 'balances', sinceMs: undefined };
    stage.port.readAccount(question);
    stage.port.readAccount(question);
    stage.pass(WITHIN_MS);
    expect(types(stage.events)).toEqual(['account_unknown', 'account_unknown']);
  },

  'says that a connection is lost, and then that the fate of what is out is unknown': (stage) => {
    stage.connect();
    const clOrdId = stage.send(stage.orders.whole);
    stage.pass(WITHIN_MS);
    const lost = types(stage.events).indexOf('disconnected');
    const unknown = types(stage.events).indexOf('order.uncertain');
    expect(lost).toBeGreaterThanOrEqual(0);
    expect(unknown).toBeGreaterThan(lost);
    expect(stage.events[unknown]).toMatchObject({ clOrdId });
  },

  'is over when it is stopped, also twice: nothing leaves any more': (stage) => {
    stage.connect();
    stage.send(stage.orders.whole);
    stage.port.stop();
    stage.port.stop();
    stage.pass(WITHIN_MS);
    expect(stage.port.isConnected).toBe(false);
    const clOrdId = stage.send(stage.orders.whole);
    stage.pass(WITHIN_MS);
    expect(stage.about(clOrdId)).toMatchObject([{ type: 'order.refused', isRetryable: true }]);
  },
} as const satisfies Record<string, (stage: PortStage) => void>;

export type CaseName = keyof typeof CASES;

/** Cases that need a venue that cuts the connection when an order arrives. */
export const CUT_CASES: ReadonlySet<CaseName> = new Set([
  'says that a connection is lost, and then that the fate of what is out is unknown',
]);

/** Cases in which no order is sent. */
export const ORDERLESS_CASES: ReadonlySet<CaseName> = new Set([
  'is not connected before it is started, and says once when it is',
  'does not know an order that never was',
  'answers each question after the account once, in order',
  'answers a question after the account also when it is not connected: that it is unknown',
]);

/** What holds of the events of every order, after anything that happened. */
export function expectOrderly(stage: PortStage): void {
  const execIds = stage.of('order.filled').map(({ fill }) => fill.execId);
  expect(new Set(execIds).size, 'each fill is told once').toBe(execIds.length);
  for (const order of stage.sent) {
    const told = stage.about(order.clOrdId);
    const news = types(told).filter((type) => ['order.acked', 'order.filled', 'order.ended'].includes(type));
    expect(news.join(' ')).toMatch(/^(order\.acked( order\.filled)*( order\.ended)?)?$/);
    const venueIds = told.flatMap((event) => ('venueOrderId' in event ? [event.venueOrderId] : []));
    expect(new Set(venueIds).size, 'the venue has one id for an order').toBeLessThanOrEqual(1);
    if (news.length > 0) expect(types(told)).not.toContain('order.refused');
    const fills = told.flatMap((event) => (event.type === 'order.filled' ? [event.fill] : []));
    const filled = sum(fills.map(({ qtyLots }) => qtyLots));
    expect(filled).toBeLessThanOrEqual(order.qtyLots);
    for (const { qtyLots, priceTicks, costUnits, feeUnits } of fills) {
      expect(qtyLots > 0n && costUnits > 0n && feeUnits >= 0n).toBe(true);
      if (order.side === 0) expect(priceTicks).toBeLessThanOrEqual(order.limitTicks);
      else expect(priceTicks).toBeGreaterThanOrEqual(order.limitTicks);
    }
    const end = told.find((event) => event.type === 'order.ended');
    if (end !== undefined) expect(end.filledLots, 'the end says what the fills came to').toBe(filled);
  }
}

function expectComesTo(stage: PortStage, what: KnownOrder) {
  const clOrdId = stage.send(what);
  stage.pass(WITHIN_MS);
  const told = stage.about(clOrdId);
  expect(told[0]?.type).toBe('order.acked');
  expect(told.at(-1)).toMatchObject({ type: 'order.ended', filledLots: what.comesToLots });
  const fills = told.flatMap((event) => (event.type === 'order.filled' ? [event.fill] : []));
  expect(told).toHaveLength(fills.length + 2);
  const end = told.at(-1);
  return { clOrdId, fills, venueOrderId: end?.type === 'order.ended' ? end.venueOrderId : undefined };
}

/** Asks until there is an answer that settles it. Each question has one. */
function answerOf(stage: PortStage, clOrdId: string, venueOrderId: string | undefined) {
  for (let asked = 1; asked <= 20; asked++) {
    stage.port.lookUp(clOrdId, venueOrderId);
    stage.pass(WITHIN_MS);
    const answers = stage.about(clOrdId).filter(({ type }) => type.startsWith('order.fate'));
    expect(answers).toHaveLength(asked);
    const last = answers.at(-1);
    if (last?.type === 'order.fate') return last.found;
  }
  throw new Error(`nothing settles the fate of ${clOrdId}`);
}
