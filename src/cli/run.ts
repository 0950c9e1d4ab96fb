/**
 * `arbitrade run` and the commands named after a mode: the engine as a service, with a settings file, until it is asked to
 * stop. Every mode but `live` may be put in place of the file's; `live` must stand in the file and be confirmed here.
 */

import { openRunFile } from '../control/run-file.ts';
import { dumpState } from '../engine/dump-state.ts';
import { Engine } from '../engine/engine.ts';
import { EXIT, type ExitCode } from '../engine/exit-codes.ts';
import { requireConfirmed, requireEnabled, requireFit } from '../engine/live-consent.ts';
import { jsonLog } from '../engine/log.ts';
import { requirePrivateFiles } from '../engine/private-files.ts';
import { printErrorLine, printResultLine } from '../engine/standard-output.ts';
import { requireSafeEnvironment } from '../engine/start-environment.ts';
import { listenForStop } from '../engine/stop-signals.ts';
import { stopOnUncaughtErrors } from '../engine/uncaught-errors.ts';
import { uncleanStop } from '../engine/unclean-stop.ts';
import { systemClock } from '../platform/clock.ts';
import { type ArbitradeError, arbitradeError } from '../platform/errors.ts';
import { renderSummary } from '../readings/summary.ts';
import { type Config, type Mode, usesKey } from '../settings/config.ts';
import { readConfig } from '../settings/read-config.ts';
import { type ApiKey, readSecretsFile } from '../settings/secrets-file.ts';
import { venueNamed } from '../venues/registry.ts';

export interface RunOptions {
  readonly config: string;
  /** Instead of the mode in the settings. */
  readonly mode?: Mode | undefined;
  /** Name of the key that the operator means: live only. */
  readonly key?: string;
  /** Stops by itself after this long, counted from when everything has started. */
  readonly forMs?: number | undefined;
  readonly json?: boolean;
}

export interface RunResult {
  /** Stopped. */
  readonly engine: Engine;
  readonly code: ExitCode;
}

/** {@link runEngine}, and says what it came to. */
export async function run(options: RunOptions): Promise<ExitCode> {
  const { engine, code } = await runEngine(options);
  if (options.json === true) printResultLine(JSON.stringify(engine.summary()));
  return code;
}

/**
 * Runs until a signal, the end of the given time, or an escalation, and shows the summary to people; one for programs is
 * the caller's to print.
 * @throws CONFIG_INVALID, LIVE_NOT_ENABLED, FILE_EXPOSED, OUTPUT_UNWRITABLE, what {@link keyFor} refuses, and what a start throws.
 */
export async function runEngine(options: RunOptions): Promise<RunResult> {
  const config = modeOf(readConfig(options.config), options.mode);
  requirePrivateFiles(config);
  const apiKey = await keyFor(config, options.key);
  const signals = listenForStop(systemClock);
  const secrets = apiKey === undefined ? [] : [apiKey.secret];
  const log = jsonLog(options.json === true ? 'stderr' : 'stdout', 'info', secrets);
  const engine = new Engine({ config, log, apiKey, controlled: true, onEscalation: () => signals.stop('engine') });
  const runFile = openRunFile(config, options.config, systemClock);
  let unclean: ArbitradeError | undefined;
  using uncaught = stopOnUncaughtErrors(signals, log);
  signals.listener = {
    onNote: (text) => log('supervisor', 'warn', 'signal_received', text),
    onDump: () => void dumpState(engine, log),
  };
  try {
    if (await engine.start(signals.stopped)) signals.stopAfter(options.forMs);
    await signals.stopped;
    unclean = uncleanStop(await engine.stop());
    if (unclean !== undefined) log('supervisor', 'error', 'actor_hung', unclean.message);
  } finally {
    runFile.close();
    signals.dispose();
  }
  if (options.json !== true) printErrorLine(renderSummary(engine.summary())); // stdout is the log's
  if (engine.escalation !== undefined) return { engine, code: EXIT.ESCALATED };
  return { engine, code: unclean === undefined && uncaught.count === 0 ? EXIT.OK : EXIT.FAILED };
}

/**
 * Settings with the command's mode. A command makes a run safer than its file says, never the reverse.
 * @throws LIVE_NOT_ENABLED.
 */
function modeOf(config: Config, mode: Mode | undefined): Config {
  if (mode === 'live') requireEnabled(config);
  return mode === undefined || mode === 'live' ? config : { ...config, mode };
}

/**
 * The key that the mode needs, after everything that must be said yes to was.
 * @throws ENVIRONMENT_UNSAFE, KEY_MISSING, SECRETS_*, LIVE_*, KEY_REFUSED, KEY_UNCHECKED.
 */
async function keyFor(config: Config, named: string | undefined): Promise<ApiKey | undefined> {
  if (!usesKey(config.mode)) return undefined;
  if (config.mode === 'live') requireEnabled(config);
  if (config.mode === 'demo') requireLoopback(config);
  const { secrets_file: file } = config.venue;
  if (file === undefined) throw arbitradeError('KEY_MISSING', config.mode);
  if (config.mode !== 'demo') requireSafeEnvironment(config.mode, config.venue);
  const apiKey = readSecretsFile(file);
  if (config.mode === 'live') requireConfirmed(apiKey, named);
  if (config.mode !== 'demo') requireFit(apiKey, await venueNamed(config.venue.name).readKey(config, apiKey));
  return apiKey;
}

/** What the practice exchange is for must not reach a real one. */
function requireLoopback({ venue }: Config): void {
  for (const setting of ['private_url', 'rest_url'] as const) {
    const { hostname } = new URL(venue[setting]);
    if (hostname !== '127.0.0.1' && hostname !== 'localhost' && hostname !== '[::1]') {
      throw arbitradeError(
        'CONFIG_INVALID',
        `venue.${setting}`,
        'the practice exchange on this machine',
        venue[setting],
      );
    }
  }
}
