/**
 * `arbitrade demo`: the whole engine, trading with a key against the practice exchange, which plays recorded market data
 * on loopback. It ends with our books held against the exchange's ledger.
 */

import { dumpState } from '../engine/dump-state.ts';
import { Engine } from '../engine/engine.ts';
import { EXIT, type ExitCode } from '../engine/exit-codes.ts';
import { holdLog, jsonLog } from '../engine/log.ts';
import { requireReadable } from '../engine/option-files.ts';
import { printLine, printResultLine, STDOUT, standardOutput } from '../engine/standard-output.ts';
import { listenForStop, type StopSignals } from '../engine/stop-signals.ts';
import { temporaryFolder } from '../engine/temporary-folder.ts';
import { requireCleanStop } from '../engine/unclean-stop.ts';
import { freshSeed } from '../platform/chance.ts';
import { systemClock } from '../platform/clock.ts';
import { arbitradeError } from '../platform/errors.ts';
import type { AccountReading } from '../practice/exchange/accounts/account-reading.ts';
import { type AccountSpec, madeAccounts } from '../practice/exchange/accounts/account-spec.ts';
import type { ReplaySpeed } from '../practice/market/market-replay.ts';
import { type PracticeThread, startPracticeThread } from '../practice/network/practice-thread.ts';
import { PRACTICE_DEFAULTS } from '../practice/practice-exchange.ts';
import { type Reconciliation, reconcile, renderReconciliation } from '../readings/ledger-reconciliation.ts';
import { renderSummary } from '../readings/summary.ts';
import { readTrading } from '../readings/trading-reading.ts';
import type { Config } from '../settings/config.ts';
import { readSettingsFile } from '../settings/settings-file.ts';
import { BUNDLED_CAPTURE } from './bundled-capture.ts';
import { type SettingOptions, settingsOf } from './run-settings.ts';
import { type StatusDisplay, showStatus } from './show-status.ts';

const DEMO_SETTINGS = new URL('../../config/demo.yaml', import.meta.url);
/** Name of the account and of its key. */
const ACCOUNT = 'demo';
/** Of the practice exchange before it listens: settings are checked before anything is started. */
const NOWHERE = { wsPublic: 'ws://127.0.0.1', wsPrivate: 'ws://127.0.0.1', rest: 'http://127.0.0.1' } as const;

/** Time for the last frames to come through after the market has ended. */
const LAST_FRAMES_MS = 300;

export interface DemoOptions extends SettingOptions {
  /** Stops by itself after this long, counted from when everything has started. */
  readonly forMs?: number | undefined;
  readonly speed: ReplaySpeed;
  readonly loop?: boolean;
  readonly capture?: string;
  /** Basis points by which pairs are moved out of line now and then. */
  readonly dislocate?: number;
  /** Of the dislocations; a fresh one without it. */
  readonly seed?: number;
  readonly json?: boolean;
}

/**
 * Runs the demo until it is stopped or the market ends. Fails when our books are not the exchange's.
 * @throws CAPTURE_UNREADABLE, CONFIG_INVALID.
 */
export async function demo(options: DemoOptions): Promise<ExitCode> {
  if (options.capture !== undefined) requireReadable('--capture', options.capture);
  using folder = temporaryFolder();
  const account = demoAccount(demoSettings(NOWHERE, folder.path, options));
  const signals = listenForStop(systemClock);
  const practice = await startPracticeThread(
    {
      capture: options.capture ?? BUNDLED_CAPTURE,
      port: 0,
      settings: {
        ...PRACTICE_DEFAULTS,
        speed: options.speed,
        loop: options.loop === true,
        seed: options.seed ?? freshSeed(),
        dislocateBps: options.dislocate ?? 0,
        accounts: [account],
      },
    },
    { onMarketEnded: () => systemClock.after(LAST_FRAMES_MS, () => signals.stop('engine')) },
  );
  try {
    return await trade(practice, account, folder.path, options, signals);
  } finally {
    signals.dispose();
    await practice.close();
  }
}

async function trade(
  practice: PracticeThread,
  account: AccountSpec,
  folder: string,
  options: DemoOptions,
  signals: StopSignals,
): Promise<ExitCode> {
  const config = demoSettings(practice, folder, options);
  const held = holdLog(jsonLog('stderr', 'warn', [account.secret]));
  if (!process.stdout.isTTY || options.json === true) held.release(); // no screen to spoil
  const apiKey = { name: account.name, key: account.key, secret: account.secret };
  // The reader of what the demo prints has seen enough (`demo | head`): it ends, and has nothing left to say.
  standardOutput.onReaderGone = (to) => void (to === STDOUT && signals.stop('output'));
  const engine = new Engine({ config, apiKey, log: held.log, onEscalation: () => signals.stop('engine') });
  signals.listener = {
    onNote: (text) => held.log('supervisor', 'warn', 'signal_received', text),
    onDump: () => void dumpState(engine, held.log),
  };
  try {
    await untilStopped(engine, practice, options, signals);
  } finally {
    held.release();
  }
  return conclude(engine, await practice.readAccount(ACCOUNT), (await practice.stats()).dislocations, options);
}

async function untilStopped(
  engine: Engine,
  practice: PracticeThread,
  options: DemoOptions,
  signals: StopSignals,
): Promise<void> {
  if (!(await engine.start(signals.stopped))) return;
  signals.stopAfter(options.forMs);
  const display = options.json === true ? undefined : begin(engine, practice, options);
  await signals.stopped;
  display?.end();
  requireCleanStop(await engine.stop());
}

function begin(engine: Engine, { wsPublic: url, notes }: PracticeThread, { dislocate }: DemoOptions): StatusDisplay {
  const { kind, threads } = engine.plan;
  if (!process.stdout.isTTY) {
    printLine(`ready     practice exchange on ${url}   ${threads.length} threads (${kind})   stop with Ctrl-C`);
    for (const note of notes) printLine(`note      ${note}`);
  }
  // First, so that no narrow terminal cuts it off.
  const injected = dislocate === undefined ? '' : `INJECTED: pairs move by ${dislocate} bps   `;
  return showStatus(engine, `arbitrade demo   ${injected}${url}   stop with Ctrl-C`);
}

/** Says what it came to. */
function conclude(engine: Engine, reading: AccountReading, dislocations: number, options: DemoOptions): ExitCode {
  const summary = engine.summary();
  const reconciliation = reconcile(readTrading(engine.memory, engine.config), reading);
  if (options.json === true) printResultLine(JSON.stringify({ ...summary, dislocations, reconciliation }));
  else printResultLine(conclusion(renderSummary(summary), dislocations, reconciliation, options));
  if (engine.escalation !== undefined) return EXIT.ESCALATED;
  return reconciliation.agrees ? EXIT.OK : EXIT.FAILED;
}

function conclusion(
  summary: string,
  dislocations: number,
  reconciliation: Reconciliation,
  { dislocate }: DemoOptions,
): string {
  const injected = `injected  ${dislocations} dislocations of ${dislocate} bps: no market did this`;
  return [summary, ...(dislocate === undefined ? [] : [injected]), renderReconciliation(reconciliation)].join('\n');
}

function demoSettings(
  { wsPublic, wsPrivate, rest }: Pick<PracticeThread, 'wsPublic' | 'wsPrivate' | 'rest'>,
  folder: string,
  options: DemoOptions,
): Config {
  const venue = { public_url: wsPublic, private_url: wsPrivate, rest_url: rest, nonce_file: `${folder}/nonces` };
  const { raw, locate } = readSettingsFile(DEMO_SETTINGS);
  return settingsOf(raw, options, { mode: 'demo', venue }, locate);
}

/** Holds what the settings give the paper account, and pays the fees that the detector counts on. */
function demoAccount({ paper, fees }: Config): AccountSpec {
  const [made] = madeAccounts([]);
  if (made === undefined) throw arbitradeError('OPTION_INVALID', 'accounts', 'one', 'none');
  const own =
    fees.taker_pct === undefined ? { tier: fees.tier } : { makerPct: fees.taker_pct, takerPct: fees.taker_pct };
  return { ...made, name: ACCOUNT, tier: fees.tier, fees: own, balances: paper.inventory };
}
