/** `arbitrade demo`: the whole engine against the practice exchange, which plays recorded market data on loopback. */
import { systemClock } from '../shared/clock.ts';
import type { Config } from '../shared/config.ts';
import type { ReplaySpeed } from '../venues/practice/market-replay.ts';
import { PRACTICE_DEFAULTS } from '../venues/practice/practice-exchange.ts';
import { startPracticeThread } from '../venues/practice/practice-thread.ts';
import { Engine } from './engine.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { holdLog, jsonLog } from './log.ts';
import { readRawSettings, type SettingOptions, settingsOf } from './run-settings.ts';
import { type StatusDisplay, showStatus } from './show-status.ts';
import { listenForStop, type StopSignals } from './stop-signals.ts';
import { renderSummary } from './summary.ts';

const DEMO_SETTINGS = new URL('../../config/demo.yaml', import.meta.url);
const DEMO_CAPTURE = new URL('../../data/derived_ws2_d25_gemini_20210417.cap.jsonl.gz', import.meta.url).pathname;

/** Time for the last frames to come through after the market has ended. */
const LAST_FRAMES_MS = 300;

export interface DemoOptions extends SettingOptions {
  /** Stops by itself after this long, counted from when everything has started. */
  readonly forMs?: number | undefined;
  readonly speed: ReplaySpeed;
  readonly loop?: boolean;
  readonly capture?: string;
  readonly json?: boolean;
}

/** Runs the demo until it is stopped or the market ends. @throws CAPTURE_UNREADABLE, CONFIG_INVALID. */
export async function demo(options: DemoOptions): Promise<ExitCode> {
  demoSettings('ws://127.0.0.1', options); // a wrong setting is refused before anything is started
  const signals = listenForStop(systemClock);
  const practice = await startPracticeThread(
    {
      capture: options.capture ?? DEMO_CAPTURE,
      port: 0,
      settings: { ...PRACTICE_DEFAULTS, speed: options.speed, loop: options.loop === true },
    },
    { onMarketEnded: () => systemClock.after(LAST_FRAMES_MS, () => signals.stop('engine')) },
  );
  try {
    return await runAgainst(practice.wsPublic, options, signals);
  } finally {
    signals.dispose();
    await practice.close();
  }
}

async function runAgainst(url: string, options: DemoOptions, signals: StopSignals): Promise<ExitCode> {
  const config = demoSettings(url, options);
  const held = holdLog(jsonLog('stderr', 'warn'));
  if (!process.stdout.isTTY || options.json === true) held.release(); // no screen to spoil
  const engine = new Engine({ config, log: held.log, onEscalation: () => signals.stop('engine') });
  try {
    await untilStopped(engine, url, options, signals);
  } finally {
    held.release();
  }
  const summary = engine.summary();
  console.log(options.json === true ? JSON.stringify(summary) : renderSummary(summary));
  return engine.escalation !== undefined ? EXIT.ESCALATED : EXIT.OK;
}

async function untilStopped(engine: Engine, url: string, options: DemoOptions, signals: StopSignals): Promise<void> {
  if (!(await engine.start(signals.stopped))) return;
  signals.stopAfter(options.forMs);
  const display = options.json === true ? undefined : begin(engine, url);
  await signals.stopped;
  display?.end();
  await engine.stop();
}

function begin(engine: Engine, url: string): StatusDisplay {
  const { kind, threads } = engine.plan;
  if (!process.stdout.isTTY) {
    console.log(`ready     practice exchange on ${url}   ${threads.length} threads (${kind})   stop with Ctrl-C`);
  }
  return showStatus(engine, `arbitrade demo   ${url}   stop with Ctrl-C`);
}

function demoSettings(url: string, options: DemoOptions): Config {
  return settingsOf(readRawSettings(DEMO_SETTINGS), options, { venue: { public_url: url } });
}
