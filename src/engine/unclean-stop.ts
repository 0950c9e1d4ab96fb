/** A thread or process that had to be killed at the end, or died there, makes the exit code say so. */

import { type ArbitradeError, arbitradeError } from '../platform/errors.ts';
import type { StopResult } from '../runtime/supervision/supervisor.ts';

/** STOP_UNCLEAN that names who did not stop as it should; undefined when everybody did. */
export function uncleanStop({ killed, failed }: StopResult): ArbitradeError | undefined {
  const parts = [
    ...(killed.length > 0 ? [`killed, as they did not get on: ${killed.join(', ')}`] : []),
    ...(failed.length > 0 ? [`failed while they stopped: ${failed.join(', ')}`] : []),
  ];
  return parts.length === 0 ? undefined : arbitradeError('STOP_UNCLEAN', parts.join('; '));
}

/** @throws STOP_UNCLEAN. */
export function requireCleanStop(result: StopResult): void {
  const error = uncleanStop(result);
  if (error !== undefined) throw error;
}
