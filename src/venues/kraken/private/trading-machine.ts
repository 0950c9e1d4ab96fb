/**
 * The life of the private connection. States only: `trading-connection.ts` fetches tokens, opens and closes, waits, and
 * says what happened.
 *
 *   idle ──▶ backing_off ──▶ fetching_token ──▶ connecting ──▶ subscribing ──▶ live ◀──▶ renewing (token refused)
 *              ▲  ▲               │                 │            │   ▲          │  ▲
 *              │  └───────────────┘                 │            ▼   │          ▼  │
 *              │                                    │       reauthorising     resyncing (gap in the executions)
 *              └──────────── lost ◀─────────────────┴────────────┴──────────────┘
 *
 *   refused ◀── no further attempt helps                 closing ──▶ stopped
 *
 * Orders may leave in `live` only. The streams stand in `live` and `renewing`: `stand` and `fall` say when that begins
 * and ends. `refused` waits for a person. Every state answers every event; one that is not named changes nothing.
 */
import { setup } from 'xstate';

export const TRADING_STATES = [
  'idle',
  'backing_off',
  'fetching_token',
  'connecting',
  'subscribing',
  'reauthorising',
  'live',
  'renewing',
  'resyncing',
  'closing',
  'stopped',
  'refused',
] as const;
export type TradingState = (typeof TRADING_STATES)[number];

export const TRADING_EVENTS = [
  'start',
  /** The wait is over and the budget has an attempt left. */
  'attempt.due',
  /** A token is at hand that the venue has not refused. */
  'token.ready',
  /** The venue gave none; another attempt may help. */
  'token.failed',
  /** The venue does not take the token that was sent. */
  'token.refused',
  'opened',
  /** Every subscription asked for is acknowledged and has brought its snapshot, and the venue's clock is known. */
  'subscribed',
  /** A message of the executions was lost. */
  'gap',
  /** The connection failed or ended, or was given up: silence, no answers. Another attempt may help. */
  'lost',
  /** The venue said that no further attempt will help. */
  'refused',
  'stop',
  /** The venue did not close in time. */
  'close.overdue',
] as const;
export type TradingEventType = (typeof TRADING_EVENTS)[number];

const lostWhileStanding = { target: 'backing_off', actions: ['fall', 'cut'] } as const;
const refusedWhileStanding = { target: 'refused', actions: ['fall', 'cut'] } as const;
const lost = { target: 'backing_off', actions: 'cut' } as const;
const refused = { target: 'refused', actions: 'cut' } as const;

export const tradingMachine = setup({
  types: { events: {} as { readonly type: TradingEventType } },
  actions: {
    /** Waits as long as the back-off and the budget ask for, then says `attempt.due`. */
    scheduleAttempt: () => undefined,
    cancelTimer: () => undefined,
    /** Says `token.ready` at once when a young one is at hand, or asks for one. */
    fetchToken: () => undefined,
    open: () => undefined,
    /** Asks for executions, balances and the time. */
    subscribeAll: () => undefined,
    /** Ends the subscription to the executions and asks for it anew, with its snapshots. */
    resubscribe: () => undefined,
    /** The streams stand. */
    stand: () => undefined,
    /** They do not any more: what is out is uncertain. */
    fall: () => undefined,
    /** Cuts the connection, in any state. */
    cut: () => undefined,
    /** Begins the closing handshake and its time limit. */
    close: () => undefined,
    settled: () => undefined,
  },
}).createMachine({
  id: 'trading',
  initial: 'idle',
  states: {
    idle: { on: { start: 'backing_off', stop: 'stopped' } },
    backing_off: {
      entry: 'scheduleAttempt',
      exit: 'cancelTimer',
      on: { 'attempt.due': 'fetching_token', stop: 'stopped' },
    },
    fetching_token: {
      entry: 'fetchToken',
      on: {
        'token.ready': 'connecting',
        'token.failed': 'backing_off',
        'token.refused': 'backing_off',
        refused: 'refused',
        stop: 'stopped',
      },
    },
    connecting: {
      entry: 'open',
      on: { opened: 'subscribing', lost, refused, stop: { target: 'stopped', actions: 'cut' } },
    },
    subscribing: {
      entry: 'subscribeAll',
      on: {
        subscribed: { target: 'live', actions: 'stand' },
        'token.refused': 'reauthorising',
        gap: lost,
        lost,
        refused,
        stop: 'closing',
      },
    },
    reauthorising: {
      entry: 'fetchToken',
      on: {
        'token.ready': 'subscribing',
        'token.failed': lost,
        'token.refused': lost,
        gap: lost,
        lost,
        refused,
        stop: 'closing',
      },
    },
    live: {
      on: {
        'token.refused': 'renewing',
        gap: { target: 'resyncing', actions: 'fall' },
        lost: lostWhileStanding,
        refused: refusedWhileStanding,
        stop: { target: 'closing', actions: 'fall' },
      },
    },
    renewing: {
      entry: 'fetchToken',
      on: {
        'token.ready': 'live',
        'token.failed': lostWhileStanding,
        'token.refused': lostWhileStanding,
        gap: lostWhileStanding,
        lost: lostWhileStanding,
        refused: refusedWhileStanding,
        stop: { target: 'closing', actions: 'fall' },
      },
    },
    resyncing: {
      entry: 'resubscribe',
      on: {
        subscribed: { target: 'live', actions: 'stand' },
        'token.refused': lost,
        gap: lost,
        lost,
        refused,
        stop: 'closing',
      },
    },
    closing: {
      entry: 'close',
      exit: ['cancelTimer', 'cut'],
      on: { lost: 'stopped', refused: 'stopped', 'close.overdue': 'stopped' },
    },
    stopped: { entry: 'settled', on: { start: 'backing_off' } },
    refused: { entry: 'settled', on: { stop: 'stopped' } },
  },
});
