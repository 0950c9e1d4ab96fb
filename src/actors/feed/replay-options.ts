/** Options of a run that replays a capture. */
import { arbitradeError } from '../../shared/errors.ts';

export interface ReplayOptions {
  /** Path of the capture. */
  readonly capture: string;
  /** `max`, or how many times faster than recorded. */
  readonly speed: number | 'max';
  /** Begin again at the end. Books are void until the capture's own snapshots come round. */
  readonly loop: boolean;
  /**
   * Moves virtual time to where the capture is, in ns since its first row, before each frame. Only one frame is then
   * brought per turn, so that everything that follows from it is handled before time moves on.
   */
  readonly advanceTo: ((elapsedNs: number) => void) | undefined;
}

/** Reads `capture`, `speed`, `loop` and `advanceTo`. Undefined when the run replays nothing. @throws OPTION_INVALID */
export function replayOptions(options: Readonly<Record<string, unknown>>): ReplayOptions | undefined {
  const { capture, speed = 'max', loop = false, advanceTo } = options;
  if (capture === undefined) return undefined;
  if (typeof capture !== 'string') throw arbitradeError('OPTION_INVALID', 'capture', 'a path', capture);
  if (typeof loop !== 'boolean') throw arbitradeError('OPTION_INVALID', 'loop', 'true or false', loop);
  const advance = typeof advanceTo === 'function' ? (elapsedNs: number): void => advanceTo(elapsedNs) : undefined;
  return { capture, speed: speedOf(speed), loop, advanceTo: advance };
}

function speedOf(speed: unknown): number | 'max' {
  if (speed === 'max') return 'max';
  const factor = Number(speed);
  if (Number.isFinite(factor) && factor > 0) return factor;
  throw arbitradeError('OPTION_INVALID', 'speed', '"max" or a number above 0', speed);
}
