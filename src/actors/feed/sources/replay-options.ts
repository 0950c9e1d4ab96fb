/** Options of a run that replays a capture. */
import type { RunOptions } from '../../../runtime/run-options.ts';

export interface ReplayOptions {
  /** Path of the capture. */
  readonly capture: string;
  /** `max`, or how many times faster than recorded. */
  readonly speed: number | 'max';
  /** Begin again at the end. Books are void until the capture's own snapshots come round. */
  readonly loop: boolean;
  /** Frames brought in one turn at most; undefined: as many as the feed takes. */
  readonly framesPerTurn: number | undefined;
}

/** Undefined when the run replays nothing. */
export function replayOptions(options: RunOptions): ReplayOptions | undefined {
  const { capture, speed = 'max', loop = false, framesPerTurn } = options;
  return capture === undefined ? undefined : { capture, speed, loop, framesPerTurn };
}
