/** A database that cannot be read says what is to be done, and is left as it is. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../src/actors/persistence/database/open-database.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const LIBRARY = import.meta.resolve('@duckdb/node-api');

/** Made by a process that was killed: what it had committed is in the log. */
function killedDatabase(): string {
  const file = join(temporaryDirectory(), 'records.duckdb');
  const program = `
    import { DuckDBInstance } from ${JSON.stringify(LIBRARY)};
    const instance = await DuckDBInstance.create(${JSON.stringify(file)}, { threads: '1' });
    const connection = await instance.connect();
    await connection.run('CREATE TABLE kept (number INTEGER)');
    await connection.run('CHECKPOINT');
    for (let number = 0; number < 20; number++) await connection.run('INSERT INTO kept SELECT range FROM range(100)');
    process.kill(process.pid, 'SIGKILL');
  `;
  expect(() => execFileSync(process.execPath, ['--input-type=module', '--eval', program])).toThrow(/SIGKILL|failed/);
  return file;
}

const open = (file: string) => openDatabase(file, { waitMs: 0, predecessor: 0 }, systemClock);

async function rowsOf(file: string): Promise<number> {
  const instance = await open(file);
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll('SELECT count(*) FROM kept');
  connection.closeSync();
  instance.closeSync();
  return Number(reader.getRows()[0]?.[0]);
}

function overwritten(file: string, at: number, length: number, byte: number): void {
  const bytes = readFileSync(file);
  bytes.fill(byte, at, at + length);
  writeFileSync(file, bytes);
}

test('the log of a process that was killed is whole', async () => {
  expect(await rowsOf(killedDatabase())).toBe(2_000);
});

test.each<[string, (log: string) => void]>([
  ['bytes turned over', (log) => overwritten(log, 400, 100, 0xff)],
  ['zeros, as after a power cut', (log) => overwritten(log, 0, 10_000, 0)],
  ['something else altogether', (log) => writeFileSync(log, 'hello, hello\n'.repeat(100))],
])('a log with %s is refused, and left as it is', async (_, damage) => {
  const file = killedDatabase();
  const log = `${file}.wal`;
  damage(log);
  const before = readFileSync(log);
  await expect(open(file)).rejects.toMatchObject({
    code: 'DATABASE_LOG_DAMAGED',
    message: expect.stringContaining(`mv ${log} ${log}.damaged`),
  });
  expect(readFileSync(log).equals(before)).toBe(true);
  copyFileSync(log, `${log}.damaged`); // what the message says to do
  execFileSync('mv', [log, `${log}.damaged`]);
  expect(await rowsOf(file)).toBe(0);
});

test.each<[string, (file: string) => void]>([
  ['no database', (file) => writeFileSync(file, 'hello\n'.repeat(4_000))],
  ['damaged', (file) => overwritten(file, 4_096, 100, 0xff)],
  ['cut off', (file) => writeFileSync(file, readFileSync(file).subarray(0, 5_000))],
])('a file that is %s is refused', async (_, damage) => {
  const file = killedDatabase();
  execFileSync('mv', [`${file}.wal`, `${file}.aside`]);
  damage(file);
  await expect(open(file)).rejects.toMatchObject({ code: 'DATABASE_DAMAGED', message: expect.stringContaining(file) });
  expect(existsSync(file)).toBe(true);
});
