import { expect, test } from 'vitest';
import type { Reconciliation } from '../../src/readings/ledger-reconciliation.ts';
import type { Summary } from '../../src/readings/summary.ts';
import { start, until } from '../support/arbitrade.ts';

type Ended = Summary & { readonly dislocations: number; readonly reconciliation: Reconciliation };

/** Runs the demo until it has said `enough`, then stops it. */
async function demo(args: readonly string[], enough: RegExp): Promise<{ code: number; stdout: string }> {
  const running = start(['demo', '--loop', ...args]);
  await until(() => {
    if (running.process.exitCode !== null) throw new Error(`it ended: ${running.stderr()}`);
    return enough.test(running.stdout());
  });
  running.process.kill('SIGTERM');
  return running.ended;
}

test('at the fees of an account nothing pays, and the demo says so', async () => {
  const { code, stdout } = await demo(['--speed', '20'], /verified [1-9][\d,]{2}/);
  expect(code).toBe(0);
  expect(stdout).toMatch(/bps short of paying/);
  expect(stdout).toMatch(/profit {4}none: nothing was traded that paid/);
  expect(stdout).toMatch(/orders {2,}0 {2,}0 {2,}0/);
  expect(stdout).toContain('the books agree to the last digit');
  expect(stdout).not.toContain('injected');
});

test('with dislocations it trades, says that they are injected, and ends with a table that agrees', async () => {
  const { code, stdout } = await demo(['--dislocate', '60', '--fees', '0.05', '--seed', '5'], /fills [1-9]/);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^note {6}injected: pairs are moved out of line by 60 bps/m);
  expect(stdout).toMatch(/^injected {2}[1-9]\d* dislocations of 60 bps: no market did this$/m);
  // Which asset a plan begins and ends in, and so which are moved, is the market's doing.
  expect(stdout).toMatch(/^ {2}(?:USD|BTC|ETH) +\d+ +[+-][\d.]+ +[+-][\d.]+ +0$/m);
  expect(stdout).toMatch(/^ {2}fills +([1-9]\d*) +\1 +0$/m);
  expect(stdout).toContain('the books agree to the last digit');
});

test('as JSON, the table is part of the one line', async () => {
  const running = start(['demo', '--dislocate', '60', '--tier', '17', '--for', '4s', '--json']);
  const { code, stdout } = await running.ended;
  const { dislocations, reconciliation, trading } = JSON.parse(stdout) as Ended;
  expect(code).toBe(0);
  expect(dislocations).toBeGreaterThan(0);
  expect(trading.mode).toBe('demo');
  expect(reconciliation.agrees).toBe(true);
  expect(reconciliation.orders.ours).toBe(reconciliation.orders.exchange);
  expect(reconciliation.assets.map(({ asset }) => asset).sort()).toEqual(['BTC', 'ETH', 'USD']);
});
