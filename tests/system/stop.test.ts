/** However a run is ended, it ends by itself, with exit code 0, everything committed and nothing left behind. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { type Ended, leftOf, programOf, type Running, runToEnd, start, until } from '../support/arbitrade.ts';
import { engineStage, type Stage, untilCommitted } from '../support/running-engine.ts';
import { readRecordNumbers, readStored, upTo } from '../support/stored-records.ts';

/** Each test starts many processes, and a loaded machine starts them slowly. */
const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
/** The program stops within 2 s; a loaded machine gets more before a test fails. */
const STOP_WITHIN_MS = 10_000;

/** Sends the signals in a row, and waits for the end. @returns what came of it; prints how long it took. */
async function stopBy(running: Running, signals: readonly NodeJS.Signals[], pid = running.process.pid): Promise<Ended> {
  const sentNs = systemClock.nowNs();
  for (const signal of signals) process.kill(pid as number, signal);
  const late = new Promise<never>((_, reject) => {
    const cancel = systemClock.after(STOP_WITHIN_MS, () => reject(new Error(`still runs: ${leftOf(running.process)}`)));
    void running.ended.then(cancel);
  });
  const ended = await Promise.race([running.ended, late]);
  console.log(`${signals.join(' ')}: ended after ${Math.round((systemClock.nowNs() - sentNs) / 1e6)} ms`);
  return ended;
}

/** One line of JSON is the whole of `stdout`. */
function summaryIn(stdout: string) {
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(stdout);
}

async function expectCommitted(stage: Stage, { code, stdout }: Ended, running: Running): Promise<void> {
  expect(code).toBe(0);
  const { records, checksums } = summaryIn(stdout);
  expect(records.committed).toBe(records.received);
  expect(checksums.failed).toBe(0);
  expect(leftOf(running.process)).toEqual([]);
  expect(existsSync(stage.socket)).toBe(false);
  expect(existsSync(`${stage.database}.wal`)).toBe(false);
  const numbers = await readRecordNumbers(stage.database);
  for (const [source, found] of numbers) expect(found, source).toEqual(upTo(found.length));
  const total = [...numbers.values()].reduce((sum, found) => sum + found.length, 0);
  // Persistence counts its own records too; the last of them say that it closes.
  expect(total).toBe(records.committed);
  const last = "SELECT event FROM audit_events WHERE source = 'supervisor' ORDER BY record_seq DESC LIMIT 1";
  expect(await readStored(stage.database, last)).toEqual([{ event: 'process_stopping' }]);
}

test.each([['SIGINT'], ['SIGTERM'], ['SIGQUIT'], ['SIGINT', 'SIGINT'], ['SIGTERM', 'SIGTERM']] as NodeJS.Signals[][])(
  'run ends on %s (then %s) with everything committed',
  async (...signals) => {
    const stage = await engineStage();
    const running = stage.run(['--json'], { command: [process.execPath, MAIN] });
    await untilCommitted(stage, 500, running);
    await expectCommitted(stage, await stopBy(running, signals), running);
  },
);

test('run ends on SIGTERM to its launcher, as a service manager sends it, and on Ctrl-C to the whole group', async () => {
  const stage = await engineStage();
  for (const whom of ['launcher', 'group']) {
    const running = stage.run(['--json']);
    await untilCommitted(stage, 200, running);
    const { pid = 0 } = running.process;
    const ended = await (whom === 'launcher' ? stopBy(running, ['SIGTERM']) : stopBy(running, ['SIGINT'], -pid));
    expect(ended.code, whom).toBe(0);
    const { records } = summaryIn(ended.stdout);
    expect(records.committed).toBe(records.received);
    expect(leftOf(running.process)).toEqual([]);
    expect(existsSync(stage.socket)).toBe(false);
  }
});

test.each(['process_started', 'database_opened', 'risk runs', 'feed runs'])(
  'a signal while it starts, after "%s", ends it as well',
  async (word) => {
    const stage = await engineStage();
    const running = stage.run([], { command: [process.execPath, MAIN] });
    await running.says(word);
    const { code } = await stopBy(running, ['SIGTERM']);
    expect(code).toBe(0);
    expect(leftOf(running.process)).toEqual([]);
    expect(existsSync(stage.socket)).toBe(false);
    const sql = 'SELECT count(*) AS wrong FROM record_completeness WHERE missing + doubled > 0';
    expect(await readStored(stage.database, sql)).toEqual([{ wrong: 0n }]);
  },
);

test('a signal before it can listen for one leaves nothing behind either', async () => {
  const stage = await engineStage();
  const running = stage.run();
  await until(() => programOf(running.process) !== undefined);
  const { code } = await stopBy(running, ['SIGTERM']);
  expect([0, 128 + 15]).toContain(code);
  expect(leftOf(running.process)).toEqual([]);
  expect(existsSync(stage.socket)).toBe(false);
});

test('the demo ends on a signal, also through npm, and says what it did', async () => {
  for (const command of [
    [process.execPath, MAIN, 'demo'],
    ['npm', 'start', '--silent', '--'],
  ] as [string, ...string[]][]) {
    const running = start(['--speed', '20', '--loop'], { command });
    await running.says(/ready .*practice exchange/);
    await running.says(/checksums [1-9]|verified [1-9]/);
    const ended = await stopBy(running, ['SIGTERM']);
    expect(ended.code, command[0]).toBe(0);
    const [, committed, received] = /records +([\d,]+) of ([\d,]+) committed/.exec(ended.stdout) ?? [];
    expect(committed).toBe(received);
    expect(leftOf(running.process)).toEqual([]);
  }
});

test('the demo ends by itself after --for, with a summary of one line of JSON', async () => {
  const { code, stdout } = await runToEnd(['demo', '--for', '2s', '--speed', '10', '--loop', '--json']);
  expect(code).toBe(0);
  const summary = summaryIn(stdout);
  for (const field of ['frames', 'bookMessages', 'snapshots', 'instruments', 'cycles', 'evaluations']) {
    expect(summary[field], field).toBeGreaterThan(0);
  }
  expect(summary).toMatchObject({ malformed: 0, resyncs: 0, checksums: { failed: 0, skipped: 0 } });
  expect(summary.checksums.verified).toBeGreaterThan(100); // 2 s at ten times the speed: the start is not counted
  for (const field of ['opportunities', 'seconds', 'updatesPerSecond']) expect(typeof summary[field]).toBe('number');
  expect(summary.best).toEqual({
    cycle: expect.stringMatching(/^[A-Z]+\/[A-Z]+:(buy|sell)>/),
    grossMultiplier: expect.any(Number),
    netMultiplier: expect.any(Number),
  });
  expect(summary.records.committed).toBe(summary.records.received);
  expect(summary.restarts).toBe(0);
});
