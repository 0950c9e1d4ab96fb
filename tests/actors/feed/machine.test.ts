import { describe, expect, test } from 'vitest';
import { transition } from 'xstate';
import {
  SOCKET_EVENTS,
  SOCKET_STATES,
  type SocketEventType,
  type SocketState,
  socketMachine,
} from '../../../src/actors/feed/feed-machine.ts';
import { expectCovered } from '../../support/walk-machine.ts';

type Row = Readonly<Partial<Record<SocketEventType, readonly [SocketState, ...string[]]>>>;

/** What each state does on each event, and the actions it takes. Events that are not named change nothing. */
const TABLE: Readonly<Record<SocketState, Row>> = {
  idle: { start: ['backing_off', 'scheduleAttempt'], stop: ['stopped', 'settled'] },
  backing_off: {
    'attempt.due': ['connecting', 'cancelTimer', 'open'],
    stop: ['stopped', 'cancelTimer', 'settled'],
  },
  connecting: {
    opened: ['subscribing', 'subscribeAll'],
    lost: ['backing_off', 'cut', 'scheduleAttempt'],
    refused: ['refused', 'cut', 'scheduleAttempt'],
    stop: ['stopped', 'cut', 'settled'],
  },
  subscribing: {
    subscribed: ['live'],
    lost: ['backing_off', 'cut', 'scheduleAttempt'],
    refused: ['refused', 'cut', 'scheduleAttempt'],
    stop: ['closing', 'close'],
  },
  live: {
    lost: ['backing_off', 'cut', 'scheduleAttempt'],
    refused: ['refused', 'cut', 'scheduleAttempt'],
    stop: ['closing', 'close'],
  },
  closing: {
    lost: ['stopped', 'cancelTimer', 'cut', 'settled'],
    refused: ['stopped', 'cancelTimer', 'cut', 'settled'],
    'close.overdue': ['stopped', 'cancelTimer', 'cut', 'settled'],
  },
  stopped: { start: ['backing_off', 'scheduleAttempt'] },
  refused: {
    'attempt.due': ['connecting', 'cancelTimer', 'open'],
    stop: ['stopped', 'cancelTimer', 'settled'],
  },
};

const EVERY_CASE = SOCKET_STATES.flatMap((state) => SOCKET_EVENTS.map((event) => [state, event] as const));

describe('socket machine', () => {
  test.each(EVERY_CASE)('%s on %s does what the table says', (state, event) => {
    const [target, ...actions] = TABLE[state][event] ?? [state];
    const [next, taken] = transition(socketMachine, socketMachine.resolveState({ value: state }), { type: event });
    expect(next.value).toBe(target);
    expect(taken.map(({ type }) => type)).toEqual(actions);
  });

  test('paths from the start cover every state and every transition', () => {
    expectCovered('socket machine', socketMachine, undefined, SOCKET_STATES, SOCKET_EVENTS);
  });

  test('stop leads to stopped from everywhere, at the latest when closing is overdue', () => {
    for (const state of SOCKET_STATES) {
      const [asked] = transition(socketMachine, socketMachine.resolveState({ value: state }), { type: 'stop' });
      const [late] = transition(socketMachine, asked, { type: 'close.overdue' });
      expect(late.value).toBe('stopped');
    }
  });
});
