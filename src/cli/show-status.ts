/** Shows how a run goes: one repainted screen on a terminal, a plain line every second otherwise. */
import type { Engine } from '../engine/engine.ts';
import { printLine, STDOUT, standardOutput } from '../engine/standard-output.ts';
import { collectReadings, type Readings } from '../readings/run-readings.ts';
import { renderStatusLine, StatusScreen, type Terminal } from '../readings/status-screen.ts';

const SCREEN_MS = 250;
const LINE_MS = 1_000;

/** The user's terminal, which may be stopped (Ctrl-S) without holding anything up. */
const terminal: Terminal = {
  get columns() {
    return process.stdout.columns;
  },
  get rows() {
    return process.stdout.rows;
  },
  write: (text) => standardOutput.write(STDOUT, text),
};

export interface StatusDisplay {
  /** Stops showing and gives the terminal back. */
  end(): void;
}

/** Begins to show `engine` on stdout. */
export function showStatus(engine: Engine, title: string): StatusDisplay {
  const screen = process.stdout.isTTY ? new StatusScreen(terminal, title) : undefined;
  let previous: Readings | undefined;
  const tick = (): void => {
    previous = collectReadings(engine.memory, engine.config, engine.clock.nowNs(), engine.startedNs, previous);
    if (screen === undefined) printLine(renderStatusLine(previous));
    else if (!standardOutput.isBehind(STDOUT)) screen.paint(previous); // a terminal that does not keep up is shown the next one
    cancelTimer = engine.clock.after(screen === undefined ? LINE_MS : SCREEN_MS, tick);
  };
  let cancelTimer = engine.clock.after(screen === undefined ? LINE_MS : 0, tick);
  return {
    end: () => {
      cancelTimer();
      screen?.end();
    },
  };
}
