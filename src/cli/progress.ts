/** Progress of long work: one line on stderr that is written over, and only when somebody sits there. */
import type { Clock } from '../shared/clock.ts';

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
    process.stderr.write(`${CLEAR_LINE}${text()}`);
    cancelTimer = clock.after(INTERVAL_MS, show);
  };
  show();
  return {
    end: () => {
      cancelTimer();
      process.stderr.write(CLEAR_LINE);
    },
  };
}
