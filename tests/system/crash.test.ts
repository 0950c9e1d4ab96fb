/** The whole program dies without warning, again and again: the next start finds everything that was committed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readStoredCauses } from '../../src/actors/persistence/stored/read-gate-causes.ts';
import { askControl } from '../../src/control/control-client.ts';
import { freshSeed, seededChance } from '../../src/platform/chance.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { leftOf, type Running, runToEnd, until } from '../support/arbitrade.ts';
import { engineStage, type Stage, statusOf, untilCommitted } from '../support/running-engine.ts';
import { readRecordNumbers, readStored, upTo } from '../support/stored-records.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const DEATHS = 4;
const HALTED_BEFORE_DEATH = 2;

const runDirectly = (stage: Stage): Running => stage.run(['--json'], { command: [process.execPath, MAIN] });

/** Kills the program; its database process too, or leaves that to notice. */
async function killNow(running: Running, wholeGroup: boolean): Promise<void> {
  const { pid = 0 } = running.process;
  process.kill(wholeGroup ? -pid : pid, 'SIGKILL');
  await running.ended;
  await until(() => leftOf(running.process).length === 0); // an orphan would keep the lock
}

test('a halt that was confirmed holds, however soon the process is killed', async () => {
  const stage = await engineStage();
  const halted = runDirectly(stage);
  await untilCommitted(stage, 1, halted);
  const answer = await askControl(stage.socket, { command: 'halt', reason: 'going home', by: 'ana' });
  await killNow(halted, true);
  expect(answer).toBe('halted: going home');
  const kept = { effect: 'halted', reason: 'operator', by: 'ana', text: 'going home' };
  expect(await readStoredCauses(stage.database, systemClock)).toMatchObject([kept]);
});

test('a halt that cannot be written down holds, and its answer says so', async () => {
  const stage = await engineStage();
  const running = runDirectly(stage);
  await untilCommitted(stage, 1, running);
  const database = leftOf(running.process).find((command) => command.includes('database-process')) ?? '';
  process.kill(Number.parseInt(database, 10), 'SIGSTOP');
  const answer = await askControl(stage.socket, { command: 'halt', reason: 'going home', by: 'ana' });
  expect(answer).toBe('halted: going home; it is not on disk yet: a process that dies now forgets it');
  expect((await statusOf(stage)).trading).toBe('halted');
  await killNow(running, true);
});

test('SIGKILL at any moment: the same database opens, nothing committed is lost, a halt holds', async () => {
  const seed = freshSeed();
  console.log(`seed ${seed}`);
  const chance = seededChance(seed);
  const stage = await engineStage();
  const seen: number[] = [];
  let migratedAt: unknown;
  for (let death = 1; death <= DEATHS; death++) {
    const running = runDirectly(stage);
    const wanted = 1 + chance.integer(1_500);
    const { trading } = await untilCommitted(stage, wanted, running);
    if (death > HALTED_BEFORE_DEATH) expect(trading, `start ${death}, seed ${seed}`).toBe('halted');
    if (death === HALTED_BEFORE_DEATH) {
      const config = ['--config', stage.config];
      expect((await runToEnd(['halt', '--reason', 'going home', '--by', 'ana', ...config])).code).toBe(0);
    }
    seen.push((await statusOf(stage)).records.committed);
    for (let turn = chance.integer(300); turn > 0; turn--) await new Promise<void>((next) => setImmediate(next));
    await killNow(running, death % 2 === 0);
    expect(existsSync(stage.socket), 'the dead process leaves its socket file').toBe(true);

    const numbers = await readRecordNumbers(stage.database);
    const boots = seen.map((_, index) => [...numbers].filter(([key]) => key.startsWith(`${index + 1}/`)));
    for (const [index, sources] of boots.entries()) {
      for (const [key, found] of sources) expect(found, `${key}, seed ${seed}`).toEqual(upTo(found.length));
      const total = sources.reduce((sum, [, found]) => sum + found.length, 0);
      expect(total, `boot ${index + 1}, seed ${seed}`).toBeGreaterThanOrEqual(seen[index] as number);
    }
    const [applied] = await readStored(
      stage.database,
      'SELECT max(applied_at)::VARCHAR AS at, count(*) AS n FROM schema_migrations',
    );
    migratedAt ??= applied;
    expect(applied).toEqual(migratedAt);
  }

  const last = runDirectly(stage);
  await untilCommitted(stage, 1, last);
  expect((await statusOf(stage)).trading).toBe('halted');
  last.process.kill('SIGTERM');
  expect((await last.ended).code).toBe(0);
  expect(existsSync(stage.socket)).toBe(false);
  const wrong = 'SELECT * FROM record_completeness WHERE missing + doubled > 0';
  expect(await readStored(stage.database, wrong)).toEqual([]);
  expect(await readStored(stage.database, 'SELECT count(*) AS n FROM boots')).toEqual([{ n: BigInt(DEATHS + 1) }]);
});
