import { expect, test } from 'vitest';
import { TRADING_PERMISSIONS } from '../../src/practice/exchange/accounts/account-spec.ts';
import { reconcile } from '../../src/readings/ledger-reconciliation.ts';
import type { Summary } from '../../src/readings/summary.ts';
import { type Running, until } from '../support/arbitrade.ts';
import { type TradingStage, type TradingStageOptions, tradingStage } from '../support/trading-stage.ts';

/** Waits until `text` was said so often, then stops it. @returns what it came to, and all it said. */
async function untilSaid(running: Running, text: string, times: number): Promise<{ summary: Summary; said: string }> {
  const said = () => running.stdout() + running.stderr();
  await until(() => {
    if (running.process.exitCode !== null) throw new Error(`it ended: ${said()}`);
    return said().split(text).length > times;
  });
  running.process.kill('SIGTERM');
  const { code, stdout } = await running.ended;
  expect(code).toBe(0);
  return { summary: JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Summary, said: said() };
}

const ordersOf = (stage: TradingStage) => stage.reading().orders;

test('a dry run does everything but send: orders are checked and recorded, and the exchange has none', async () => {
  const stage = await tradingStage();
  const { summary, said } = await untilSaid(stage.run(['dry-run', '--json']), 'is not sent: this is a dry run', 4);
  expect(summary.trading).toMatchObject({ mode: 'dry-run', fills: 0, assets: [] });
  expect(summary.trading.orders.sent).toBeGreaterThanOrEqual(4);
  expect(summary.trading.orders).toMatchObject({ out: 0, uncertain: 0, refused: 0 });
  expect(summary.plans.abandoned).toBe(summary.plans.opened);
  expect(ordersOf(stage)).toEqual([]);
  expect(stage.reading().ledger.filter(({ type }) => type !== 'deposit')).toEqual([]);
  expect(said).not.toContain(stage.account.secret);
});

test('alert announces, without a key, and trades nothing', async () => {
  const stage = await tradingStage({ mode: 0o644 }); // a secrets file that is not needed is not read
  const { summary } = await untilSaid(stage.run(['alert', '--json']), '"event":"opportunity_announced"', 1);
  expect(summary.trading).toMatchObject({ mode: 'alert', account: 'none', fills: 0, orders: { sent: 0 } });
  expect(summary.trading.announced).toBeGreaterThan(0);
  expect(summary.plans.opened).toBe(0);
  expect(ordersOf(stage)).toEqual([]);
});

test('with three yeses it trades, and what it booked is what the exchange has, to the last digit', async () => {
  const stage = await tradingStage();
  const running = stage.run(['live', '--key', 'rehearsal', '--json']);
  await until(() => {
    if (running.process.exitCode !== null) throw new Error(`it ended: ${running.stderr()}`);
    return ordersOf(stage).filter(({ fills }) => fills.length > 0).length >= 3;
  });
  running.process.kill('SIGTERM');
  const { code, stdout, stderr } = await running.ended;
  const { trading } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Summary;
  expect(code).toBe(0);
  expect(trading.mode).toBe('live');
  const books = reconcile(trading, stage.reading());
  expect(books).toMatchObject({ agrees: true, orders: { ours: ordersOf(stage).length } });
  expect(books.fills.ours).toBeGreaterThanOrEqual(3);
  expect(stdout + stderr).not.toContain(stage.account.secret);
});

test.each<[string, TradingStageOptions, string[], string, RegExp]>([
  [
    'the settings do not say live',
    { settings: { mode: 'paper' } },
    ['--key', 'rehearsal'],
    'LIVE_NOT_ENABLED',
    /mode is "paper"/,
  ],
  [
    'the settings do not say real orders',
    { settings: { live: {} } },
    ['--key', 'rehearsal'],
    'LIVE_NOT_ENABLED',
    /live\.real_orders is false/,
  ],
  [
    'there is no limit',
    { settings: { trading: {} } },
    ['--key', 'rehearsal'],
    'LIVE_UNLIMITED',
    /trading\.order_max has none for USD/,
  ],
  ['the operator names no key', {}, [], 'LIVE_NOT_CONFIRMED', /no key was named/],
  ['the operator names another key', {}, ['--key', 'other'], 'LIVE_NOT_CONFIRMED', /another name/],
  ['others can read the secrets', { mode: 0o640 }, ['--key', 'rehearsal'], 'SECRETS_EXPOSED', /chmod 600/],
  [
    'the key can withdraw',
    { permissions: [...TRADING_PERMISSIONS, 'withdraw-funds'] },
    ['--key', 'rehearsal'],
    'KEY_REFUSED',
    /withdraw-funds/,
  ],
  ['the key cannot trade', { permissions: ['query-funds'] }, ['--key', 'rehearsal'], 'KEY_REFUSED', /modify-trades/],
  [
    'the venue does not know the key',
    { secrets: { name: 'rehearsal', key: 'unknown', secret: 'QUJDREVGR0hJSktMTU5PUFFSU1RVVg==' } },
    ['--key', 'rehearsal'],
    'KEY_REFUSED',
    /Invalid key/,
  ],
])('live does not start when %s', async (_what, options, args, code, why) => {
  const stage = await tradingStage(options);
  const { code: exit, stdout, stderr } = await stage.run(['live', ...args]).ended;
  expect(stderr).toMatch(why);
  expect(stderr).toContain(`arbitrade: ${code}: `);
  expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
  expect(stderr).not.toContain(stage.account.secret);
  expect(ordersOf(stage)).toEqual([]);
});

test('run does not start live trading either: it has no way to say which key is meant', async () => {
  const stage = await tradingStage();
  const { code, stderr } = await stage.run(['run']).ended;
  expect(code).toBe(2);
  expect(stderr).toContain('LIVE_NOT_CONFIRMED');
});

test('a mode that needs a key does not start without one', async () => {
  const stage = await tradingStage({ settings: { venue: {} } });
  const { code, stderr } = await stage.run(['dry-run']).ended;
  expect(code).toBe(2);
  expect(stderr).toContain('KEY_MISSING: mode dry-run');
});

test('the rehearsal mode demo reaches no real venue', async () => {
  const stage = await tradingStage({ settings: { mode: 'demo' }, venue: { rest_url: 'https://api.kraken.com' } });
  const { code, stderr } = await stage.run(['run']).ended;
  expect(code).toBe(2);
  expect(stderr).toMatch(/CONFIG_INVALID: venue\.rest_url: expected the practice exchange/);
});

test('a venue that cannot be asked what the key may do is a failure, not a yes', async () => {
  const stage = await tradingStage({ venue: { rest_url: 'http://127.0.0.1:1' } });
  const { code, stderr } = await stage.run(['live', '--key', 'rehearsal']).ended;
  expect(code).toBe(1);
  expect(stderr).toContain('KEY_UNCHECKED');
});
