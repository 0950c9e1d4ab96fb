/** What a replay needs to know, on one thread or on several. */
import type { Config } from '../shared/config.ts';

export interface ReplayRun {
  readonly capture: string;
  readonly config: Config;
  /** File for the opportunities, one JSON line each. */
  readonly opportunities: string | undefined;
}
