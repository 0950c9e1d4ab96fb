/** Shows how a run goes: one repainted screen on a terminal, a plain line every second otherwise. */
import type { Engine } from './engine.ts';
import { collectReadings, type Readings } from './readings.ts';
import { renderStatusLine, StatusScreen } from './status-screen.ts';

const SCREEN_MS = 250;
const LINE_MS = 1_000;

export interface StatusDisplay {
  /** Stops showing and gives the terminal back. */
  end(): void;
}

/** Begins to show `engine` on stdout. */
export function showStatus(engine: Engine, title: string): StatusDisplay {
  const screen = process.stdout.isTTY ? new StatusScreen(process.stdout, title) : undefined;
  let previous: Readings | undefined;
  const tick = (): void => {
    previous = collectReadings(engine.memory, engine.config, engine.clock.nowNs(), engine.startedNs, previous);
    if (screen === undefined) console.log(renderStatusLine(previous));
    else screen.paint(previous);
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
