import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nearestName } from '../../src/platform/nearest-name.ts';
import { checkConfig, readConfig } from '../../src/settings/read-config.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    return (thrown as Error).message;
  }
  throw new Error('nothing was refused');
}

function refusalOf(yaml: string): string {
  const file = join(temporaryDirectory(), 'mine.yaml');
  writeFileSync(file, yaml);
  return messageOf(() => readConfig(file)).replaceAll(file, 'mine.yaml');
}

describe('a wrong setting is said in plain words', () => {
  test.each([
    ['mode: papr', 'mine.yaml:1: mode: expected paper? (one of demo, paper, dry-run, alert, live), found "papr"'],
    [
      '\ntrading:\n  order_max: { USD: 250 }',
      'mine.yaml:3: trading.order_max.USD: expected an amount in quotes, such as "1000.50": write "250", found 250',
    ],
    [
      'fees:\n  taker_pct: 0.26',
      'mine.yaml:2: fees.taker_pct: expected a percentage in quotes, at most 4 decimals, such as "0.26": write "0.26", found 0.26',
    ],
    ['venue:\n  symbol: []', 'mine.yaml:2: venue.symbol: expected a setting that exists: symbols?, found "symbol"'],
    ['tradnig: {}', 'mine.yaml:1: tradnig: expected a setting that exists: trading?, found "tradnig"'],
    [
      'runtime:\n  heartbeat_ms: "50"',
      'mine.yaml:2: runtime.heartbeat_ms: expected a number without quotes, found "50"',
    ],
    [
      'live:\n  real_orders: "yes"',
      'mine.yaml:2: live.real_orders: expected true or false, without quotes, found "yes"',
    ],
    [
      'strategy:\n  start_assets: USD',
      'mine.yaml:2: strategy.start_assets: expected a list, such as [USD, EUR], found "USD"',
    ],
    [
      'strategy:\n  start_assets: [ZUSD]',
      'mine.yaml:2: strategy.start_assets.0: expected its present name USD, found "ZUSD"',
    ],
    [
      'venue:\n  symbols: [ETH/XBT]',
      'mine.yaml:2: venue.symbols.0: expected its present name ETH/BTC, found "ETH/XBT"',
    ],
    [
      'paper:\n  inventory: { XBT: "1" }',
      'mine.yaml:2: paper.inventory.XBT: expected its present name BTC, found "XBT"',
    ],
    [
      'risk:\n  loss_max: { XXBT: "1" }',
      'mine.yaml:2: risk.loss_max.XXBT: expected its present name BTC, found "XXBT"',
    ],
    ['venue:\n  depth: 11', 'mine.yaml:2: venue.depth: expected one of 10, 25, 100, 500, 1000, found 11'],
    ['venue:\n  public_url: http://x', 'mine.yaml:2: venue.public_url: expected a wss:// address, found "http://x"'],
    ['fees:\n  tier: 99', 'mine.yaml:2: fees.tier: expected at most 17, found 99'],
    ['- a', 'mine.yaml: settings: expected a section of settings, each on a line of its own and indented, found ["a"]'],
    [
      'trading: 5',
      'mine.yaml:1: trading: expected a section of settings, each on a line of its own and indented, found 5',
    ],
  ])('%j', (yaml, expected) => {
    expect(refusalOf(yaml)).toBe(`${expected}; correct the setting and start again`);
  });

  test('all of them at once, each with its line', () => {
    expect(refusalOf('mode: live\nvenue:\n  depth: 3\n\nrisk:\n  los_max: {}\n')).toBe(
      'mine.yaml:3: venue.depth: expected one of 10, 25, 100, 500, 1000, found 3\n' +
        'mine.yaml:6: risk.los_max: expected a setting that exists: loss_max?, found "los_max"\n' +
        'correct the settings and start again',
    );
  });

  test('a file that is no YAML is said to be, with its line', () => {
    const file = join(temporaryDirectory(), 'mine.yaml');
    writeFileSync(file, 'mode: paper\nvenue: [1\n');
    expect(() => readConfig(file)).toThrowError(
      expect.objectContaining({ code: 'CONFIG_UNREADABLE', message: expect.stringContaining('line 3') }),
    );
  });

  test('a section with nothing below it has its defaults', () => {
    expect(checkConfig({ trading: null, risk: null })).toEqual(checkConfig({}));
    expect(() => checkConfig({ mode: null })).toThrow(/mode/);
  });
});

describe('the nearest name', () => {
  test.each([
    ['ordr_max', 'order_max'],
    ['ORDER_MAX', 'order_max'],
    ['exposuremax', 'exposure_max'],
    ['entirely_else', undefined],
  ])('to %s is %s', (text, name) => {
    expect(nearestName(text, ['order_max', 'exposure_max', 'policy'])).toBe(name);
  });

  test('swapped letters are one mistake', () => expect(nearestName('UDS', ['EUR', 'USD', 'UNI'])).toBe('USD'));
  test('of nothing is nothing', () => expect(nearestName('x', [])).toBeUndefined());
});
