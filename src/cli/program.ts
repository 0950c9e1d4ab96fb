/** The command line: every command, option and help text. What a command does is in the file of its name. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import packageFile from '../../package.json' with { type: 'json' };
import { EXIT, EXIT_CODES_HELP, type ExitCode } from '../engine/exit-codes.ts';
import { printErrorLine, standardOutput } from '../engine/standard-output.ts';
import { EDGE_DECIMALS, parseDecimal } from '../money/money.ts';
import { systemClock } from '../platform/clock.ts';
import { ArbitradeError, reasonOf, USER_ERRORS } from '../platform/errors.ts';
import { configJsonSchema, type Mode } from '../settings/config.ts';
import { checkConfig, readConfig } from '../settings/read-config.ts';
import { outputLost, printAnswer } from './answers.ts';
import { demo } from './demo.ts';
import { parseDuration } from './duration.ts';
import type { AskOptions } from './operator/ask-running-process.ts';
import { drain } from './operator/drain.ts';
import { flatten } from './operator/flatten.ts';
import { halt } from './operator/halt.ts';
import { resume } from './operator/resume.ts';
import { runningProcess } from './operator/running-process.ts';
import { status } from './operator/status.ts';
import { terminalQuestion } from './operator/terminal-question.ts';
import { practice, practiceHelp } from './practice.ts';
import { record } from './record.ts';
import { rehearse } from './rehearse.ts';
import { replay } from './replay/replay.ts';
import { run } from './run.ts';
import { printTopology } from './show-topology.ts';
import { simulate } from './simulate.ts';
import { parseSpeed } from './speed.ts';
import { needs, requireValues, twoCommands } from './usage.ts';

/** Runs the command that `args` names and returns its exit code. Never throws. */
export async function runProgram(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.OK;
  const program = buildProgram((result) => {
    code = result;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (thrown) {
    code = report(thrown, args, program);
  }
  await standardOutput.close();
  const lost = standardOutput.resultLost();
  if (lost === undefined) return code;
  printErrorLine(outputLost(lost));
  await standardOutput.close();
  return code === EXIT.OK ? EXIT.FAILED : code;
}

function report(thrown: unknown, args: readonly string[], program: Command): ExitCode {
  if (thrown instanceof CommanderError) {
    // Commander has said why, but for one thing.
    const two = thrown.code === 'commander.excessArguments' ? twoCommands(args, program) : undefined;
    if (two !== undefined) printErrorLine(two);
    return thrown.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
  }
  if (thrown instanceof ArbitradeError) {
    printErrorLine(`arbitrade: ${thrown.code}: ${thrown.message}`);
    return USER_ERRORS.has(thrown.code) ? EXIT.USAGE : EXIT.FAILED;
  }
  printErrorLine(`arbitrade: unexpected failure: ${thrown instanceof Error ? thrown.stack : reasonOf(thrown)}`);
  return EXIT.FAILED;
}

type Finish = (code: ExitCode) => void;

function buildProgram(finish: Finish): Command {
  const program = new Command('arbitrade')
    .description('Watches order books, finds cycles of trades that pay after every fee, and trades them leg by leg.')
    .version(packageFile.version, '--version', 'print the version')
    .addHelpText('after', `\n${EXIT_CODES_HELP}`)
    .exitOverride()
    .configureOutput({ writeOut: printAnswer })
    .hook('preAction', (_program, command) => requireValues(command))
    .showHelpAfterError('(add --help for the options)');
  addRunning(program, finish);
  addCaptures(program, finish);
  addOperating(program, finish);
  addSimulating(program, finish);
  addInspecting(program, finish);
  for (const command of program.commands) command.addHelpText('after', `\n${EXIT_CODES_HELP}`);
  return program;
}

function addRunning(program: Command, finish: Finish): void {
  feeOptions(program.command('demo'))
    .description('Runs everything against the practice exchange, which plays a bundled capture of real market data.')
    .option('--for <duration>', 'stop by itself so long after everything has started, for example 20s')
    .option('--speed <factor>', 'play the market this much faster, or "max"', parseSpeed, 1)
    .option('--loop', 'when the capture ends, serve it again from its beginning')
    .option('--capture <file>', 'play another capture (Kraken v2 frames)')
    .addOption(dislocateOption())
    .option('--seed <number>', 'seed of the dislocations', wholeNumber)
    .addOption(placementOption())
    .option('--json', 'print the summary as one line of JSON')
    .action(async (options) => finish(await demo({ ...options, forMs: duration('--for', options.for) })));
  program
    .command('rehearse')
    .description('Live trading against the practice exchange, in one command: exchange, key, settings and engine.')
    .option('--folder <path>', 'keep settings, key and database there (new or empty)')
    .option('--for <duration>', 'stop by itself so long after everything has started')
    .option('--speed <factor>', 'play the market this much faster, or "max"', parseSpeed, 1)
    .option('--capture <file>', 'play another capture (Kraken v2 frames)')
    .addOption(dislocateOption().default(40))
    .option('--fees <percent>', 'taker fee of the account, in percent', '0.1')
    .option('--faults <list>', 'what goes wrong: names as in arbitrade practice --help, or all', list)
    .option('--seed <number>', 'seed of the faults and dislocations', wholeNumber)
    .option('--json', 'print summary and reconciliation as one line of JSON at the end')
    .action(async (options) => finish(await rehearse({ ...options, forMs: duration('--for', options.for) })));
  running(program, 'run', 'Runs in the mode of a settings file. Log lines go to stdout as JSON.', finish);
  for (const [mode, description] of SAFE_MODES) running(program, mode, description, finish, mode);
  running(program, 'live', 'Trades with real money, if the settings, the key and you say yes.', finish, 'live').option(
    '--key <name>',
    'name of the key that is meant, as the venue shows it: your yes',
  );
}

/** What a settings file for live trading can be rehearsed as, in any mode. */
const SAFE_MODES = [
  ['paper', 'Simulates every fill at the live market. Needs no key.'],
  ['alert', 'Announces what it would trade, and trades nothing. Needs no key.'],
  ['dry-run', 'Does everything with the key but send: what would be sent is checked, recorded and given up.'],
] as const satisfies readonly (readonly [Mode, string])[];

/** A command that runs the engine until it is asked to stop. */
function running(program: Command, name: string, description: string, finish: Finish, mode?: Mode): Command {
  return program
    .command(name)
    .description(description)
    .option('--config <file>', 'settings (YAML); needed')
    .hook('preAction', needs('config'))
    .option('--for <duration>', 'stop by itself so long after everything has started')
    .option('--json', 'print the summary as one line of JSON at the end')
    .action(async (options) => finish(await run({ ...options, mode, forMs: duration('--for', options.for) })));
}

function addCaptures(program: Command, finish: Finish): void {
  feeOptions(program.command('replay'))
    .description('Feeds a capture straight into the actors, without network, as fast as they go.')
    .argument('<capture>', 'capture of Kraken v2 frames: JSON lines, plain or gzip')
    .addOption(new Option('--threads', 'actors on their own threads').conflicts('inline'))
    .addOption(new Option('--inline', 'all actors on one thread, on a virtual clock (default)').conflicts('threads'))
    .option('--min-edge-bps <bps>', 'smallest net edge that counts, in basis points', decimalNumber)
    .option('--start-assets <list>', 'assets a cycle may start from, for example USD,EUR (default: all)', list)
    .addOption(new Option('--cycle-length <legs>', 'longest cycle').choices(['3', '4']))
    .option('--opportunities <file>', 'write every opportunity to this file, one JSON line each')
    .option('--database <file>', 'keep the records in this DuckDB file (default: they are thrown away)')
    .addOption(placementOption())
    .option('--config <file>', 'settings to start from (YAML)')
    .option('--json', 'print the summary as one line of JSON')
    .action(async (capture, options) => finish(await replay(capture, options)));
  program
    .command('record')
    .description("Writes the venue's live frames to a capture.")
    .option('--config <file>', 'settings (YAML): the venue and the pairs; needed')
    .option('--out <file>', 'capture to write; compressed when the name ends in .gz; needed')
    .hook('preAction', needs('config', 'out'))
    .option('--for <duration>', 'stop by itself after this long')
    .action(async (options) => finish(await record({ ...options, forMs: duration('--for', options.for) })));
  program
    .command('practice')
    .description('Runs the practice exchange alone, on loopback.')
    .option('--capture <file>', 'market to play (Kraken v2 frames); needed')
    .hook('preAction', needs('capture'))
    .option('--port <number>', 'port to listen on; 0 takes any free one', port, 0)
    .option('--speed <factor>', 'play this much faster, or "max"', parseSpeed, 1)
    .option('--loop', 'when the capture ends, serve it again from its beginning')
    .option(
      '--faults <list>',
      'misbehaviour to show: names, each with an optional probability, such as drop=0.01',
      list,
    )
    .addOption(dislocateOption())
    .option('--seed <number>', 'seed of the faults, of dislocations, and of keys that are made up', wholeNumber)
    .option('--accounts <file>', 'who may trade (YAML or JSON); without it two accounts are made up')
    .option('--asset-pairs <file>', "the venue's REST AssetPairs answer, for captures that announce no instruments")
    .option('--fees <rate>', 'fees of every account: a percentage, or a tier such as tier5')
    .option('--json', 'print one line of JSON with addresses and accounts once it listens')
    .addHelpText('after', () => `\n${practiceHelp()}`)
    .action(async (options) => finish(await practice(options)));
}

function addOperating(program: Command, finish: Finish): void {
  const asking = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .option(
        '--config <file>',
        'settings of the running process (default: the one whose control socket is in this folder)',
      )
      .option('--json', 'print JSON');
  asking('status', 'Asks the running process how it is.').action(async (options) =>
    finish(await status(askOptions(options))),
  );
  asking('halt', 'Halts trading in the running process. It stays halted until it is resumed.')
    .option('--reason <text>', 'why; it is recorded')
    .option('--by <name>', 'who; the user that runs the command unless given')
    .action(async (options) => finish(await halt({ ...options, ...askOptions(options) })));
  asking('drain', 'Lets what runs come to its end, and begins nothing new until trading is resumed.')
    .option('--reason <text>', 'why; it is recorded; needed')
    .hook('preAction', needs('reason'))
    .option('--by <name>', 'who; the user that runs the command unless given')
    .action(async (options) => finish(await drain({ ...options, ...askOptions(options) })));
  asking('flatten', 'Shows what bringing home what is stranded would come to, and does it after your yes.')
    .option('--asset <list>', 'only these assets, for example BTC,ETH (default: everything that is exposed)', list)
    .option('--to <asset>', 'what they come home to (default: the first of strategy.start_assets)')
    .option(
      '--loss-max-bps <number>',
      'most that it may lose, by the middle of the book that the preview shows (default: trading.shortfall_loss_max_bps)',
      wholeNumber,
    )
    .option('--yes', 'do what the preview shows; without it, and without a terminal to ask at, nothing is done')
    .option('--reason <text>', 'why; it is recorded')
    .option('--by <name>', 'who; the user that runs the command unless given')
    .action(async (options) =>
      finish(await flatten({ ...options, ...askOptions(options), question: terminalQuestion() })),
    );
  asking('resume', 'Answers everything that halts, reduces or drains, and trades again, if no cause persists.')
    .option('--reason <text>', 'why it is safe; it is recorded; needed')
    .hook('preAction', needs('reason'))
    .option('--by <name>', 'who; the user that runs the command unless given')
    .action(async (options) => finish(await resume({ ...options, ...askOptions(options) })));
}

/** Where the running process listens, and where its answer goes. */
function askOptions(options: { readonly config?: string; readonly json?: boolean }): AskOptions {
  return {
    ...runningProcess(options.config, systemClock),
    json: options.json === true,
    print: (line) => printAnswer(`${line}\n`),
    printError: (line) => console.error(`arbitrade: ${line}`),
  };
}

function addSimulating(program: Command, finish: Finish): void {
  program
    .command('simulate')
    .description('Trades simulated days against the practice exchange and checks its ledger against our records.')
    .option('--seeds <number>', 'days to simulate', atLeastOne, 1)
    .option('--plans <number>', 'plans that each day attempts at least', atLeastOne, 10)
    .option('--faults <list>', 'what may go wrong: names, or all', list)
    .option('--seed <number>', 'seed of the first day; a fresh one unless given', wholeNumber)
    .option('--trace', 'print every step of one day: frames, orders, records, states')
    .option('--jobs <number>', 'days at the same time (default: one for each core)', atLeastOne)
    .option('--json', 'print the summary as one line of JSON')
    .action(async (options) => finish(await simulate(options)));
}

function addInspecting(program: Command, finish: Finish): void {
  const config = program.command('config').description('Checks settings and describes them.');
  config
    .command('check')
    .description('Checks a settings file and prints what is in force, defaults included.')
    .argument('<file>', 'settings (YAML)')
    .action((file) => {
      printAnswer(`${JSON.stringify(readConfig(file), null, 2)}\n`);
      finish(EXIT.OK);
    });
  config
    .command('schema')
    .description('Prints the JSON Schema of a settings file.')
    .action(() => {
      printAnswer(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
      finish(EXIT.OK);
    });
  program
    .command('topology')
    .description('Prints the actors, rings and shared tables.')
    .option('--config <file>', 'settings (YAML); sizes follow from them')
    .option('--json', 'print JSON')
    .action((options) => finish(printTopology(configOf(options.config), options.json === true)));
}

function feeOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--fees <percent>', 'one taker fee for every pair, in percent, such as 0.26').conflicts('tier'),
    )
    .addOption(new Option('--tier <number>', 'fee tier of the venue, 1 to 17').argParser(wholeNumber));
}

function dislocateOption(): Option {
  const what =
    'move one pair at a time by so many basis points for a moment, so that there is something to trade (injected)';
  return new Option('--dislocate <bps>', what).argParser(basisPoints);
}

function placementOption(): Option {
  return new Option('--placement <kind>', 'threads, fused or auto').choices(['threads', 'fused', 'auto']);
}

const configOf = (file: string | undefined) => (file === undefined ? checkConfig({}) : readConfig(file));
const duration = (option: string, text: string | undefined) =>
  text === undefined ? undefined : parseDuration(option, text);

function decimalNumber(text: string): number {
  const number = Number(text);
  // A double may hold another number than the one that was written: compared exactly, it would be another threshold.
  const isExact = (): boolean => parseDecimal(text, EDGE_DECIMALS) === parseDecimal(String(number), EDGE_DECIMALS);
  if (/^-?\d{1,9}(\.\d{1,12})?$/.test(text) && isExact()) return number;
  throw new InvalidArgumentError(`Expected a number of at most ${EDGE_DECIMALS} decimals and 15 digits.`);
}

function atLeastOne(text: string): number {
  const number = wholeNumber(text);
  if (number < 1) throw new InvalidArgumentError('Expected 1 or more.');
  return number;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 0 to 9999999999.');
  return Number(text);
}

function basisPoints(text: string): number {
  const number = wholeNumber(text);
  if (number < 1 || number > 1_000) throw new InvalidArgumentError('Expected whole basis points from 1 to 1000.');
  return number;
}

function port(text: string): number {
  const number = wholeNumber(text);
  if (number > 65_535) throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  return number;
}

const list = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
