import { describe, expect, test } from 'vitest';
import { transition } from 'xstate';
import {
  TRADING_EVENTS,
  TRADING_STATES,
  type TradingEventType,
  type TradingState,
  tradingMachine,
} from '../../../src/venues/kraken/private/trading-machine.ts';
import { expectCovered } from '../../support/walk-machine.ts';

type Row = Readonly<Partial<Record<TradingEventType, readonly [TradingState, ...string[]]>>>;

const LOST: readonly [TradingState, ...string[]] = ['backing_off', 'cut', 'scheduleAttempt'];
const REFUSED: readonly [TradingState, ...string[]] = ['refused', 'cut', 'settled'];
const FALLEN: readonly [TradingState, ...string[]] = ['backing_off', 'fall', 'cut', 'scheduleAttempt'];

/** What each state does on each event, and the actions it takes. Events that are not named change nothing. */
const TABLE: Readonly<Record<TradingState, Row>> = {
  idle: { start: ['backing_off', 'scheduleAttempt'], stop: ['stopped', 'settled'] },
  backing_off: {
    'attempt.due': ['fetching_token', 'cancelTimer', 'fetchToken'],
    stop: ['stopped', 'cancelTimer', 'settled'],
  },
  fetching_token: {
    'token.ready': ['connecting', 'open'],
    'token.failed': ['backing_off', 'scheduleAttempt'],
    'token.refused': ['backing_off', 'scheduleAttempt'],
    refused: ['refused', 'settled'],
    stop: ['stopped', 'settled'],
  },
  connecting: {
    opened: ['subscribing', 'subscribeAll'],
    lost: LOST,
    refused: REFUSED,
    stop: ['stopped', 'cut', 'settled'],
  },
  subscribing: {
    subscribed: ['live', 'stand'],
    'token.refused': ['reauthorising', 'fetchToken'],
    gap: LOST,
    lost: LOST,
    refused: REFUSED,
    stop: ['closing', 'close'],
  },
  reauthorising: {
    'token.ready': ['subscribing', 'subscribeAll'],
    'token.failed': LOST,
    'token.refused': LOST,
    gap: LOST,
    lost: LOST,
    refused: REFUSED,
    stop: ['closing', 'close'],
  },
  live: {
    'token.refused': ['renewing', 'fetchToken'],
    gap: ['resyncing', 'fall', 'resubscribe'],
    lost: FALLEN,
    refused: ['refused', 'fall', 'cut', 'settled'],
    stop: ['closing', 'fall', 'close'],
  },
  renewing: {
    'token.ready': ['live'],
    'token.failed': FALLEN,
    'token.refused': FALLEN,
    gap: FALLEN,
    lost: FALLEN,
    refused: ['refused', 'fall', 'cut', 'settled'],
    stop: ['closing', 'fall', 'close'],
  },
  resyncing: {
    subscribed: ['live', 'stand'],
    'token.refused': LOST,
    gap: LOST,
    lost: LOST,
    refused: REFUSED,
    stop: ['closing', 'close'],
  },
  closing: {
    lost: ['stopped', 'cancelTimer', 'cut', 'settled'],
    refused: ['stopped', 'cancelTimer', 'cut', 'settled'],
    'close.overdue': ['stopped', 'cancelTimer', 'cut', 'settled'],
  },
  stopped: { start: ['backing_off', 'scheduleAttempt'] },
  refused: { stop: ['stopped', 'settled'] },
};

const EVERY_CASE = TRADING_STATES.flatMap((state) => TRADING_EVENTS.map((event) => [state, event] as const));
const step = (state: TradingState, type: TradingEventType) =>
  transition(tradingMachine, tradingMachine.resolveState({ value: state }), { type });

describe('trading machine', () => {
  test.each(EVERY_CASE)('%s on %s does what the table says', (state, event) => {
    const [target, ...actions] = TABLE[state][event] ?? [state];
    const [next, taken] = step(state, event);
    expect(next.value).toBe(target);
    expect(taken.map(({ type }) => type)).toEqual(actions);
  });

  test('paths from the start cover every state and every transition', () => {
    expectCovered('trading machine', tradingMachine, undefined, TRADING_STATES, TRADING_EVENTS);
  });

  test('the streams stand from stand to fall, on every path, never twice', () => {
    const standing = new Set<TradingState>(['live', 'renewing']);
    for (const [state, event] of EVERY_CASE) {
      const [next, taken] = step(state, event);
      const before = standing.has(state);
      const after = standing.has(next.value as TradingState);
      const names = taken.map(({ type }) => type);
      expect(names.includes('stand')).toBe(!before && after);
      expect(names.includes('fall')).toBe(before && !after);
    }
  });

  test('stop leads to stopped from everywhere, at the latest when closing is overdue', () => {
    for (const state of TRADING_STATES) {
      const [asked] = step(state, 'stop');
      const [late] = transition(tradingMachine, asked, { type: 'close.overdue' });
      expect(late.value).toBe('stopped');
    }
  });
});
