/** `halt` from any folder, of a process that answers, one that does not, and one that is not there. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { runToEnd, until } from '../support/arbitrade.ts';
import { engineStage, statusOf, untilCommitted } from '../support/running-engine.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A stage whose settings name their files as a person does, in a folder with a space. */
async function stageWithRelativePaths() {
  const stage = await engineStage();
  const folder = join(temporaryDirectory(), 'my arbitrade');
  mkdirSync(folder);
  const config = join(folder, 'run.yaml');
  const { risk: _, control: __, ...settings } = parse(readFileSync(stage.config, 'utf8'));
  writeFileSync(config, stringify({ ...settings, persistence: { database: 'records.duckdb' } }));
  const socket = join(folder, 'arbitrade.sock');
  return { ...stage, config, socket, database: join(folder, 'records.duckdb'), killSwitch: `${socket}.halt`, folder };
}

test('a halt finds its process from another folder, and one that hangs is halted by the file', async () => {
  const base = await stageWithRelativePaths();
  const elsewhere = temporaryDirectory();
  const env = { XDG_RUNTIME_DIR: temporaryDirectory() };
  const stage = { ...base };
  const running = base.run(['--config', base.config], { cwd: elsewhere, env });
  const ask = (command: string, ...args: string[]) =>
    runToEnd([command, '--config', base.config, ...args], { cwd: elsewhere, env });
  await untilCommitted(stage, 20, running);
  await until(async () => (await statusOf(stage)).trading === 'active');
  const database = await runToEnd(['config', 'check', '../run.yaml'], { cwd: mkdirIn(base.folder), env });
  expect(JSON.parse(database.stdout)).toMatchObject({
    control: { socket: base.socket },
    persistence: { database: base.database },
    risk: { kill_switch_file: base.killSwitch },
  });

  const long = `${'strange prices '.repeat(20)}!`;
  const byConfig = await ask('halt', '--reason', long, '--by', 'ana');
  expect(byConfig).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^halted: strange prices .*cut after 160 bytes/),
  });
  expect((await statusOf(stage)).trading).toBe('halted');
  const unnamed = await runToEnd(['resume', '--reason', 'looked'], { cwd: elsewhere, env });
  expect(unnamed).toMatchObject({ code: 4, stderr: expect.stringContaining(`--config ${base.config}`) });
  expect(await ask('resume', '--reason', 'looked')).toMatchObject({ code: 0 });
  await until(async () => (await statusOf(stage)).trading === 'active');
  expect(await ask('resume', '--reason', 'again')).toMatchObject({ code: 6, stderr: expect.stringMatching(/refused/) });

  const pid = Number(JSON.parse(readFileSync(`${base.socket}.run`, 'utf8')).pid);
  process.kill(pid, 'SIGSTOP');
  const hung = await ask('halt', '--reason', 'it hangs', '--by', 'ana');
  process.kill(pid, 'SIGCONT');
  expect(hung).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(
      new RegExp(`is running \\(process ${pid}, mode paper, last heartbeat \\d+\\.\\d s ago\\) but does not answer`),
    ),
  });
  expect(hung.stderr).toContain(`the kill-switch file ${base.killSwitch} was made`);
  expect(readFileSync(base.killSwitch, 'utf8')).toBe('halt by ana: it hangs\n');
  await until(async () => (await statusOf(stage).catch(() => undefined))?.trading === 'halted');
  const refused = await ask('resume', '--reason', 'it goes on');
  expect(refused).toMatchObject({ code: 6, stderr: expect.stringContaining(`${base.killSwitch} is still there`) });
  rmSync(base.killSwitch);
  expect(await ask('resume', '--reason', 'it goes on')).toMatchObject({ code: 0 });
  await until(async () => (await statusOf(stage)).trading === 'active');

  process.kill(pid, 'SIGTERM');
  await running.ended;
  expect(existsSync(`${base.socket}.run`)).toBe(false);
  expect(await ask('status')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining(base.socket),
  });
  const late = await ask('halt', '--reason', 'before the next start');
  expect(late).toMatchObject({ code: 4, stderr: expect.stringContaining(`${base.killSwitch} was made`) });
  expect(existsSync(base.killSwitch)).toBe(true);
});

function mkdirIn(folder: string): string {
  const inner = join(folder, 'inner');
  mkdirSync(inner);
  return inner;
}
