/** What the engine writes is its user's alone, and what is not so already is refused before anything is started. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { runToEnd, until } from '../support/arbitrade.ts';
import { engineStage, untilCommitted } from '../support/running-engine.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);

test('database, log and socket are 0600 while it runs, whatever the umask of the shell', async () => {
  const stage = await engineStage();
  const shell = ['bash', '-c', 'umask 000; exec "$@"', 'shell', process.execPath, 'bin/arbitrade.mjs'] as const;
  const running = stage.run([], { command: [...shell] });
  await untilCommitted(stage, 100, running);
  await until(() => readdirSync(join(stage.database, '..')).some((name) => name.endsWith('.wal')));
  for (const file of [stage.database, `${stage.database}.wal`, stage.socket]) expect(modeOf(file), file).toBe('600');
  running.process.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
});

test('a recording is 0600 too', async () => {
  const stage = await engineStage();
  const out = join(temporaryDirectory(), 'capture.jsonl');
  const { code } = await runToEnd(['record', '--config', stage.config, '--out', out, '--for', '1s'], {
    command: ['bash', '-c', 'umask 000; exec "$@"', 'shell', process.execPath, 'bin/arbitrade.mjs'],
  });
  expect(code).toBe(0);
  expect(modeOf(out)).toBe('600');
});

function exposed(file: string, mode: number): void {
  writeFileSync(file, '');
  chmodSync(file, mode);
}

interface Refused {
  readonly database: string;
  readonly config: string;
}

function stageOf(change: (folder: string, database: string) => void): Refused {
  const folder = join(temporaryDirectory(), "it's here"); // what is to be typed is quoted for a shell
  mkdirSync(folder, { mode: 0o700 });
  const database = join(folder, 'records.duckdb');
  const config = join(folder, 'run.yaml');
  const control = { socket: join(folder, 's') };
  writeFileSync(config, stringify({ mode: 'paper', persistence: { database }, control }));
  change(folder, database);
  return { database, config };
}

test.each<[string, (folder: string, database: string) => void, RegExp]>([
  ['a database that others can read', (_, file) => exposed(file, 0o644), /mode 0644.*chmod 600 '/],
  [
    'a log of it that the group can read',
    (_, file) => exposed(`${file}.wal`, 0o640),
    /records\.duckdb\.wal is open to others \(mode 0640\)/,
  ],
  ['a folder in which others can write', (folder) => chmodSync(folder, 0o777), /mode 0777.*chmod go-w '/],
  ['a folder in which the group can write', (folder) => chmodSync(folder, 0o770), /mode 0770.*chmod go-w '/],
])('%s is refused with what to do', async (_, change, words) => {
  const { config } = stageOf(change);
  const { code, stderr } = await runToEnd(['run', '--config', config]);
  expect(stderr).toContain('FILE_EXPOSED: ');
  expect(stderr).toMatch(words);
  expect(code).toBe(2);
});

test.each<[string, Record<string, unknown>, string]>([
  ['persistence', { database: '/nowhere/at/all.duckdb' }, 'persistence.database: /nowhere/at/all.duckdb'],
  ['control', { socket: '/nowhere/s' }, 'control.socket: /nowhere/s'],
])('%s at %j is refused by the name of its setting', async (section, value, words) => {
  const { config } = stageOf(() => undefined);
  writeFileSync(config, stringify({ ...parse(readFileSync(config, 'utf8')), [section]: value }));
  const { code, stderr } = await runToEnd(['run', '--config', config]);
  expect(stderr).toContain(`OUTPUT_UNWRITABLE: ${words}`);
  expect(code).toBe(2);
});

const CAPTURE = join(import.meta.dirname, '..', 'fixtures/kraken/ws2_book_d25_BTCUSD_20260802.cap.jsonl.gz');

test.each([
  [['replay', CAPTURE, '--opportunities', '/nowhere/found.jsonl'], 'OUTPUT_UNWRITABLE: --opportunities'],
  [['replay', CAPTURE, '--opportunities', '/tmp'], 'OUTPUT_UNWRITABLE: --opportunities'],
  [['replay', CAPTURE, '--database', '/nowhere/r.duckdb'], 'OUTPUT_UNWRITABLE: --database'],
  [['record', '--config', 'config/paper.yaml', '--out', '/nowhere/c.jsonl'], 'OUTPUT_UNWRITABLE: --out'],
  [['practice', '--capture', '/nowhere/c.jsonl'], 'OPTION_INVALID: --capture'],
  [['practice', '--capture', CAPTURE, '--accounts', '/tmp'], 'OPTION_INVALID: --accounts'],
  [['demo', '--capture', '/nowhere/c.jsonl'], 'OPTION_INVALID: --capture'],
])('%j is refused by the name of its option', async (args, words) => {
  const { code, stderr } = await runToEnd(args);
  expect(stderr).toContain(words);
  expect(code).toBe(2);
});
