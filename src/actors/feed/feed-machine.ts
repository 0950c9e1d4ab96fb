/**
 * The life of one socket. States only: `venue-socket.ts` opens and closes, waits, and says what happened.
 *
 *   idle ──▶ backing_off ──▶ connecting ──▶ subscribing ──▶ live
 *              ▲                 │               │            │
 *              └──── lost ◀──────┴───────────────┴────────────┤
 *                                                             ▼
 *   refused ◀── the venue or its edge refuses us       closing ──▶ stopped
 *
 * `refused` is a long wait: attempts in quick succession would make it worse. Every state answers every event.
 */
import { setup } from 'xstate';

export const SOCKET_STATES = [
  'idle',
  'backing_off',
  'connecting',
  'subscribing',
  'live',
  'closing',
  'stopped',
  'refused',
] as const;
export type SocketState = (typeof SOCKET_STATES)[number];

export const SOCKET_EVENTS = [
  'start',
  /** The wait is over and the budget has an attempt left. */
  'attempt.due',
  'opened',
  /** Every subscription asked for has its answer. */
  'subscribed',
  /** The connection failed or ended, or was given up: silence, no answers. Another attempt may help. */
  'lost',
  /** The venue, or the edge before it, refused the connection. */
  'refused',
  'stop',
  /** The venue did not close in time. */
  'close.overdue',
] as const;
export type SocketEventType = (typeof SOCKET_EVENTS)[number];

export const socketMachine = setup({
  types: { events: {} as { readonly type: SocketEventType } },
  actions: {
    /** Waits as long as the back-off and the budget ask for, then says `attempt.due`. */
    scheduleAttempt: () => undefined,
    cancelTimer: () => undefined,
    open: () => undefined,
    /** Asks for everything this socket is to carry. */
    subscribeAll: () => undefined,
    /** Cuts the connection, in any state. */
    cut: () => undefined,
    /** Begins the closing handshake with code 1000 and its time limit. */
    close: () => undefined,
    settled: () => undefined,
  },
}).createMachine({
  id: 'socket',
  initial: 'idle',
  states: {
    idle: { on: { start: 'backing_off', stop: 'stopped' } },
    backing_off: {
      entry: 'scheduleAttempt',
      exit: 'cancelTimer',
      on: { 'attempt.due': 'connecting', stop: 'stopped' },
    },
    connecting: {
      entry: 'open',
      on: {
        opened: 'subscribing',
        lost: { target: 'backing_off', actions: 'cut' },
        refused: { target: 'refused', actions: 'cut' },
        stop: { target: 'stopped', actions: 'cut' },
      },
    },
    subscribing: {
      entry: 'subscribeAll',
      on: {
        subscribed: 'live',
        lost: { target: 'backing_off', actions: 'cut' },
        refused: { target: 'refused', actions: 'cut' },
        stop: 'closing',
      },
    },
    live: {
      on: {
        lost: { target: 'backing_off', actions: 'cut' },
        refused: { target: 'refused', actions: 'cut' },
        stop: 'closing',
      },
    },
    closing: {
      entry: 'close',
      exit: ['cancelTimer', 'cut'],
      on: { lost: 'stopped', refused: 'stopped', 'close.overdue': 'stopped' },
    },
    stopped: { entry: 'settled', on: { start: 'backing_off' } },
    refused: {
      entry: 'scheduleAttempt',
      exit: 'cancelTimer',
      on: { 'attempt.due': 'connecting', stop: 'stopped' },
    },
  },
});
