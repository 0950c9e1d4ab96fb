/** While no one reads the log, everything that stops the engine works as ever, and trading pauses as the settings want it. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { askControl } from '../../src/control/control-client.ts';
import { LAUNCHER, runToEnd, until } from '../support/arbitrade.ts';
import { engineStage, type Stage } from '../support/running-engine.ts';

interface Status {
  readonly trading: string;
  readonly gate: { readonly supervisor: { readonly state: string; readonly reason: string } };
  readonly log: {
    readonly stdout: { readonly dropped: number; readonly waitingBytes: number; readonly failure?: string };
  };
}

const ask = (stage: Stage) =>
  askControl(stage.socket, { command: 'status' }).catch(() => undefined) as Promise<Status | undefined>;

/** Starts it with a log that the test reads, or does not. */
function startEngine(stage: Stage, stdout: 'pipe' | number) {
  const child = spawn(process.execPath, [LAUNCHER, 'run', '--config', stage.config], {
    stdio: ['ignore', stdout, 'ignore'],
    detached: true,
  });
  onTestFinished(() => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // it has ended, as it should
    }
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return { child, ended };
}

async function untilReason(stage: Stage, isBlocked: boolean, again: () => void = () => undefined): Promise<Status> {
  let status: Status | undefined;
  await until(async () => {
    again();
    status = await ask(stage);
    return status !== undefined && (status.gate.supervisor.reason === 'log_blocked') === isBlocked;
  });
  return status as Status;
}

test('a log that no one reads: status, halt and SIGTERM work, trading pauses and goes on with its reader', async () => {
  const stage = await engineStage({ log: { blocked_pause_ms: 300 } });
  const { child, ended } = startEngine(stage, 'pipe');
  child.stdout?.pause();
  await until(async () => (await ask(stage)) !== undefined);
  const blocked = await untilReason(stage, true, () => void child.kill('SIGUSR2')); // each a line of some kilobytes
  expect(blocked.gate.supervisor).toEqual({ state: 'paused', reason: 'log_blocked' });
  expect(blocked.trading).not.toBe('active');
  expect(blocked.log.stdout.waitingBytes).toBeGreaterThan(0);
  child.stdout?.resume();
  expect((await untilReason(stage, false)).gate.supervisor).toEqual({ state: 'active', reason: 'none' });
  child.stdout?.pause();
  await untilReason(stage, true, () => void child.kill('SIGUSR2'));
  expect(await askControl(stage.socket, { command: 'halt', reason: 'test', by: 'ana' })).toMatch(/^halted: test/);
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test('a full disk under the log ends nothing', async () => {
  const stage = await engineStage({ log: { blocked_pause_ms: 0 } });
  const full = openSync('/dev/full', 'w');
  const { child, ended } = startEngine(stage, full);
  closeSync(full);
  await until(async () => (await ask(stage))?.log.stdout.failure === 'ENOSPC');
  await until(async () => (await ask(stage))?.trading === 'active');
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test.each(['demo --speed 5 --loop', 'config schema', 'topology'])('%s | head -1 ends quietly', async (command) => {
  const [shell, flag] = ['bash', '-c'];
  const line = `"${process.execPath}" "${LAUNCHER}" ${command} | head -1; exit \${PIPESTATUS[0]}`;
  const { code, stdout, stderr } = await runToEnd([flag, line], { command: [shell] });
  expect(stderr).toBe('');
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(code).toBe(0);
});
