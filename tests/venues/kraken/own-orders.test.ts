import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Instrument, OrderScale } from '../../../src/market/instrument.ts';
import {
  type ExecutionsFrame,
  type PrivateFrame,
  privateFrameOfText,
} from '../../../src/venues/kraken/private/private-frame.ts';
import type { PrivateReply } from '../../../src/venues/kraken/private/private-reply.ts';
import { OwnOrders } from '../../../src/venues/kraken/trading/own-orders.ts';
import type { TradingEvent } from '../../../src/venues/trading-port.ts';
import { approved } from '../../support/approved.ts';
import { directoryOf } from '../../support/directory-of.ts';
import { CL, canceled, filled, ID, isNew, pendingNew, trade } from './trading-stage.ts';

const NOW_MS = Date.parse('2023-11-14T22:13:21Z');

function stage() {
  const directory = directoryOf(['BTC/USD', 'ETH/USD']);
  const events: TradingEvent[] = [];
  const atWork = new Map<string, OrderScale>();
  const orders = new OwnOrders({
    directory,
    scaleOf: (clOrdId) => atWork.get(clOrdId),
    emit: (event) => events.push(event),
    venueMs: () => NOW_MS,
    answerTimeoutMs: 3_000,
  });
  const take = (frame: PrivateFrame) => {
    if (frame.kind === 'reply') orders.onReply(frame, 1);
    if (frame.kind !== 'executions') return;
    for (const entry of frame.unreadable) orders.onUnreadable(entry);
    for (const report of frame.reports) orders.onReport(report, frame.isSnapshot, 1);
  };
  const entry = (...data: object[]) => take(entries(data));
  const send = () => orders.onSent(approved(), directory.instruments[0] as Instrument, 1, 0);
  const typesOf = () => events.map(({ type }) => type);
  return { directory, atWork, orders, events, entry, take, send, typesOf };
}

const entries = (data: readonly object[], type = 'update') =>
  privateFrameOfText(JSON.stringify({ channel: 'executions', type, data, sequence: 1 })) as ExecutionsFrame;
const reply = (over: object = { success: true, result: { order_id: ID, cl_ord_id: CL } }) =>
  privateFrameOfText(JSON.stringify({ method: 'add_order', req_id: 1, ...over })) as PrivateReply;
const refusal = (error: string) => reply({ success: false, error });

describe('orders of ours', () => {
  test('whatever comes when and how often: acknowledged once, each fill once, ended once, with the right sum', () => {
    const words = [
      reply(),
      entries([pendingNew()]),
      entries([isNew()]),
      entries([trade({ exec_id: 'T1', last_qty: 0.1, cum_qty: 0.1 })]),
      entries([trade({ exec_id: 'T2', last_qty: 0.15, cum_qty: 0.25 })]),
      entries([filled()]),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray([...words, ...words], { minLength: 2 * words.length }), (shuffled) => {
        const { send, take, events, orders } = stage();
        send();
        for (const word of shuffled) take(word);
        const of = (type: string) => events.filter((event) => event.type === type);
        expect(of('order.acked')).toHaveLength(1);
        expect(of('order.filled')).toHaveLength(2);
        expect(of('order.ended')).toEqual([
          { type: 'order.ended', clOrdId: CL, venueOrderId: ID, filledLots: 25_000_000n, reason: '' },
        ]);
        expect(of('order.refused')).toHaveLength(0);
        expect(orders.out.size).toBe(0);
        expect(events.findIndex(({ type }) => type === 'order.acked')).toBe(0);
        expect(events.at(-1)?.type).toBe('order.ended');
      }),
    );
  });

  test('with any of the entries lost, nothing is reported that is not so, and no end before all fills', () => {
    const words = [
      entries([pendingNew()]),
      entries([trade({ exec_id: 'T1', last_qty: 0.1, cum_qty: 0.1 })]),
      entries([trade({ exec_id: 'T2', last_qty: 0.15, cum_qty: 0.25 })]),
      entries([filled()]),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(words), (some) => {
        const { send, take, events, orders } = stage();
        send();
        for (const word of some) take(word);
        const isWhole =
          some.includes(words[1]!) && some.includes(words[2]!) && some.includes(words[3]!) && some.includes(words[0]!);
        const hasEnded = events.some(({ type }) => type === 'order.ended');
        // Without the entry that carries both ids it is not known whose the others are.
        expect(hasEnded).toBe(isWhole);
        orders.onTimer(10_000);
        expect(events.some(({ type }) => type === 'order.uncertain')).toBe(!isWhole);
      }),
    );
  });

  test('fills that came before anything named their order are reported with its acknowledgement', () => {
    const { send, entry, take, typesOf } = stage();
    send();
    entry(trade(), filled());
    expect(typesOf()).toEqual([]);
    take(reply());
    expect(typesOf()).toEqual(['order.acked', 'order.filled', 'order.ended']);
  });

  test('only a refusal that proves something is one', () => {
    const outcomeOf = (frame: PrivateReply) => {
      const { send, take, events } = stage();
      send();
      take(frame);
      return events[0];
    };
    expect(outcomeOf(refusal('EOrder:Insufficient funds'))).toMatchObject({
      type: 'order.refused',
      isRetryable: false,
    });
    expect(outcomeOf(refusal('EOrder:Rate limit exceeded'))).toMatchObject({
      type: 'order.refused',
      isRetryable: true,
    });
    expect(outcomeOf(refusal('EAPI:Invalid token'))).toMatchObject({ type: 'order.refused', isRetryable: true });
    for (const error of [
      'EGeneral:Internal error',
      'EGeneral:Internal error:42',
      'EService:Unavailable',
      'EService:Busy',
      'EService:Deadline elapsed',
      'EDatabase:Internal error',
      'EFuture:Unheard of',
      '',
    ]) {
      expect(outcomeOf(refusal(error))).toMatchObject({ type: 'order.uncertain', clOrdId: CL });
    }
    expect(outcomeOf(reply({ error: 'EOrder:Insufficient funds' }))).toMatchObject({ type: 'order.uncertain' });
    expect(outcomeOf(reply({ success: true }))).toMatchObject({ type: 'order.uncertain' });
    expect(outcomeOf(reply({ success: true, result: { order_id: ID, cl_ord_id: 'other' } }))).toMatchObject({
      type: 'order.uncertain',
    });
  });

  test('a refusal of what the venue has is not believed, and an order that was refused may turn up', () => {
    const early = stage();
    early.send();
    early.entry(pendingNew());
    early.take(refusal('EOrder:Insufficient funds'));
    expect(early.typesOf()).toEqual(['order.acked', 'unexpected', 'order.uncertain']);
    const late = stage();
    late.send();
    late.take(refusal('EOrder:Insufficient funds'));
    late.entry(pendingNew(), trade(), filled());
    expect(late.typesOf()).toEqual(['order.refused', 'unexpected', 'order.acked', 'order.filled', 'order.ended']);
  });

  test('a fill after the end is reported, and said to be late', () => {
    const { send, entry, typesOf, events } = stage();
    send();
    entry(pendingNew(), canceled());
    entry(trade({ last_qty: 0.1, cum_qty: 0.1 }));
    expect(typesOf()).toEqual(['order.acked', 'order.ended', 'unexpected', 'order.filled']);
    expect(events[1]).toMatchObject({ filledLots: 0n });
  });

  test('an end waits for the fills that its total counts', () => {
    const { send, entry, typesOf, orders } = stage();
    send();
    entry(pendingNew(), canceled({ cum_qty: 0.1 }));
    expect(typesOf()).toEqual(['order.acked']);
    orders.onTimer(3_001);
    expect(typesOf()).toEqual(['order.acked', 'order.uncertain']);
    entry(trade({ last_qty: 0.1, cum_qty: 0.1 }));
    expect(typesOf()).toEqual(['order.acked', 'order.uncertain', 'order.filled', 'order.ended']);
  });

  test('an end without its total, or with one below its fills, proves nothing', () => {
    const without = stage();
    without.send();
    without.entry(pendingNew(), canceled({ cum_qty: undefined }));
    expect(without.events.at(-1)).toMatchObject({ type: 'order.uncertain', why: 'canceled without its total' });
    const below = stage();
    below.send();
    below.entry(pendingNew(), trade(), canceled({ cum_qty: 0.1 }));
    expect(below.events.at(-1)).toMatchObject({ type: 'order.uncertain' });
  });

  test('filled without a total is the whole order', () => {
    const { send, entry, events } = stage();
    send();
    entry(pendingNew(), trade(), filled({ cum_qty: undefined }));
    expect(events.at(-1)).toMatchObject({ type: 'order.ended', filledLots: 25_000_000n });
  });

  test('a fill whose fee is not reported is not booked: its order is looked up', () => {
    const { send, entry, typesOf } = stage();
    send();
    entry(pendingNew(), trade({ fees: undefined }), filled());
    expect(typesOf()).toEqual(['order.acked', 'order.uncertain']);
  });

  test('a fee in an asset that is not listed is reported with the venue’s text', () => {
    const { send, entry, events } = stage();
    send();
    entry(pendingNew(), trade({ fees: [{ asset: 'KFEE', qty: 3.5 }] }));
    expect(events.find((event) => event.type === 'order.filled')).toMatchObject({
      fill: { feeUnits: 0n, feeElsewhere: '3.5 KFEE' },
    });
  });

  test('a fee may be in any asset; what cannot be booked with the fill is said', () => {
    const feeOf = (fees: object[]) => {
      const { send, entry, events } = stage();
      send();
      entry(pendingNew(), trade({ fees }));
      const fill = events.find((event) => event.type === 'order.filled')?.fill;
      return [fill?.feeUnits, fill?.feeAsset, events.filter(({ type }) => type === 'unexpected').length];
    };
    expect(feeOf([{ asset: 'USD', qty: 17.225 }])).toEqual([1_722_500_000n, 1, 0]);
    expect(feeOf([{ asset: 'ETH', qty: 0.1 }])).toEqual([10_000_000n, 2, 0]);
    expect(feeOf([])).toEqual([0n, 1, 0]);
    expect(feeOf([{ asset: 'KFEE', qty: 3 }])).toEqual([0n, 1, 1]);
    expect(
      feeOf([
        { asset: 'BTC', qty: 0.1 },
        { asset: 'USD', qty: 5 },
      ]),
    ).toEqual([10_000_000n, 0, 1]);
    expect(
      feeOf([
        { asset: 'BTC', qty: 0.1 },
        { asset: 'BTC', qty: 0.2 },
      ]),
    ).toEqual([30_000_000n, 0, 0]);
    // The venue reports fees with more decimals than its ledger books.
    expect(feeOf([{ asset: 'BTC', qty: 0.000000001 }])).toEqual([1n, 0, 0]);
  });

  test('what does not fit is rounded against us; of quantity and price it is said', () => {
    const { send, entry, events } = stage();
    send();
    entry(pendingNew(), trade({ last_qty: 0.250000001, last_price: 26500.01, cost: 6625.000000001 }));
    const fill = events.find((event) => event.type === 'order.filled')?.fill;
    expect(fill).toMatchObject({ qtyLots: 25_000_000n, priceTicks: 265_001n, costUnits: 662_500_000_001n });
    expect(events.filter(({ type }) => type === 'unexpected')).toHaveLength(2);
  });

  test('amounts beyond all measure are not booked', () => {
    const { send, entry, typesOf } = stage();
    send();
    entry(pendingNew());
    entry(trade({ last_qty: 1e30 }));
    expect(typesOf()).toEqual(['order.acked', 'order.uncertain']);
  });

  test('a fill whose id the records cannot hold whole is not booked: after a restart it would be booked again', () => {
    for (const exec_id of ['T'.repeat(21), 'TÄ', 'T 1']) {
      const { send, entry, typesOf } = stage();
      send();
      entry(pendingNew());
      entry(trade({ exec_id }));
      expect(typesOf(), exec_id).toEqual(['order.acked', 'order.uncertain']);
    }
  });

  test('a fill of a time that cannot be meant has ours: a later one would make those that follow seem old', () => {
    for (const timestamp of ['2199-01-01T00:00:00Z', '+275760-09-13T00:00:00Z', 'soon', undefined]) {
      const { send, entry, events } = stage();
      send();
      entry(pendingNew());
      entry(trade({ timestamp }));
      expect(events.at(-1), timestamp).toMatchObject({ type: 'order.filled', fill: { atMs: NOW_MS } });
    }
  });

  test('what cannot be read leaves its order in the dark, or every order when it does not say whose it is', () => {
    const named = stage();
    named.send();
    named.entry({ ...trade({ cl_ord_id: CL }), last_qty: -1 });
    expect(named.typesOf()).toEqual(['unexpected', 'order.uncertain']);
    const nameless = stage();
    nameless.send();
    nameless.entry({ exec_type: 'trade' });
    expect(nameless.typesOf()).toEqual(['unexpected', 'order.uncertain']);
    const foreign = stage();
    foreign.send();
    foreign.entry({ ...trade({ cl_ord_id: 'somebody else' }), last_qty: -1 });
    expect(foreign.typesOf()).toEqual(['unexpected']);
  });

  test('an unknown kind of event makes the order uncertain', () => {
    const { send, entry, typesOf } = stage();
    send();
    entry(pendingNew(), isNew({ exec_type: 'liquidated', order_status: undefined }));
    expect(typesOf()).toEqual(['order.acked', 'unexpected', 'order.uncertain']);
  });

  test('orders of others are no one’s business, those of a predecessor are taken up', () => {
    const { entry, typesOf, take } = stage();
    entry(pendingNew({ cl_ord_id: 'human', order_id: 'O9' }), trade({ order_id: 'O9' }));
    entry(pendingNew({ cl_ord_id: undefined, order_id: 'O8' }), trade({ order_id: 'O8' }));
    expect(typesOf()).toEqual([]);
    take(entries([pendingNew(), trade()], 'snapshot'));
    expect(typesOf()).toEqual([]); // it is in the account that is read after this
    entry(isNew());
    expect(typesOf()).toEqual(['order.acked', 'order.filled']);
  });
});

describe('an order that is reported as another than was sent', () => {
  test.each([
    ['pair', { symbol: 'ETH/USD' }, 'an order of ETH/USD'],
    ['side', { side: 'sell' }, 'an order to sell'],
    ['quantity', { order_qty: 2.5 }, 'an order of 2.5'],
    ['a quantity finer than a lot', { order_qty: 0.250000001 }, 'an order of 0.250000001'],
    ['limit', { limit_price: 1 }, 'a limit of 1'],
  ])('%s: is said once, and nothing of it is reported as true', (_what, other, what) => {
    const { send, take, entry, events, orders, typesOf } = stage();
    send();
    take(reply());
    const fill = trade({ exec_id: 'T1', last_qty: 0.25, cum_qty: 0.25, ...other });
    entry(fill);
    entry(fill, filled());
    expect(typesOf()).toEqual(['order.acked', 'order.misreported']);
    expect(events.at(-1)).toMatchObject({ clOrdId: CL, what });
    expect(orders.out.size).toBe(0);
  });

  test('a fill whose fee the venue reports later is reported then, and once', () => {
    const { send, entry, events } = stage();
    send();
    entry(pendingNew());
    const fill = { exec_id: 'T1', last_qty: 0.1, cum_qty: 0.1 };
    entry(trade({ ...fill, fees: undefined }));
    expect(events.filter(({ type }) => type === 'order.filled')).toEqual([]);
    for (let times = 0; times < 2; times++) entry(trade(fill));
    expect(events.filter(({ type }) => type === 'order.filled')).toHaveLength(1);
  });

  test.each([
    ['quantity', { last_qty: 0.2 }],
    ['price', { last_price: 1 }],
    ['cost', { cost: 1 }],
    ['fee', { fees: [{ asset: 'BTC', qty: 0.01 }] }],
  ])('a fill that comes again with another %s is reported again: whoever booked it decides', (_what, other) => {
    const { send, entry, events } = stage();
    send();
    entry(pendingNew());
    const fill = { exec_id: 'T1', last_qty: 0.1, cum_qty: 0.1 };
    const otherwise = { ...fill, ...other };
    for (const told of [fill, fill, otherwise, otherwise, fill, otherwise]) entry(trade(told));
    const fills = events.flatMap((event) => (event.type === 'order.filled' ? [event.fill] : []));
    expect(fills).toHaveLength(2);
    expect(fills[0]).not.toEqual(fills[1]);
  });

  test.each([
    ['side', { side: 'sell' }, 'an order to sell'],
    ['pair', { symbol: 'ETH/USD' }, 'an order of ETH/USD'],
  ])('a fill of the other %s is a misreport, and is not reported', (_what, other, what) => {
    const { send, entry, events } = stage();
    send();
    entry(pendingNew());
    entry(trade({ exec_id: 'T1', last_qty: 0.1, cum_qty: 0.1, ...other }));
    expect(events.filter(({ type }) => type === 'order.filled')).toEqual([]);
    expect(events.at(-1)).toEqual({ type: 'order.misreported', clOrdId: CL, venueOrderId: ID, what });
  });

  test('an order called filled, at a total of less than was ordered, is a misreport', () => {
    const { send, entry, events } = stage();
    send();
    entry(pendingNew());
    entry(trade({ exec_id: 'T1', last_qty: 0.1, cum_qty: 0.1 }));
    entry(filled({ cum_qty: 0.1 }));
    expect(events.at(-1)).toMatchObject({ type: 'order.misreported', what: expect.stringMatching(/total of 0\.1$/) });
  });
});
