/** A person and the running process: status, halt, resume, and what is refused. All through the command line. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { leftOf, runToEnd, until } from '../support/arbitrade.ts';
import { engineStage, statusOf, untilCommitted } from '../support/running-engine.ts';
import { readStored } from '../support/stored-records.ts';

/** Each test starts many processes, and a loaded machine starts them slowly. */
test('status, halt and resume reach the running process, and each command is recorded', async () => {
  const stage = await engineStage();
  const ask = (...args: string[]) => runToEnd([...args, '--config', stage.config]);
  const running = stage.run();
  await untilCommitted(stage, 50, running);
  await until(async () => (await statusOf(stage)).trading === 'active');

  const status = await ask('status', '--json');
  expect(status.code).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({ mode: 'paper', trading: 'active', venue: 'online', restarts: 0 });
  const words = await ask('status');
  expect(words.code).toBe(0);
  expect(words.stdout).toMatch(/^trading +active$/m);
  const lines = words.stdout.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(40);
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(120);

  const halted = await ask('halt', '--reason', 'going home', '--by', 'ana');
  expect(halted).toMatchObject({ code: 0, stderr: '' });
  expect((await statusOf(stage)).trading).toBe('halted');

  writeFileSync(stage.killSwitch, '');
  const refused = await ask('resume', '--reason', 'back again', '--by', 'ana');
  expect(refused).toMatchObject({ code: 6, stdout: '', stderr: expect.stringMatching(/resume was refused: .*kill/i) });
  expect((await statusOf(stage)).trading).toBe('halted');

  rmSync(stage.killSwitch);
  expect(await ask('resume', '--reason', 'checked the books', '--by', 'bo')).toMatchObject({ code: 0, stderr: '' });
  await until(async () => (await statusOf(stage)).trading === 'active');

  expect((await ask('resume')).code, 'a reason must be given').toBe(2);
  expect((await ask('resume', '--reason', ' ')).code, 'and not be blank').toBe(1);
  running.process.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);

  const trail = await readStored(
    stage.database,
    "SELECT text FROM audit_events WHERE event = 'operator_command' ORDER BY record_seq",
  );
  expect(trail).toEqual([
    { text: 'halt by ana: going home (done)' },
    { text: expect.stringMatching(/^resume by ana: back again \(refused: .*kill/i) },
    { text: 'resume by bo: checked the books (done)' },
  ]);
  const unreachable = await ask('status');
  expect(unreachable).toMatchObject({ code: 4, stderr: expect.stringContaining(stage.socket) });
});

test('a second run on the same database or the same control socket is refused, and the first goes on', async () => {
  const stage = await engineStage();
  const first = stage.run();
  await untilCommitted(stage, 50, first);

  const sameDatabase = stage.run();
  expect(await sameDatabase.ended).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /DATABASE_LOCKED: .*records\.duckdb is in use by process \d+ \(.*\); stop that arbitrade/,
    ),
  });
  const other = { ...parse(readFileSync(stage.config, 'utf8')), persistence: { database: `${stage.database}.other` } };
  const otherConfig = join(stage.config, '..', 'other.yaml');
  writeFileSync(otherConfig, stringify(other));
  const sameSocket = stage.run(['--config', otherConfig]);
  expect(await sameSocket.ended).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/CONTROL_SOCKET_TAKEN: .*another arbitrade answers there/),
  });
  for (const refused of [sameDatabase, sameSocket]) expect(leftOf(refused.process)).toEqual([]);
  expect(existsSync(`${stage.database}.other`), 'nothing was started').toBe(false);

  const { records } = await statusOf(stage);
  await untilCommitted(stage, records.committed + 100, first);
  first.process.kill('SIGTERM');
  expect((await first.ended).code).toBe(0);
});
