/** `arbitrade replay`: a capture straight into the actors, without network, as fast as they go. */
import { join } from 'node:path';
import { IN_MEMORY } from '../../actors/persistence/database/open-database.ts';
import { EXIT, type ExitCode } from '../../engine/exit-codes.ts';
import { requireWritable } from '../../engine/option-files.ts';
import { printResultLine } from '../../engine/standard-output.ts';
import { listenForStop } from '../../engine/stop-signals.ts';
import { temporaryFolder } from '../../engine/temporary-folder.ts';
import { systemClock } from '../../platform/clock.ts';
import { arbitradeError } from '../../platform/errors.ts';
import { renderSummary } from '../../readings/summary.ts';
import { readSettingsFile } from '../../settings/settings-file.ts';
import { type SettingOptions, settingsOf } from '../run-settings.ts';
import { captureDepth } from './capture-depth.ts';
import { replayInline } from './replay-inline.ts';
import type { ReplayResult, ReplayRun, ReplaySignals } from './replay-run.ts';
import { replayThreads } from './replay-threads.ts';

const NEVER_STOPPED: ReplaySignals = { stopped: new Promise(() => {}), cause: undefined };

export interface ReplayOptions extends SettingOptions {
  readonly threads?: boolean;
  readonly config?: string;
  readonly opportunities?: string;
  readonly json?: boolean;
}

/**
 * Replays `capture` and prints the summary; opportunities go to the file that `options` names.
 * @throws CAPTURE_UNREADABLE, CONFIG_INVALID before anything is started; CAPTURE_CUT_SHORT after the result was printed;
 * REPLAY_INTERRUPTED, RECORDS_INCOMPLETE, ACTOR_FAILED.
 */
export async function replay(capture: string, options: ReplayOptions): Promise<ExitCode> {
  const signals = listenForStop(systemClock);
  try {
    const { summary, cutShort } = await replayCapture(capture, options, signals);
    printResultLine(options.json === true ? JSON.stringify(summary) : renderSummary(summary));
    if (cutShort) throw arbitradeError('CAPTURE_CUT_SHORT', capture, summary.frames);
    return EXIT.OK;
  } finally {
    signals.dispose();
  }
}

/** Replays `capture` without printing anything. @throws as {@link replay}, except for CAPTURE_CUT_SHORT. */
export async function replayCapture(
  capture: string,
  options: ReplayOptions,
  signals: ReplaySignals = NEVER_STOPPED,
): Promise<ReplayResult> {
  const { raw = {}, locate } = options.config === undefined ? {} : readSettingsFile(options.config);
  const depth = await captureDepth(capture);
  // With any settings, here nothing leaves: a capture is traded on paper.
  const forced = { mode: 'paper', ...(depth === undefined ? {} : { venue: { depth } }) } as const;
  const { opportunities, database } = options;
  if (opportunities !== undefined) requireWritable('--opportunities', opportunities);
  if (database !== undefined && database !== IN_MEMORY) requireWritable('--database', database);
  const runWith = (database: string): ReplayRun => ({
    ...{ capture, opportunities, signals },
    config: settingsOf(raw, { ...options, database }, forced, locate),
  });
  if (options.threads !== true) return replayInline(runWith(options.database ?? IN_MEMORY));
  if (options.database !== undefined) return replayThreads(runWith(options.database));
  // Records in memory would not survive a restart of persistence, and what is exported comes from the records.
  using folder = temporaryFolder();
  return await replayThreads(runWith(join(folder.path, 'records.duckdb')));
}
