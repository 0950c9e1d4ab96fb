/** `arbitrade replay`: a capture straight into the actors, without network, as fast as they go. */
import { captureDepth } from './capture-depth.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { replayInline } from './replay-inline.ts';
import { replayThreads } from './replay-threads.ts';
import { readRawSettings, type SettingOptions, settingsOf } from './run-settings.ts';
import { renderSummary, type Summary } from './summary.ts';

export interface ReplayOptions extends SettingOptions {
  readonly threads?: boolean;
  readonly config?: string;
  readonly opportunities?: string;
  readonly json?: boolean;
}

/** Replays `capture` and prints the summary. @throws CAPTURE_UNREADABLE, CONFIG_INVALID, ACTOR_FAILED. */
export async function replay(capture: string, options: ReplayOptions): Promise<ExitCode> {
  const summary = await replayCapture(capture, options);
  console.log(options.json === true ? JSON.stringify(summary) : renderSummary(summary));
  return EXIT.OK;
}

/** Replays `capture` and returns the summary; opportunities go to the file that `options` names. */
export async function replayCapture(capture: string, options: ReplayOptions): Promise<Summary> {
  const base = options.config === undefined ? {} : readRawSettings(options.config);
  const depth = await captureDepth(capture);
  const forced = depth === undefined ? {} : { venue: { depth } };
  const config = settingsOf(base, { database: ':memory:', ...options }, forced);
  const host = options.threads === true ? replayThreads : replayInline;
  return host({ capture, config, opportunities: options.opportunities });
}
