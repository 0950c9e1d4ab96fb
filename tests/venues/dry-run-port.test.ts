import { describe, expect, test } from 'vitest';
import { instrumentIndex } from '../../src/market/instrument.ts';
import { wallMs } from '../../src/platform/time.ts';
import type { ApprovedOrder } from '../../src/trading/approved-order.ts';
import { DryRunPort } from '../../src/venues/dry-run/dry-run-port.ts';
import type { TradingEvent, TradingPort } from '../../src/venues/trading-port.ts';
import { approved } from '../support/approved.ts';

/** A connection that notes what it is asked, and fails the test when it is asked to do anything. */
function recorded(events: TradingEvent[] = []) {
  const asked: string[] = [];
  const forbidden = (what: string) => () => {
    throw new Error(`${what} reached the venue`);
  };
  const port: TradingPort = {
    isConnected: true,
    start: () => asked.push('start'),
    agreesOn: (instruments) => !instruments.includes(instrumentIndex(1)),
    whyNoRoom: (instruments) => (instruments.every((instrument) => instrument === 0) ? undefined : 'no_room'),
    send: forbidden('an order'),
    cancel: forbidden('a cancel'),
    cancelAll: forbidden('a cancel of everything'),
    setDeadMansSwitch: forbidden("the dead-man's switch"),
    lookUp: (clOrdId) => asked.push(`look up ${clOrdId}`),
    readAccount: ({ scope, sinceMs }) => asked.push(`read ${scope} since ${sinceMs}`),
    poll: (handle, limit) => {
      const taken = events.splice(0, limit);
      for (const event of taken) handle(event);
      return taken.length;
    },
    onTimer: () => asked.push('timer'),
    stop: () => asked.push('stop'),
  };
  return { port, asked };
}

function dryRun(events: TradingEvent[] = []) {
  const { port, asked } = recorded(events);
  const orders: ApprovedOrder[] = [];
  const requests: string[] = [];
  const written = new Map<string, ApprovedOrder>();
  let woken = 0;
  const dry = new DryRunPort({
    port,
    recall: (clOrdId) => written.get(clOrdId),
    onOrder: (order) => orders.push(order),
    onRequest: (request) => requests.push(request),
    wake: () => woken++,
  });
  const polled = (limit = 16) => {
    const told: TradingEvent[] = [];
    const count = dry.poll((event) => told.push(event), limit);
    expect(told).toHaveLength(count);
    return told;
  };
  return { dry, asked, orders, requests, written, polled, wakes: () => woken };
}

describe('dry run', () => {
  test('an order is reported in place of the venue, and comes back as taken and unfilled', () => {
    const { dry, orders, polled, wakes } = dryRun();
    const order = approved({ clOrdId: 'amhw3k2x100001203' });
    dry.send(order);
    expect(orders).toEqual([order]);
    expect(wakes()).toBe(1);
    expect(polled()).toEqual([
      { type: 'order.acked', clOrdId: order.clOrdId, venueOrderId: '' },
      { type: 'order.ended', clOrdId: order.clOrdId, venueOrderId: '', filledLots: 0n, reason: 'dry run: not sent' },
    ]);
    expect(polled()).toEqual([]);
  });

  test('an order that a predecessor made is over and unfilled too: the venue, which never had it, is not asked', () => {
    const { dry, asked, written, polled, wakes } = dryRun();
    const order = approved({ clOrdId: 'amhw3k2x100001203' });
    written.set(order.clOrdId, order);
    dry.lookUp(order.clOrdId, undefined);
    expect(wakes()).toBe(1);
    expect(polled()).toMatchObject([
      { type: 'order.fate', clOrdId: order.clOrdId, found: { isOpen: false, fills: [], qtyLots: order.qtyLots } },
    ]);
    expect(asked).toEqual([]);
  });

  test('nothing that would change anything reaches the venue: cancels, the switch, everything', () => {
    const { dry, asked, requests } = dryRun();
    dry.send(approved());
    dry.cancel('amhw3k2x100001203');
    dry.cancelAll();
    dry.setDeadMansSwitch();
    expect(requests).toEqual(['cancel amhw3k2x100001203', 'cancel all']);
    expect(asked).toEqual([]);
  });

  test('what only asks does reach it, and its answers come through after ours', () => {
    const { dry, asked, polled } = dryRun([{ type: 'connected' }, { type: 'unexpected', text: 'x' }]);
    dry.start();
    dry.readAccount({ scope: 'recent', sinceMs: wallMs(7) });
    dry.lookUp('amhw3k2x100001203', undefined);
    dry.onTimer();
    dry.send(approved());
    expect(polled(3).map(({ type }) => type)).toEqual(['order.acked', 'order.ended', 'connected']);
    expect(polled(3).map(({ type }) => type)).toEqual(['unexpected']);
    dry.stop();
    expect(asked).toEqual(['start', 'read recent since 7', 'look up amhw3k2x100001203', 'timer', 'stop']);
    expect([
      dry.isConnected,
      dry.whyNoRoom([instrumentIndex(0)]),
      dry.whyNoRoom([instrumentIndex(0), instrumentIndex(1)]),
    ]).toEqual([true, undefined, 'no_room']);
    expect([dry.agreesOn([instrumentIndex(0)]), dry.agreesOn([instrumentIndex(0), instrumentIndex(1)])]).toEqual([
      true,
      false,
    ]);
  });
});
