/**
 * The life of the account: whether what we believe of it is what the venue says, and so whether orders may leave. States
 * only: its runner (`account-desk.ts`) asks, compares and books.
 *
 *   down ─▶ connecting ─▶ reading ─▶ booking ─▶ trading ◀─▶ verifying ─▶ checking ─▶ trading
 *               ▲            ▲ │        │ │        │
 *   lost, from  │            │ ▼        ▼ │        │ doubted: to settling
 *   anywhere ───┘          settling ◀─────┘        └─ stop, from anywhere ─▶ draining ─▶ stopped
 *
 * `settling` waits: for orders of ours that are still out, for leftovers that were cancelled, for a second reading that
 * says the same as the first. What is doubted while trading goes on leads there too, once no plan is at work. `verifying` and `checking` are `reading` and `booking` while trading goes on. `refused` is
 * what no repetition cures. An event that a state does not expect is recorded (`onUnexpected`) and changes nothing.
 */
import { setup } from 'xstate';

export const ACCOUNT_EVENTS = [
  'start',
  /** The venue's streams stand, for the first time or again: what was known may be old. */
  'connected',
  'disconnected',
  /** What was asked for has arrived. */
  'account.read',
  /** It has not, and will not. */
  'account.unknown',
  /** Everything in the reading is booked, and nothing is left to be found out. */
  'booked.clean',
  /** It is booked, but something has to be looked at again. */
  'booked.unsettled',
  /** The pause before the next reading is over. */
  'retry.due',
  /** It is time to compare again. */
  'check.due',
  /** Something does not fit, or could not be compared for too long; nothing is at work any more. */
  'doubted',
  /** No repetition cures it. */
  'fatal',
  'stop',
  /** Nothing of ours is open any more. */
  'drained',
  /** It is given up waiting for that. */
  'patience.over',
] as const;
export type AccountEventType = (typeof ACCOUNT_EVENTS)[number];
export interface AccountEvent {
  readonly type: AccountEventType;
}

/** Common to all states with a connection to the venue, or connecting. */
const LIVE = {
  connected: 'reading',
  disconnected: 'connecting',
  fatal: 'refused',
  stop: 'draining',
  '*': { actions: 'onUnexpected' },
} as const;

export const accountMachine = setup({
  types: { events: {} as AccountEvent },
  actions: { onUnexpected: () => undefined },
}).createMachine({
  id: 'account',
  initial: 'down',
  states: {
    down: {
      on: { start: 'connecting', stop: 'stopped', '*': { actions: 'onUnexpected' } },
    },
    connecting: {
      // Answers to what was asked over the lost connection prove nothing any more, and every failed attempt is reported.
      on: { ...LIVE, disconnected: {}, 'account.read': {}, 'account.unknown': {} },
    },
    reading: {
      on: { ...LIVE, 'account.read': 'booking', 'account.unknown': 'settling' },
    },
    booking: {
      on: { ...LIVE, 'booked.clean': 'trading', 'booked.unsettled': 'settling' },
    },
    settling: {
      on: { ...LIVE, 'retry.due': 'reading' },
    },
    trading: {
      on: { ...LIVE, 'check.due': 'verifying', doubted: 'settling' },
    },
    verifying: {
      on: { ...LIVE, 'account.read': 'checking', 'account.unknown': 'trading' },
    },
    checking: {
      on: { ...LIVE, 'booked.clean': 'trading', 'booked.unsettled': 'trading' },
    },
    draining: {
      // A connection that comes back is used to cancel; readings that were asked for before are not needed any more.
      on: {
        drained: 'stopped',
        'patience.over': 'stopped',
        connected: {},
        disconnected: {},
        'account.read': {},
        'account.unknown': {},
        fatal: 'stopped',
        stop: {},
        '*': { actions: 'onUnexpected' },
      },
    },
    stopped: {
      // An event that was in transit when the connection was closed.
      on: {
        connected: {},
        disconnected: {},
        'account.read': {},
        'account.unknown': {},
        fatal: {},
        stop: {},
        '*': { actions: 'onUnexpected' },
      },
    },
    refused: {
      on: {
        connected: {},
        disconnected: {},
        'account.read': {},
        'account.unknown': {},
        fatal: {},
        stop: 'stopped',
        '*': { actions: 'onUnexpected' },
      },
    },
  },
});
