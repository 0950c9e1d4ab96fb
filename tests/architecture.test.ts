import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PLAN_OUTCOMES, PLAN_REASONS } from '../src/messages/execution-message.ts';
import { INVALID_REASONS } from '../src/messages/market-messages.ts';
import { ERRORS } from '../src/platform/errors.ts';
import { ACTOR_COUNTERS, RUNTIME_COUNTERS } from '../src/runtime/counter-names.ts';
import { AUDIT_EVENTS } from '../src/runtime/records/audit-events.ts';
import { GATE_REASONS } from '../src/trading/trading-gate.ts';
import { codeOf, importsOf, type SourceFile, sourceFiles } from './support/source-files.ts';
import { functionsOf, importCircles, linesIn } from './support/source-shape.ts';

/** Each may import from those before it and from itself. */
const LAYERS: readonly RegExp[] = [
  /^platform\//,
  /^net\//,
  /^money\//,
  /^(messages|shared)\//,
  /^market\//,
  /^settings\//,
  /^trading\//,
  /^strategies\//,
  /^captures\//,
  /^runtime\//,
  /^venues\//,
  /^practice\//,
  /^actors\//,
  /^topology\.ts$/,
  /^simulation\//,
  /^control\//,
  /^readings\//,
  /^engine\//,
  /^(cli\/|main\.ts$)/,
];
/** What one person can read at once. */
const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 60;
const FOLDER_FILES_MAX = 20;
/** Types alone: the topology's rows name kinds of tables, and a table is opened by its row. To be parted. */
const STILL_CIRCULAR = ['runtime/topology-spec.ts > runtime/memory/shared-tables.ts > runtime/topology-spec.ts'];
/** Files that are still to be split by what they are responsible for: none is added, and one that is split leaves the list. */
const STILL_TOO_LONG = [
  'actors/sequencer/account/account-desk.ts',
  'runtime/supervision/supervisor.ts',
  'simulation/simulated-day.ts',
];

const layerOf = (path: string): number => LAYERS.findIndex((layer) => layer.test(path));
const actorOf = (path: string): string | undefined => /^actors\/([^/]+)\//.exec(path)?.[1];
const files = sourceFiles();
const found = (isWrong: (file: SourceFile) => boolean): string[] => files.filter(isWrong).map(({ path }) => path);

describe('architecture', () => {
  test('every source file belongs to a layer', () => {
    expect(files.length).toBeGreaterThan(40);
    expect(found(({ path }) => layerOf(path) === -1)).toEqual([]);
  });

  test('imports go one way', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((imported) => layerOf(imported) > layerOf(file.path) || layerOf(imported) === -1)
        .map((imported) => `${file.path} imports ${imported}`),
    );
    expect(wrong).toEqual([]);
  });

  test('the network code knows no venue', () => {
    const net = files.filter(({ path }) => path.startsWith('net/'));
    expect(net.length).toBeGreaterThan(8);
    expect(net.filter(({ text }) => /kraken|protocol reference/i.test(text)).map(({ path }) => path)).toEqual([]);
  });

  test('a venue is known by its folder and its row in the registry, and to nothing else', () => {
    const venueOf = (path: string): string | undefined => /^venues\/([^/]+)\//.exec(path)?.[1];
    const known = files.flatMap((file) =>
      importsOf(file)
        .filter((imported) => venueOf(imported) !== undefined && venueOf(imported) !== venueOf(file.path))
        .map((imported) => `${file.path} imports ${imported}`),
    );
    expect(known.toSorted()).toEqual([
      'actors/sequencer/venue-route.ts imports venues/dry-run/dry-run-port.ts',
      'venues/registry.ts imports venues/kraken/kraken.ts',
    ]);
  });

  test('legs are made by the model of their venue, which alone knows its fee and its rounding', () => {
    const makers = (path: string) => files.filter((file) => importsOf(file).includes(path)).map((file) => file.path);
    expect(makers('market/legs/ladder-leg.ts')).toEqual(['market/legs/ladder-legs.ts']);
    expect(makers('market/legs/ladder-legs.ts').filter((path) => !path.startsWith('venues/'))).toEqual([]);
    expect(found((file) => /PPM - BigInt\(|1_000_000n? - fee/.test(codeOf(file)))).toEqual([
      'actors/detector/market-view.ts', // the screen's floats, which decide nothing
      'market/legs/ladder-leg.ts',
      'market/legs/ladder-legs.ts',
    ]);
  });

  test('a strategy is pure: it sees the market through its view, and no ring, clock, counter or log', () => {
    const strategies = files.filter(({ path }) => path.startsWith('strategies/'));
    expect(strategies.length).toBeGreaterThan(5);
    const impure = /^(platform\/(clock|chance)|market\/(book-table|funds-table|fee-table|instrument-log)|shared)\b/;
    const wrong = strategies.flatMap((file) =>
      importsOf(file)
        .filter((imported) => impure.test(imported))
        .map((imported) => `${file.path} imports ${imported}`),
    );
    expect(wrong).toEqual([]);
    expect(strategies.filter((file) => /from '(node:|pino|ws)/.test(file.text)).map(({ path }) => path)).toEqual([]);
  });

  test('an actor never imports another actor', () => {
    const wrong = files.flatMap((file) => {
      const own = actorOf(file.path);
      const others = importsOf(file).filter((imported) => own !== undefined && (actorOf(imported) ?? own) !== own);
      return others.map((imported) => `${file.path} imports ${imported}`);
    });
    expect(wrong).toEqual([]);
  });

  test('only the clock module reads clocks and sets timers', () => {
    const raw = /\b(Date\.now|new Date\(\)|performance\.now|setTimeout|setInterval|process\.hrtime)\b/;
    expect(found((file) => raw.test(codeOf(file)))).toEqual(['platform/clock.ts']);
  });

  test('only the pre-trade check approves orders, and only approval makes an approved one', () => {
    expect(found((file) => /\bas (unknown as )?ApprovedOrder\b|<ApprovedOrder>/.test(codeOf(file)))).toEqual([
      'trading/approved-order.ts',
    ]);
    expect(found((file) => /\bapproveOrder\b/.test(codeOf(file)))).toEqual([
      'trading/approved-order.ts',
      'trading/pre-trade-limits.ts',
    ]);
  });

  test('only the back-off module reckons waits that grow with each failure', () => {
    const grown = /\* ?\w+ \*\* ?(?!-)[^;\n]*(nth|attempt|fail|refus|silence|denial|lookup|pause|retr)/i;
    expect(found((file) => grown.test(codeOf(file)))).toEqual([]);
  });

  test('only the chance module makes random numbers', () => {
    const raw = /\b(Math\.random|randomInt|randomUUID|randomBytes|getRandomValues)\b/;
    expect(found((file) => raw.test(codeOf(file)))).toEqual(['platform/chance.ts']);
  });

  test('every counter, event, reason and error code in a table is used by somebody', () => {
    const tables = {
      'runtime/counter-names.ts': [...RUNTIME_COUNTERS, ...Object.values(ACTOR_COUNTERS).flat()],
      'runtime/records/audit-events.ts': [...AUDIT_EVENTS],
      'messages/market-messages.ts': [...INVALID_REASONS],
      'messages/execution-message.ts': [...PLAN_REASONS, ...PLAN_OUTCOMES],
      'trading/trading-gate.ts': [...GATE_REASONS],
      'platform/errors.ts': Object.keys(ERRORS),
    };
    const users = files.filter(({ path }) => !Object.keys(tables).includes(path)).map(codeOf);
    const names = Object.values(tables).flat();
    expect(names.filter((name) => !users.some((code) => code.includes(`'${name}'`)))).toEqual([]);
  });

  test('what a machine file says about states does no input or output', () => {
    const machines = files.filter(({ path }) => /machine\.ts$/.test(path));
    expect(machines.length).toBeGreaterThan(2);
    const io = /from '(node:|ws|@duckdb|pino|undici)/;
    expect(machines.filter((file) => io.test(file.text)).map(({ path }) => path)).toEqual([]);
  });

  test(`no file has more than ${FILE_LINES_MAX} lines`, () => {
    const long = files.map(({ path, text }) => ({ path, lines: linesIn(text) }));
    const tooLong = long.filter(({ lines }) => lines > FILE_LINES_MAX).map(({ path }) => path);
    expect(tooLong.toSorted()).toEqual(STILL_TOO_LONG);
  });

  test(`no function has more than ${FUNCTION_LINES_MAX} lines`, () => {
    const functions = files.flatMap(({ path, text }) => functionsOf(text).map((one) => ({ path, ...one })));
    expect(functions.length).toBeGreaterThan(2_000);
    const long = functions.filter(({ length }) => length > FUNCTION_LINES_MAX);
    expect(long.map(({ path, line, length }) => `src/${path}:${line} has ${length} lines`)).toEqual([]);
  }, 60_000);

  test(`no folder has more than ${FOLDER_FILES_MAX} files`, () => {
    const folders = Map.groupBy(files, ({ path }) => posix.dirname(path));
    const full = [...folders].filter(([, inside]) => inside.length > FOLDER_FILES_MAX);
    expect(full.map(([folder, inside]) => `src/${folder} has ${inside.length} files`)).toEqual([]);
  });

  test('no two files have one name, but for what begins an actor', () => {
    const names = Map.groupBy(files, ({ path }) => posix.basename(path));
    const twice = [...names].filter(([name, inside]) => name !== 'actor.ts' && inside.length > 1);
    expect(twice.flatMap(([, inside]) => inside.map(({ path }) => path))).toEqual([]);
  });

  test('no file imports itself by way of others', () => {
    expect(importCircles(files)).toEqual(STILL_CIRCULAR);
  });

  test('the path of a file URL is asked of fileURLToPath: as it stands in the URL it is escaped, and wrong on some systems', () => {
    const all = (['src', 'tests', 'bench'] as const).flatMap((folder) =>
      sourceFiles(folder).map((file) => ({ ...file, path: `${folder}/${file.path}` })),
    );
    const usesFileUrl = /import\.meta\.url|pathToFileURL|['"`]file:/;
    const wrong = all.filter((file) => usesFileUrl.test(file.text) && /\bpath[n]ame\b/.test(codeOf(file)));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});
