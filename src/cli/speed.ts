/** How fast a capture is played. */
import { arbitradeError } from '../platform/errors.ts';
import type { ReplaySpeed } from '../practice/market/market-replay.ts';

const FACTOR_MAX = 10_000;

/** A replay speed: `max` or a factor above 0. @throws OPTION_INVALID. */
export function parseSpeed(text: string): ReplaySpeed {
  if (text === 'max') return 'max';
  const factor = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || factor <= 0 || factor > FACTOR_MAX) {
    throw arbitradeError('OPTION_INVALID', '--speed', `max, or a factor above 0 up to ${FACTOR_MAX}`, text);
  }
  return factor;
}
