import { describe, expect, test } from 'vitest';
import { transition } from 'xstate';
import {
  ACCOUNT_EVENTS,
  type AccountEventType,
  accountMachine,
} from '../../../src/actors/sequencer/account/account-machine.ts';
import { ACCOUNT_STATES, type AccountState, isTradingState } from '../../../src/trading/account-state.ts';
import { expectCovered, hanging } from '../../support/walk-machine.ts';

function step(state: AccountState, type: AccountEventType) {
  const [next, actions] = transition(accountMachine, accountMachine.resolveState({ value: state }), { type });
  return { state: next.value as AccountState, unexpected: actions.some((action) => action.type === 'onUnexpected') };
}

const LIVE = ['connecting', 'reading', 'booking', 'settling', 'trading', 'verifying', 'checking'] as const;

/** What each state makes of each event it expects. All else is unexpected. */
const TABLE: readonly (readonly [AccountState, AccountEventType, AccountState])[] = [
  ['down', 'start', 'connecting'],
  ['down', 'stop', 'stopped'],
  ...LIVE.flatMap((state) => [
    [state, 'connected', 'reading'] as const,
    [state, 'disconnected', 'connecting'] as const,
    [state, 'fatal', 'refused'] as const,
    [state, 'stop', 'draining'] as const,
  ]),
  ['connecting', 'account.read', 'connecting'],
  ['connecting', 'account.unknown', 'connecting'],
  ['reading', 'account.read', 'booking'],
  ['reading', 'account.unknown', 'settling'],
  ['booking', 'booked.clean', 'trading'],
  ['booking', 'booked.unsettled', 'settling'],
  ['settling', 'retry.due', 'reading'],
  ['trading', 'check.due', 'verifying'],
  ['trading', 'doubted', 'settling'],
  ['verifying', 'account.read', 'checking'],
  ['verifying', 'account.unknown', 'trading'],
  ['checking', 'booked.clean', 'trading'],
  ['checking', 'booked.unsettled', 'trading'],
  ['draining', 'drained', 'stopped'],
  ['draining', 'patience.over', 'stopped'],
  ['draining', 'fatal', 'stopped'],
  ...(['connected', 'disconnected', 'account.read', 'account.unknown', 'stop'] as const).map(
    (event) => ['draining', event, 'draining'] as const,
  ),
  ...(['connected', 'disconnected', 'account.read', 'account.unknown', 'fatal', 'stop'] as const).map(
    (event) => ['stopped', event, 'stopped'] as const,
  ),
  ...(['connected', 'disconnected', 'account.read', 'account.unknown', 'fatal'] as const).map(
    (event) => ['refused', event, 'refused'] as const,
  ),
  ['refused', 'stop', 'stopped'],
];

describe('account machine', () => {
  test.each(TABLE)('%s on %s is %s', (state, event, target) => {
    expect(step(state, event)).toEqual({ state: target, unexpected: false });
  });

  test('every other event in every state is recorded as unexpected and changes nothing', () => {
    let pairs = 0;
    for (const state of ACCOUNT_STATES) {
      for (const event of ACCOUNT_EVENTS) {
        if (TABLE.some(([from, on]) => from === state && on === event)) continue;
        expect(step(state, event), `${state} on ${event}`).toEqual({ state, unexpected: true });
        pairs++;
      }
    }
    expect(pairs + TABLE.length).toBe(ACCOUNT_STATES.length * ACCOUNT_EVENTS.length);
  });

  test('only a reading that was booked to the end leads to trading', () => {
    for (const state of ACCOUNT_STATES.filter((name) => !isTradingState(name))) {
      for (const event of ACCOUNT_EVENTS) {
        const { state: next } = step(state, event);
        if (isTradingState(next)) expect([state, event]).toEqual(['booking', 'booked.clean']);
      }
    }
  });

  test('what is lost or stopped ends trading at once', () => {
    for (const state of ACCOUNT_STATES.filter(isTradingState)) {
      for (const event of ['connected', 'disconnected', 'fatal', 'stop'] as const) {
        expect(isTradingState(step(state, event).state)).toBe(false);
      }
    }
  });

  test('paths cover every state and transition', () => {
    expectCovered('account machine', accountMachine, undefined, ACCOUNT_STATES, ACCOUNT_EVENTS);
  });

  test('from every state that is reached the end can be reached', () => {
    expect(hanging(accountMachine, undefined, ACCOUNT_EVENTS, (state) => state === 'stopped')).toEqual([]);
  });
});
