import { expect, test } from 'vitest';
import { type AccountAge, lostAccount, staleAccount } from '../../../src/actors/risk/account-age.ts';
import { ACCOUNT_STATES, type AccountState } from '../../../src/trading/account-state.ts';

const BOUNDS = {
  account_stale_ms: 120_000,
  account_lost_ms: 3_600_000,
  reconcile_orders_ms: 30_000,
  reconcile_balances_ms: 0,
};
const HOUR_MS = 3_600_000;

/** An account that was as expected `ageMs` ago, and of whose reading something came `progressMs` ago. */
const aged = (accountState: AccountState | undefined, ageMs: number, progressMs?: number): AccountAge => ({
  nowNs: 10 * HOUR_MS * 1e6,
  accountState,
  accountKnownNs: (10 * HOUR_MS - ageMs) * 1e6,
  accountProgressNs: progressMs === undefined ? 0 : (10 * HOUR_MS - progressMs) * 1e6,
});

test('an account that was not compared for longer than the bound is stale, while it would be traded on', () => {
  expect(staleAccount(aged('trading', 120_000), BOUNDS)).toBeUndefined();
  for (const state of ['trading', 'verifying', 'checking'] as const) {
    expect(staleAccount(aged(state, 120_001), BOUNDS)).toContain('120000 ms');
  }
  for (const state of ['settling', 'connecting', undefined] as const) {
    expect(staleAccount(aged(state, 9 * HOUR_MS), BOUNDS)).toBeUndefined(); // not traded on anyway
  }
});

test('whoever has it compared never has it not called stale for that', () => {
  const never = { ...BOUNDS, reconcile_orders_ms: 0 };
  expect(staleAccount(aged('trading', 9 * HOUR_MS), never)).toBeUndefined();
  expect(staleAccount(aged('trading', 9 * HOUR_MS), { ...never, reconcile_balances_ms: 1 })).toBeDefined();
});

test('an account that can never be compared is lost, in whatever state that is found out', () => {
  for (const state of ['trading', 'verifying', 'checking', 'reading', 'booking', 'settling'] as const) {
    expect(lostAccount(aged(state, HOUR_MS), BOUNDS), state).toBeUndefined();
    expect(lostAccount(aged(state, HOUR_MS + 1), BOUNDS), state).toContain('3600000 ms');
  }
});

test('a reading that goes on is waited for, one that has stalled is not', () => {
  expect(lostAccount(aged('reading', 9 * HOUR_MS, 60_000), BOUNDS)).toBeUndefined();
  expect(lostAccount(aged('reading', 9 * HOUR_MS, 60_001), BOUNDS)).toBeDefined();
});

test('without a connection, and without an account, nothing is lost', () => {
  const unconnected = ACCOUNT_STATES.filter((state) =>
    ['down', 'connecting', 'draining', 'stopped', 'refused'].includes(state),
  );
  for (const state of [...unconnected, undefined])
    expect(lostAccount(aged(state, 9 * HOUR_MS), BOUNDS)).toBeUndefined();
});
