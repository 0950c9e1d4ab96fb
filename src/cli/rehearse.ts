/**
 * `arbitrade rehearse`: live trading against the practice exchange, in one command. It makes a folder with a key, a secrets
 * file and settings as live trading needs them, starts the exchange on loopback, and runs the engine on them in mode `live`,
 * with its three yeses, real sockets and a real database. From another terminal the same settings file serves `status`,
 * `halt`, `resume` and the rest. It ends with our books held against the exchange's ledger.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { EXIT, type ExitCode } from '../engine/exit-codes.ts';
import { requireReadable } from '../engine/option-files.ts';
import { printErrorLine, printResultLine } from '../engine/standard-output.ts';
import { temporaryFolder } from '../engine/temporary-folder.ts';
import { freshSeed } from '../platform/chance.ts';
import { arbitradeError, reasonOf } from '../platform/errors.ts';
import { type AccountSpec, checkedFee, madeAccounts } from '../practice/exchange/accounts/account-spec.ts';
import { parseFaultRates } from '../practice/faults/fault-rules.ts';
import type { ReplaySpeed } from '../practice/market/market-replay.ts';
import { type PracticeThread, startPracticeThread } from '../practice/network/practice-thread.ts';
import { PRACTICE_DEFAULTS } from '../practice/practice-exchange.ts';
import { reconcile, renderReconciliation } from '../readings/ledger-reconciliation.ts';
import { readTrading } from '../readings/trading-reading.ts';
import type { ConfigInput } from '../settings/config.ts';
import { BUNDLED_CAPTURE } from './bundled-capture.ts';
import { runEngine } from './run.ts';

/** Name of the account and of its key. */
const ACCOUNT = 'rehearsal';
const SETTINGS_FILE = 'arbitrade.yaml';
const SECRETS_FILE = 'key.yaml';
const BALANCES = { USD: '100000', BTC: '2', ETH: '40' };

export interface RehearseOptions {
  /** Where settings, key, database and control socket are kept; it must be new or empty. A temporary one without it. */
  readonly folder?: string;
  /** Stops by itself after this long, counted from when everything has started. */
  readonly forMs?: number | undefined;
  readonly speed: ReplaySpeed;
  readonly capture?: string;
  /** Basis points by which pairs are moved out of line now and then. */
  readonly dislocate: number;
  /** Taker fee of the account, in percent. */
  readonly fees: string;
  /** What goes wrong: as `arbitrade practice --faults` takes it. */
  readonly faults?: readonly string[];
  readonly seed?: number;
  readonly json?: boolean;
}

/**
 * Rehearses until it is stopped. Fails when our books are not the exchange's.
 * @throws OPTION_INVALID, OUTPUT_UNWRITABLE, CAPTURE_UNREADABLE, and what `arbitrade live` throws.
 */
export async function rehearse(options: RehearseOptions): Promise<ExitCode> {
  if (options.folder !== undefined) return rehearseIn(newFolder(options.folder), options);
  using folder = temporaryFolder();
  return await rehearseIn(folder.path, options);
}

async function rehearseIn(folder: string, options: RehearseOptions): Promise<ExitCode> {
  if (options.capture !== undefined) requireReadable('--capture', options.capture);
  const account = rehearsalAccount(checkedFee(options.fees));
  const practice = await startPracticeThread({
    capture: options.capture ?? BUNDLED_CAPTURE,
    port: 0,
    settings: {
      ...PRACTICE_DEFAULTS,
      speed: options.speed,
      loop: true,
      seed: options.seed ?? freshSeed(),
      faults: parseFaultRates((options.faults ?? []).join(',')),
      dislocateBps: options.dislocate,
      accounts: [account],
    },
  });
  try {
    return await tradeLive(folder, account, practice, options);
  } finally {
    await practice.close();
  }
}

async function tradeLive(
  folder: string,
  account: AccountSpec,
  practice: PracticeThread,
  options: RehearseOptions,
): Promise<ExitCode> {
  const config = writeFiles(folder, account, practice, options);
  printErrorLine(
    `rehearsal  the practice exchange listens on ${practice.rest}; the engine trades on it as it does live`,
  );
  printErrorLine(
    `           from another terminal: arbitrade status --config ${config}   (halt, drain, resume likewise)`,
  );
  const { engine, code } = await runEngine({
    ...{ config, mode: 'live', key: ACCOUNT, forMs: options.forMs },
    ...(options.json === undefined ? {} : { json: options.json }),
  });
  const books = reconcile(readTrading(engine.memory, engine.config), await practice.readAccount(ACCOUNT));
  const { dislocations } = await practice.stats();
  if (options.json === true)
    printResultLine(JSON.stringify({ ...engine.summary(), dislocations, reconciliation: books }));
  else {
    printErrorLine(`injected  ${dislocations} dislocations of ${options.dislocate} bps: no market did this`);
    printErrorLine(renderReconciliation(books));
  }
  if (code !== EXIT.OK) return code;
  return books.agrees ? EXIT.OK : EXIT.FAILED;
}

/** Settings, and the secrets file that they name. @returns the path of the settings. */
function writeFiles(
  folder: string,
  account: AccountSpec,
  practice: PracticeThread,
  { fees, speed }: RehearseOptions,
): string {
  const { name, key, secret } = account;
  const head = '# A practice account on this machine. Its key is good for nothing else.\n';
  writeFileSync(join(folder, SECRETS_FILE), head + stringify({ name, key, secret }), { mode: 0o600 });
  const path = join(folder, SETTINGS_FILE);
  const text = `# Made by arbitrade rehearse: settings as live trading needs them, at the practice exchange.\n${stringify(settings(practice, fees, speed))}`;
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

function settings({ wsPublic, wsPrivate, rest }: PracticeThread, fees: string, speed: ReplaySpeed): ConfigInput {
  return {
    mode: 'live',
    venue: {
      ...{ public_url: wsPublic, private_url: wsPrivate, rest_url: rest, rate_tier: 'pro' },
      ...{ secrets_file: SECRETS_FILE, nonce_file: 'nonces' },
    },
    strategy: { start_assets: ['USD'] },
    fees: { taker_pct: fees },
    trading: {
      order_max: { USD: '20000' },
      exposure_max: { USD: '40000' },
      // A market that is played faster is older by the clock of the wall.
      ...(speed === 'max' || speed > 1 ? { opportunity_age_max_ms: 1_000 } : {}),
    },
    risk: { loss_max: { USD: '1000' } },
    live: { real_orders: true },
    persistence: { database: 'records.duckdb' },
    control: { socket: 'control.sock' },
  };
}

/** Holds something of everything that the bundled market trades. */
function rehearsalAccount(fees: string): AccountSpec {
  const [made] = madeAccounts([]);
  if (made === undefined) throw arbitradeError('OPTION_INVALID', 'accounts', 'one', 'none');
  return { ...made, name: ACCOUNT, fees: { makerPct: fees, takerPct: fees }, balances: BALANCES };
}

/** @throws OPTION_INVALID when something is in it, OUTPUT_UNWRITABLE when it cannot be made. */
function newFolder(path: string): string {
  const folder = resolve(path);
  try {
    // Not with its parents: in a folder where nothing can be made (/proc) Node would try that without end.
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    if (readdirSync(folder).length === 0) return folder;
  } catch (thrown) {
    throw arbitradeError('OUTPUT_UNWRITABLE', '--folder', folder, reasonOf(thrown));
  }
  throw arbitradeError('OPTION_INVALID', '--folder', 'a folder that is new or empty', folder);
}
