import { describe, expect, test } from 'vitest';
import { checkedRunOptions, type RunOptions } from '../../src/runtime/run-options.ts';
import { MemoryNonceStore } from '../../src/trading/nonce-store.ts';
import { createTestContext } from '../support/test-context.ts';

const AMOUNT = { asset: 'BTC', amount: '0.5' };

const ALL: Required<RunOptions> = {
  ...{ replay: true, capture: 'a.cap', speed: 2.5, loop: false, record: 'b.cap' },
  ...{ captureTime: true, framesPerTurn: 1 },
  apiKey: { name: 'N', key: 'K', secret: 'a secret' },
  storedTrading: {
    ...{ sinceMs: 1, isEstablished: true, balances: [AMOUNT], exposure: [], dust: [] },
    plans: [
      {
        ...{ runMs: 1, plan: 2, startAsset: undefined, mark: '0', firstOrder: { clOrdId: 'a', gives: 'USD' } },
        ...{ fills: [{ execId: 'T', changes: [AMOUNT] }], entered: [] },
      },
    ],
    plansEnded: ['1/1'],
    ordersOpen: [{ clOrdId: 'a', venueOrderId: '', symbol: 'BTC/USD', side: 1 }],
    ...{ ordersKnown: ['a'], ordersEnded: [], fillsBooked: [] },
  },
  causesAtStart: [
    {
      ...{ slot: undefined, effect: 'halted', reason: 'operator', by: 'ana', text: 'going home' },
      ...{ firstMs: 1, lastMs: 2, count: 1 },
    },
  ],
  lossesAtStart: {
    ...{ losingPlans: 0, refusedOrders: 0 },
    assets: [{ asset: 'USD', realised: '-1', peak: '0', outside: '0', recent: [{ endMs: 1, amount: '-1' }] }],
  },
  transport: {
    http: { request: () => {}, close: () => {} },
    sockets: { open: () => ({ send: () => false, close: () => {}, terminate: () => {} }) },
  },
  nonces: new MemoryNonceStore(),
};

/** Whatever the compiler would refuse, as it may arrive from elsewhere. */
const refused = (options: object) => {
  try {
    checkedRunOptions(options as RunOptions);
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Error('it was let through');
};

describe('options of a run', () => {
  test('are taken as they are: all of them, each alone, none, and those that are undefined', () => {
    expect(checkedRunOptions(ALL)).toBe(ALL);
    for (const [name, value] of Object.entries(ALL)) {
      for (const given of [{ [name]: value }, { [name]: undefined }]) expect(checkedRunOptions(given)).toBe(given);
    }
    expect(checkedRunOptions({})).toEqual({});
  });

  test('survive the way to another thread', () => {
    const { transport: _, nonces: __, ...plain } = ALL;
    expect(checkedRunOptions(structuredClone(plain))).toEqual(plain);
  });

  test.each(Object.keys(ALL))('%s is refused when it is something else, and so is everything inside it', (name) => {
    for (const wrong of [null, Symbol.iterator, -1, [1], { a: 1 }]) {
      expect(refused({ [name]: wrong })).toMatchObject({
        code: 'OPTION_INVALID',
        message: expect.stringContaining(name),
      });
    }
  });

  test('with something missing, wrong or unknown deep inside are refused with the place', () => {
    const { storedTrading, causesAtStart, lossesAtStart, apiKey } = ALL;
    const cases: readonly (readonly [object, string])[] = [
      [{ storedTrading: { ...storedTrading, sinceMs: '1' } }, 'storedTrading.sinceMs'],
      [{ storedTrading: { ...storedTrading, fillsBooked: [{ execId: 7 }] } }, 'storedTrading.fillsBooked.0.execId'],
      [
        { storedTrading: { ...storedTrading, balances: [{ asset: 'BTC', amount: 0.5 }] } },
        'storedTrading.balances.0.amount',
      ],
      [{ storedTrading: { ...storedTrading, ordersOpen: [{ ...storedTrading!.ordersOpen[0], side: 2 }] } }, 'side'],
      [{ storedTrading: { ...storedTrading, more: 1 } }, 'storedTrading'],
      [{ causesAtStart: [{ ...causesAtStart![0], effect: 'shouting' }] }, 'causesAtStart.0.effect'],
      [{ lossesAtStart: { ...lossesAtStart, assets: undefined } }, 'lossesAtStart.assets'],
      [{ apiKey: { ...apiKey, secret: undefined } }, 'apiKey.secret'],
    ];
    for (const [options, place] of cases) expect(refused(options).message).toContain(place);
  });

  test('of no known name are refused, as other objects of a class are', () => {
    for (const name of ['catpure', 'toString', '__proto__x', 'constructor']) {
      expect(refused({ [name]: 'x' })).toMatchObject({
        code: 'OPTION_INVALID',
        message: expect.stringContaining(name),
      });
    }
  });

  test('are refused without quoting what is in them', () => {
    const error = refused({ apiKey: { name: 'N', key: 'K', secret: 'very secret', more: 'more secret' } });
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('secret');
  });

  test('are checked where a context is made: on its thread, and inline', () => {
    for (const options of [{ capture: 7 }, { speed: 'fast' }, { speed: 0 }, { loop: 'yes' }]) {
      expect(() => createTestContext('feed', { options: options as never })).toThrow('expected');
    }
    expect(createTestContext('feed', { options: { speed: 2 } }).context.options.speed).toBe(2);
  });
});
