import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { createActor } from '../../../src/actors/persistence/actor.ts';
import { loadMigrations, type Migration, migrate } from '../../../src/actors/persistence/database/migrations.ts';
import { createRecordStage, started } from '../../support/record-stage.ts';
import { readStored } from '../../support/stored-records.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const migration = (number: number, sql: string): Migration => ({ number, name: `step-${number}`, sql, checksum: sql });

async function connect(file = ':memory:') {
  const instance = await DuckDBInstance.create(file);
  return { instance, connection: await instance.connect() };
}

test('migrations are applied in order, once, and only what is new', async () => {
  const { connection } = await connect();
  const steps = [
    migration(1, 'CREATE TABLE a (x INTEGER)'),
    migration(2, 'INSERT INTO a VALUES (1); INSERT INTO a VALUES (2)'),
  ];
  expect(await migrate(connection, steps.slice(0, 1), 7n)).toEqual([1]);
  expect(await migrate(connection, steps, 8n)).toEqual([2]);
  expect(await migrate(connection, steps, 9n)).toEqual([]);
  const rows = await connection.runAndReadAll(
    'SELECT number, name, epoch_ns(applied_at) FROM schema_migrations ORDER BY 1',
  );
  expect(rows.getRows()).toEqual([
    [1, 'step-1', 7n],
    [2, 'step-2', 8n],
  ]);
  expect((await connection.runAndReadAll('SELECT count(*) FROM a')).getRows()).toEqual([[2n]]);
});

test('a migration that fails leaves nothing of itself behind', async () => {
  const { connection } = await connect();
  const broken = migration(1, 'CREATE TABLE a (x INTEGER); INSERT INTO nowhere VALUES (1)');
  await expect(migrate(connection, [broken], 1n)).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
  expect((await connection.runAndReadAll('SELECT table_name FROM duckdb_tables()')).getRows()).toEqual([
    ['schema_migrations'],
  ]);
  expect(await migrate(connection, [migration(1, 'CREATE TABLE a (x INTEGER)')], 1n)).toEqual([1]);
});

test('an applied migration with another text now is refused', async () => {
  const { connection } = await connect();
  await migrate(connection, [migration(1, 'CREATE TABLE a (x INTEGER)')], 1n);
  const edited = migration(1, 'CREATE TABLE a (x BIGINT)');
  await expect(migrate(connection, [edited], 1n)).rejects.toMatchObject({ code: 'DATABASE_MIGRATION_CHANGED' });
});

test('a database that is newer than the build is refused, and stays as it is', async () => {
  const { stage, file } = createRecordStage();
  await (await started(createActor(stage.context))).onStop();
  const { instance, connection } = await connect(file);
  await connection.run("INSERT INTO schema_migrations VALUES (99, 'from-the-future', 'x', now()::TIMESTAMP_NS)");
  connection.closeSync();
  instance.closeSync();
  await expect(createActor(stage.successor()).onStart()).rejects.toMatchObject({
    code: 'DATABASE_TOO_NEW',
    message: expect.stringContaining('version 99'),
  });
  expect(await readStored(file, 'SELECT count(*) AS boots FROM boots')).toEqual([{ boots: 1n }]);
});

test('migration files without a number, or with one left out, are refused', () => {
  const directory = temporaryDirectory();
  const url = pathToFileURL(`${directory}/`);
  writeFileSync(path.join(directory, '0001-first.sql'), 'SELECT 1');
  expect(loadMigrations(url)).toMatchObject([{ number: 1, name: 'first', sql: 'SELECT 1' }]);
  writeFileSync(path.join(directory, '0003-third.sql'), 'SELECT 3');
  expect(() => loadMigrations(url)).toThrow(expect.objectContaining({ code: 'DATABASE_MIGRATION_INVALID' }));
});

test('the migrations that ship have the checksums they were released with', () => {
  // Add a line for a new migration. Never change one: databases that have applied it would be refused.
  expect(loadMigrations().map(({ number, name, checksum }) => [number, name, checksum])).toEqual([
    [1, 'records', 'ecd8ca4b935338c97143722a2f8133ddfedf08cf99b860e8704e911ea8a2da09'],
    [2, 'trading', 'aca04159aba0e123ceede279e78a360d9b5b550f8fee7a5c29524e460cf6b1ef'],
    [3, 'lost-orders', '0524764ddeeac1454889c2515c3e009b3f8e9400c60a2fae063d5714855db89f'],
    [4, 'plan-marks', '2809e26244c5803bf1bcd6419c4c76d192909c487e5d60a1f9cae773fc0ef584'],
    [5, 'taken-over', '93cd0f180eeed37373f4abc527a61b2b9504f5620f0208b2fc467ce9c66034a5'],
    [6, 'account-readings', 'c7f086121fa1a1076541a615e1df13902537ce4efae04341481baa1bf41df338'],
    [7, 'flatten', 'ae66b8302045424e70c63a926d89dc0309a94c66374c9e073afa21d71b870bef'],
  ]);
});
