/**
 * Life of one worker thread as its supervisor sees it. States only: what an action does is given by the one who runs the
 * machine. `reportDeath` is an end that was not asked for; `reportStopped` one that was.
 *
 *   down ─start▶ starting ─ready▶ running ─stop▶ stopping ─exited▶ down
 *                   │ late          │ hung, kill    │ late
 *                   ▼               ▼               ▼
 *                killing ─exited▶ down           ending ─exited▶ down
 */
import { setup } from 'xstate';

export type ThreadEvent =
  | { type: 'start' }
  | { type: 'ready' }
  | { type: 'stop' }
  /** The thread is gone, for any reason. */
  | { type: 'exited' }
  /** Its heartbeat is too old. */
  | { type: 'hung' }
  /** It is to be killed without asking. */
  | { type: 'kill' }
  /** The deadline of starting or stopping has passed. */
  | { type: 'late' };

/** Actions without a body: the supervisor's side fills them in. */
const open = () => {};

export const threadMachine = setup({
  types: { events: {} as ThreadEvent },
  actions: {
    spawn: open,
    ask: open,
    kill: open,
    armStart: open,
    armStop: open,
    disarm: open,
    reportReady: open,
    reportDeath: open,
    reportStopped: open,
  },
}).createMachine({
  id: 'thread',
  initial: 'down',
  states: {
    down: { on: { start: 'starting' } },
    starting: {
      entry: ['spawn', 'armStart'],
      exit: 'disarm',
      on: {
        ready: { target: 'running', actions: 'reportReady' },
        exited: { target: 'down', actions: 'reportDeath' },
        late: 'killing',
        kill: 'killing',
        stop: 'stopping',
      },
    },
    running: {
      on: {
        exited: { target: 'down', actions: 'reportDeath' },
        hung: 'killing',
        kill: 'killing',
        stop: 'stopping',
      },
    },
    killing: {
      entry: 'kill',
      on: { exited: { target: 'down', actions: 'reportDeath' }, stop: 'ending' },
    },
    stopping: {
      entry: ['ask', 'armStop'],
      exit: 'disarm',
      on: { exited: { target: 'down', actions: 'reportStopped' }, late: 'ending', kill: 'ending' },
    },
    ending: {
      entry: 'kill',
      on: { exited: { target: 'down', actions: 'reportStopped' } },
    },
  },
});
