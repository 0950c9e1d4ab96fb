/**
 * How long to wait before something is tried again that has failed: longer each time, up to a most, with a part of it left
 * to chance, so that what failed together does not come back together.
 */
import type { Chance } from '../platform/chance.ts';

/**
 * What is left to chance of a wait of `w`:
 * - `full`: all of it, uniform in [0, w) (M. Brooker, "Exponential Backoff And Jitter", 2015);
 * - `half`: its upper half, [w/2, w);
 * - `added`: up to a quarter on top, [w, 5w/4), for waits that must not be shorter;
 * - `none`: nothing.
 */
export type Jitter = 'none' | 'full' | 'half' | 'added';

export interface BackOff {
  /** Wait before anything has failed more than once. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** How many times longer each wait is than the one before. */
  readonly growth: number;
  readonly jitter: Jitter;
}

/** Beyond this many, every wait has long reached its most. */
const STEPS_MAX = 64;

/** Milliseconds to wait after `steps` waits (0: the first one) that were in vain. */
export function backOffMs(steps: number, { baseMs, maxMs, growth, jitter }: BackOff, chance: Chance): number {
  const wholeMs = Math.min(maxMs, baseMs * growth ** Math.min(Math.max(0, steps), STEPS_MAX));
  switch (jitter) {
    case 'none':
      return wholeMs;
    case 'full':
      return wholeMs * chance.unit();
    case 'half':
      return wholeMs * (0.5 + chance.unit() / 2);
    case 'added':
      return wholeMs * (1 + chance.unit() / 4);
    default:
      return jitter satisfies never;
  }
}
