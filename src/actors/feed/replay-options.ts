/** Options of a run that replays a capture. */
import type { RunOptions } from '../../shared/run-options.ts';

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

/** Undefined when the run replays nothing. */
export function replayOptions(options: RunOptions): ReplayOptions | undefined {
  const { capture, speed = 'max', loop = false, advanceTo } = options;
  return capture === undefined ? undefined : { capture, speed, loop, advanceTo };
}
