/** The engine never outlives whoever started it, and every signal means what the documentation says. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { askControl } from '../../src/control/control-client.ts';
import { CAUGHT_SIGNALS, SIGNAL_MEANINGS } from '../../src/platform/caught-signals.ts';
import { LAUNCHER, leftOf, programOf, type Running, until } from '../support/arbitrade.ts';
import { engineStage, type Stage, untilCommitted } from '../support/running-engine.ts';
import { readStored } from '../support/stored-records.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

/** Everything is gone, and it went in order: the database says that it stopped, the control socket is removed. */
async function expectStoppedInOrder(stage: Stage, running: Running): Promise<void> {
  await until(() => leftOf(running.process).length === 0);
  expect(existsSync(stage.socket)).toBe(false);
  expect(existsSync(`${stage.database}.wal`)).toBe(false);
  const last = "SELECT event FROM audit_events WHERE source = 'supervisor' ORDER BY record_seq DESC LIMIT 1";
  expect(await readStored(stage.database, last)).toEqual([{ event: 'process_stopping' }]);
}

test.each<[string, readonly [string, ...string[]]]>([
  ['its launcher', [process.execPath, LAUNCHER]],
  ['npx', ['npx', 'arbitrade']],
  // Holds on to the program like a script that goes on after it.
  ['a script', ['bash', '-c', `"${process.execPath}" "${LAUNCHER}" "$@"; true`, 'script']],
  [
    'a script that runs it without the launcher',
    ['bash', '-c', `"${process.execPath}" "${MAIN}" "$@"; true`, 'script'],
  ],
])('when %s is killed, the engine stops in order', async (_, command) => {
  const stage = await engineStage();
  const running = stage.run([], { command });
  await untilCommitted(stage, 100, running);
  running.process.kill('SIGKILL');
  await expectStoppedInOrder(stage, running);
});

test('SIGTERM to npx stops the engine in order, and so does Ctrl-C at a terminal', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const stage = await engineStage();
    const running = stage.run([], { command: ['npx', 'arbitrade'] });
    await untilCommitted(stage, 100, running);
    const { pid = 0 } = running.process;
    process.kill(signal === 'SIGINT' ? -pid : pid, signal); // a terminal sends it to the whole group; npm itself takes no note
    await expectStoppedInOrder(stage, running);
  }
});

test('one that was started to stand alone outlives its starter', async () => {
  const stage = await engineStage();
  const alone = `setsid "${process.execPath}" "${LAUNCHER}" "$@" & wait`;
  const running = stage.run([], { command: ['bash', '-c', alone, 'script'] });
  await untilCommitted(stage, 100, running);
  running.process.kill('SIGKILL');
  const before = (await askControl(stage.socket, { command: 'status' })) as { frames: number };
  await until(
    async () => ((await askControl(stage.socket, { command: 'status' })) as typeof before).frames > before.frames + 50,
  );
  // It left the group that is ended with the test: end it here.
  const pids = execFileSync('pgrep', ['-f', stage.config], { encoding: 'utf8' }).trim().split('\n').map(Number);
  for (const pid of pids) process.kill(pid, 'SIGTERM');
  await until(() => !existsSync(stage.socket));
});

const meaning = (what: string) => CAUGHT_SIGNALS.filter((signal) => SIGNAL_MEANINGS[signal] === what);

test.each(meaning('stop').filter((signal) => signal !== 'SIGINT' && signal !== 'SIGTERM'))(
  '%s to the launcher stops in order, with a line that says so',
  async (signal) => {
    const stage = await engineStage();
    const running = stage.run();
    await untilCommitted(stage, 100, running);
    running.process.kill(signal);
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout).toContain(`${signal}: stopping`);
    await expectStoppedInOrder(stage, running);
  },
);

test('what does not stop it is noted in the log: nothing to reload, the state on demand; and no inspector is opened', async () => {
  const stage = await engineStage();
  const running = stage.run();
  await untilCommitted(stage, 100, running);
  running.process.kill('SIGUSR1');
  process.kill(programOf(running.process) as number, 'SIGUSR1'); // past the launcher
  for (const signal of [...meaning('note'), ...meaning('dump')].filter((signal) => signal !== 'SIGUSR1')) {
    running.process.kill(signal);
    await running.says(`${signal}: `);
  }
  await running.says('"event":"state_dumped"');
  const dump = running
    .stdout()
    .split('\n')
    .find((line) => line.includes('state_dumped')) as string;
  expect(JSON.parse(dump).state).toMatchObject({
    mode: 'paper',
    ringsUsed: expect.any(Object),
    risk: expect.any(Object),
  });
  expect(running.stdout() + running.stderr()).not.toContain('Debugger listening');
  expect(running.stdout()).toContain('there is nothing to reload');
  expect(leftOf(running.process).length).toBeGreaterThan(1);
  running.process.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
});
