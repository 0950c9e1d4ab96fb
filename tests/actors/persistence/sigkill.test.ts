import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadMigrations } from '../../../src/actors/persistence/database/migrations.ts';
import { freshSeed, seededChance } from '../../../src/platform/chance.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { readRecordNumbers, readStored, upTo } from '../../support/stored-records.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const PROGRAM = fileURLToPath(new URL('./fixtures/recording-process.ts', import.meta.url));
const RUNS = 6;

interface Kill {
  /** After so many lines of the program … */
  readonly lines: number;
  /** … and so many more turns of our event loop. */
  readonly turns: number;
  /** The database process too, at the same moment; otherwise it notices that its program is gone. */
  readonly wholeGroup: boolean;
}

/** @returns the number up to which the program had reported that everything is committed. */
async function runAndKill(database: string, { lines, turns, wholeGroup }: Kill): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, database], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  let committed = 0;
  let seen = 0;
  const closed = once(child, 'close');
  const output = createInterface({ input: child.stdout });
  const enough = new Promise<void>((resolve) => {
    output.on('line', (line) => {
      committed = Number(line.slice('committed '.length));
      if (++seen >= lines) resolve();
    });
  });
  await Promise.race([enough, closed]);
  for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  expect(child.exitCode, 'the program was alive until it was killed').toBeNull();
  const pid = child.pid as number;
  process.kill(wholeGroup ? -pid : pid, 'SIGKILL');
  await closed;
  return committed; // lines that were still in the pipe are counted too
}

/** The database process closes the file once it notices that its program is gone. */
async function readWhenClosed<T>(read: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await read();
    } catch (thrown) {
      if (!/lock/i.test(String(thrown))) throw thrown;
    }
    await new Promise<void>((resolve) => systemClock.after(5, resolve));
  }
}

test('SIGKILL at any moment: nothing committed is lost, nothing is doubled, migrations do not run again', async () => {
  const seed = freshSeed();
  console.log(`seed ${seed}`);
  const chance = seededChance(seed);
  const database = path.join(temporaryDirectory(), 'records.duckdb');
  let migratedAt: unknown;
  for (let run = 1; run <= RUNS; run++) {
    const committed = await runAndKill(database, {
      lines: 1 + chance.integer(20),
      turns: chance.integer(500),
      wholeGroup: run % 2 === 0,
    });
    const numbers = await readWhenClosed(() => readRecordNumbers(database));
    for (const source of ['feed', 'detector', 'risk']) {
      const found = numbers.get(`${run}/${source}`) ?? [];
      expect(found.length, `run ${run}, seed ${seed}: ${source}`).toBeGreaterThanOrEqual(committed);
      expect(found, `run ${run}, seed ${seed}: ${source}`).toEqual(upTo(found.length));
    }
    const [applied] = await readStored(
      database,
      'SELECT max(applied_at)::VARCHAR AS at, count(*) AS n FROM schema_migrations',
    );
    migratedAt ??= applied?.['at'];
    expect(applied).toEqual({ at: migratedAt, n: BigInt(loadMigrations().length) });
  }
  expect(await readStored(database, 'SELECT count(*) AS boots FROM boots')).toEqual([{ boots: BigInt(RUNS) }]);
});
