/**
 * Life of the whole: states only. The supervisor's half of the trading gate follows from the state alone
 * ({@link gateReadingOf}), so every state has a gate reading.
 *
 *   idle ─start▶ starting ─started▶ running ─stop▶ stopping ─stopped▶ stopped
 *                   │ failed            │ escalate
 *                   ▼                   ▼
 *                stopping           escalating ─stopped▶ escalated
 */
import { assign, type SnapshotFrom, setup } from 'xstate';
import type { GateReading } from '../../trading/trading-gate.ts';

export type SupervisorEvent =
  | { type: 'start' }
  | { type: 'started' }
  /** A thread could not be started the first time. */
  | { type: 'failed' }
  /** A thread died that is to be restarted. */
  | { type: 'down' }
  /** A thread that was down runs again. */
  | { type: 'repaired' }
  /** A message has been passed over because it kills its handler. */
  | { type: 'message_set_aside' }
  /** The log could not be written for long, or can be again. */
  | { type: 'log_blocked' }
  | { type: 'log_unblocked' }
  /** A person has looked at what was set aside. */
  | { type: 'resume' }
  | { type: 'escalate' }
  | { type: 'stop' }
  | { type: 'stopped' };

export const supervisorMachine = setup({
  types: { context: {} as { down: number; setAside: boolean; logBlocked: boolean }, events: {} as SupervisorEvent },
  actions: {
    countDown: assign({ down: ({ context }) => context.down + 1 }),
    countUp: assign({ down: ({ context }) => context.down - 1 }),
    noteSetAside: assign({ setAside: true }),
    clearSetAside: assign({ setAside: false }),
    noteLogBlocked: assign({ logBlocked: true }),
    clearLogBlocked: assign({ logBlocked: false }),
  },
}).createMachine({
  id: 'supervisor',
  initial: 'idle',
  context: { down: 0, setAside: false, logBlocked: false },
  states: {
    idle: { on: { start: 'starting' } },
    starting: {
      on: {
        started: 'running',
        failed: 'stopping',
        // Those that run already can die while the rest starts.
        down: { actions: 'countDown' },
        repaired: { actions: 'countUp' },
        message_set_aside: { actions: 'noteSetAside' },
        escalate: 'escalating',
        stop: 'stopping',
      },
    },
    running: {
      on: {
        down: { actions: 'countDown' },
        repaired: { actions: 'countUp' },
        message_set_aside: { actions: 'noteSetAside' },
        resume: { actions: 'clearSetAside' },
        log_blocked: { actions: 'noteLogBlocked' },
        log_unblocked: { actions: 'clearLogBlocked' },
        escalate: 'escalating',
        stop: 'stopping',
      },
    },
    stopping: { on: { stopped: 'stopped' } },
    stopped: { type: 'final' },
    escalating: { on: { stopped: 'escalated' } },
    escalated: { type: 'final' },
  },
});

/** What the supervisor's half of the trading gate has to be in this state. */
export function gateReadingOf(snapshot: SnapshotFrom<typeof supervisorMachine>): GateReading {
  switch (snapshot.value) {
    case 'idle':
    case 'starting':
      return { state: 'halted', reason: 'starting' };
    case 'running':
      if (snapshot.context.down > 0) return { state: 'paused', reason: 'actor_down' };
      if (snapshot.context.setAside) return { state: 'paused', reason: 'message_set_aside' };
      if (snapshot.context.logBlocked) return { state: 'paused', reason: 'log_blocked' };
      return { state: 'active', reason: 'none' };
    case 'stopping':
    case 'stopped':
      return { state: 'halted', reason: 'stopping' };
    case 'escalating':
    case 'escalated':
      return { state: 'halted', reason: 'escalation' };
    default:
      return snapshot.value satisfies never;
  }
}
