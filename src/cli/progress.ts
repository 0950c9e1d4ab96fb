/** Progress of long work: one line on stderr that is written over, and only on a terminal. */

import { STDERR, standardOutput } from '../engine/standard-output.ts';
import type { Clock } from '../platform/clock.ts';

const INTERVAL_MS = 500;
const CLEAR_LINE = '\r\x1b[K';

export interface Progress {
  /** Takes the line away. */
  end(): void;
}

/** Shows `text()` now and twice a second. Nothing at all when stderr is no terminal. */
export function showProgress(text: () => string, clock: Clock): Progress {
  if (!process.stderr.isTTY) return { end: () => {} };
  let cancelTimer = () => {};
  const show = (): void => {
    if (!standardOutput.isBehind(STDERR)) standardOutput.write(STDERR, `${CLEAR_LINE}${text()}`);
    cancelTimer = clock.after(INTERVAL_MS, show);
  };
  show();
  return {
    end: () => {
      cancelTimer();
      standardOutput.write(STDERR, CLEAR_LINE);
    },
  };
}
