/** `arbitrade practice`: the practice exchange alone, on loopback, until it is asked to stop. */

import { EXIT, type ExitCode } from '../engine/exit-codes.ts';
import { requireReadable } from '../engine/option-files.ts';
import { printErrorLine, printResultLine } from '../engine/standard-output.ts';
import { listenForStop } from '../engine/stop-signals.ts';
import { freshSeed } from '../platform/chance.ts';
import { systemClock } from '../platform/clock.ts';
import type { AccountSpec } from '../practice/exchange/accounts/account-spec.ts';
import { parseFaultRates } from '../practice/faults/fault-rules.ts';
import { FAULTS } from '../practice/faults/faults.ts';
import type { DislocationReport } from '../practice/market/market-dislocation.ts';
import type { ReplaySpeed } from '../practice/market/market-replay.ts';
import { type PracticeServer, startPracticeServer } from '../practice/network/practice-server.ts';
import type { PracticeStats } from '../practice/practice-exchange.ts';

export interface PracticeOptions {
  readonly capture: string;
  /** Port on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** `max`, or a factor such as `10`. */
  readonly speed?: ReplaySpeed;
  readonly loop?: boolean;
  /** Names, each with or without its probability (`drop=0.01`): see {@link practiceHelp}. */
  readonly faults?: readonly string[];
  /** Basis points by which pairs are moved out of line now and then. */
  readonly dislocate?: number;
  /** Makes the faults repeatable; a fresh one is chosen and printed without it. */
  readonly seed?: number;
  /** The venue's REST AssetPairs answer, for captures without an instrument message. */
  readonly assetPairs?: string;
  /** File that says who may trade; without it two accounts are made up. */
  readonly accounts?: string;
  /** Fees of every account: a percentage, or `tier5`. */
  readonly fees?: string;
  readonly json?: boolean;
}

/** Serves until SIGINT or SIGTERM. @throws OPTION_INVALID, CAPTURE_UNREADABLE before anything is served. */
export async function practice(options: PracticeOptions): Promise<ExitCode> {
  const { speed = 1, loop = false } = options;
  const faults = parseFaultRates((options.faults ?? []).join(','));
  requireReadable('--capture', options.capture);
  if (options.accounts !== undefined) requireReadable('--accounts', options.accounts);
  const seed = options.seed ?? freshSeed();
  const signals = listenForStop(systemClock);
  try {
    const server = await startPracticeServer(
      {
        capture: options.capture,
        port: options.port,
        assetPairs: options.assetPairs,
        accountFile: options.accounts,
        fees: options.fees,
        settings: { speed, faults, seed, loop, dislocateBps: options.dislocate ?? 0 },
      },
      systemClock,
      {
        onFault: ({ fault, connection, symbol }) =>
          printErrorLine(`fault    ${fault} on connection ${connection}${symbol === undefined ? '' : `, ${symbol}`}`),
        onMarketEnded: () => printErrorLine('market   the recording is over; heartbeats go on'),
        onDislocation: (report) => printErrorLine(dislocationText(report)),
      },
    );
    for (const note of server.notes) printErrorLine(`note     ${note}`);
    printResultLine(options.json ? readyLine(server) : readyText(server, seed));
    await signals.stopped;
    await server.close();
    printErrorLine(renderStats(server.exchange.stats()));
    return EXIT.OK;
  } finally {
    signals.dispose();
  }
}

/** One line on a dislocation; it says that no market did this. */
function dislocationText({ symbol, bps, isOver }: DislocationReport): string {
  return `injected ${symbol} ${isOver ? 'is back from' : 'moved by'} ${bps > 0 ? '+' : ''}${bps} bps`;
}

/** The catalogue of faults, for `--help`. */
export function practiceHelp(): string {
  const rows = Object.entries(FAULTS).map(
    ([name, { chance, what }]) => `  ${name.padEnd(25)}${String(chance).padEnd(8)}  ${what}`,
  );
  return [
    'Faults (--faults, separated by commas; the default probability stands beside each):',
    '  NAME   NAME=PROBABILITY   NAME@12s once, at the first occasion then   NAME/50 every 50th occasion   all',
    ...rows,
    '  error:TEXT               0.01      an order, or a REST call, is refused with this error of the venue',
  ].join('\n');
}

/** What a program needs to reach it and to trade on it. */
function readyLine({ rest, wsPublic, wsPrivate, accounts }: PracticeServer): string {
  const rows = accounts.map(({ name, key, secret, tier, balances }) => ({ name, key, secret, tier, balances }));
  return JSON.stringify({ rest, wsPublic, wsPrivate, accounts: rows });
}

function readyText(server: PracticeServer, seed: number): string {
  const { rest, wsPublic, wsPrivate, wsLevel3, wsPublicV1, wsPrivateV1, accounts } = server;
  return [
    `ready    ${wsPublic}   seed ${seed}   stop with Ctrl-C`,
    `private  ${wsPrivate}   level3 ${wsLevel3}`,
    `v1       ${wsPublicV1}   private ${wsPrivateV1}`,
    `rest     ${rest}`,
    ...accounts.flatMap(accountText),
  ].join('\n');
}

function accountText({ name, key, secret, fees, rateTier, balances }: AccountSpec): readonly string[] {
  const rate = 'tier' in fees ? `fees of tier ${fees.tier}` : `fees ${fees.takerPct} %`;
  const held = Object.entries(balances).map(([asset, amount]) => `${amount} ${asset}`);
  return [
    `account  ${name}   ${rate}   limits of ${rateTier}   holds ${held.join(', ')}`,
    `         key ${key}`,
    `         secret ${secret}   (good for this exchange only)`,
  ];
}

function renderStats(stats: PracticeStats): string {
  const faults = Object.entries(stats.faults).map(([name, count]) => `${name} ${count}`);
  return [
    `stopped  ${stats.connections} connections   ${stats.framesSent} frames sent   ${stats.requests} requests   ${stats.restRequests} REST calls, ${stats.restErrors} with an error`,
    `market   ${stats.eventsPlayed} events   ${stats.passes} times to the end`,
    `injected ${stats.dislocations} dislocations`,
    `faults   ${faults.length === 0 ? 'none' : faults.join(', ')}   slow clients cut ${stats.slowClientsCut}`,
  ].join('\n');
}
