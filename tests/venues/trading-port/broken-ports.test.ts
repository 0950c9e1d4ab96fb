/** Ports that break the contract, each in one way: the cases see it. */

import { expect, test } from 'vitest';
import { lots } from '../../../src/money/money.ts';
import { wallMs } from '../../../src/platform/time.ts';
import type { TradingEvent, TradingPort } from '../../../src/venues/trading-port.ts';
import { PortBefore } from '../../simulation/mutants.ts';
import { CASES, type CaseName, CUT_CASES, expectOrderly } from './contract.ts';
import { PortStage } from './port-stage.ts';
import { PORTS } from './ports.ts';

type Tell = (event: TradingEvent, handle: (event: TradingEvent) => void) => void;

const telling = (tell: () => Tell) => (inner: TradingPort) => {
  const port = new PortBefore(inner);
  port.tell = tell();
  return port;
};

/** Hands events on by its own rule, and answers with what it has reported. */
const changing = (change: () => (event: TradingEvent) => readonly TradingEvent[]) => (inner: TradingPort) => {
  const port = new PortBefore(inner);
  const changed = change();
  port.poll = (handle, limit) => {
    let told = 0;
    inner.poll((event) => {
      for (const one of changed(event)) {
        handle(one);
        told++;
      }
    }, limit);
    return told;
  };
  return port;
};

const BROKEN: Record<string, (inner: TradingPort) => TradingPort> = {
  'tells of each fill twice': changing(() => (event) => (event.type === 'order.filled' ? [event, event] : [event])),
  'tells of each fill twice, under two ids': changing(() => (event) => {
    if (event.type !== 'order.filled') return [event];
    return [event, { ...event, fill: { ...event.fill, execId: `${event.fill.execId}x` } }];
  }),
  'says the end before the fills': changing(() => {
    const held: TradingEvent[] = [];
    return (event) => {
      if (event.type === 'order.filled') held.push(event);
      else if (event.type === 'order.ended') return [event, ...held.splice(0)];
      return event.type === 'order.filled' ? [] : [event];
    };
  }),
  'forgets to say that an order was taken': changing(() => (event) => (event.type === 'order.acked' ? [] : [event])),
  'says that an order ended with more than it did': changing(
    () => (event) => (event.type === 'order.ended' ? [{ ...event, filledLots: lots(event.filledLots + 1n) }] : [event]),
  ),
  'gives fills our time': changing(() => (event) => {
    return event.type === 'order.filled' ? [{ ...event, fill: { ...event.fill, atMs: wallMs(0) } }] : [event];
  }),
  'answers a question twice': changing(() => (event) => (event.type === 'account' ? [event, event] : [event])),
  'leaves a question without an answer': changing(() => (event) => (event.type === 'account_unknown' ? [] : [event])),
  'says nothing of a lost connection': changing(() => (event) => (event.type === 'disconnected' ? [] : [event])),
  'counts what it does not tell': telling(() => (event, handle) => {
    if (event.type !== 'order.acked') handle(event);
  }),
  'is connected for ever': (inner) => Object.defineProperty(new PortBefore(inner), 'isConnected', { value: true }),
  'hands over as much as there is': (inner) => {
    const port = new PortBefore(inner);
    port.poll = (handle) => inner.poll(handle, 1_000);
    return port;
  },
};

function failures(broken: (inner: TradingPort) => TradingPort): CaseName[] {
  const [kraken] = PORTS;
  if (kraken === undefined) throw new Error('there is no port');
  return (Object.keys(CASES) as CaseName[]).filter((name) => {
    const parts = kraken.make(CUT_CASES.has(name));
    const stage = new PortStage({ ...parts, port: broken(parts.port) });
    try {
      CASES[name](stage);
      expectOrderly(stage);
      return false;
    } catch {
      return true;
    }
  });
}

test('a port that keeps to it fails none of the cases', () => {
  expect(failures((inner) => new PortBefore(inner))).toEqual([]);
});

test.each(Object.keys(BROKEN))('one that %s fails at least one', (name) => {
  expect(failures(BROKEN[name]!)).not.toEqual([]);
});
