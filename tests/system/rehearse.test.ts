/** `arbitrade rehearse`: one command that trades live on the practice exchange, operated from another terminal. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runToEnd, start, until } from '../support/arbitrade.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

test('it trades with the key and the settings that it made, answers on their control socket, and its books agree', async () => {
  const folder = join(temporaryDirectory(), 'a rehearsal');
  const running = start(['rehearse', '--folder', folder, '--speed', '5', '--seed', '1', '--json']);
  const settings = join(folder, 'arbitrade.yaml');
  await running.says(settings);
  const statusOf = async () => JSON.parse((await runToEnd(['status', '--config', settings, '--json'])).stdout || '{}');
  await until(async () => {
    if (running.process.exitCode !== null) throw new Error(`it ended: ${running.stderr()}`);
    return ((await statusOf()).plans?.completed ?? 0) >= 2;
  });
  const halted = await runToEnd(['halt', '--config', settings, '--reason', 'the rehearsal is over']);
  expect(halted).toMatchObject({ code: 0, stdout: expect.stringContaining('halted') });
  running.process.kill('SIGTERM');
  const { code, stdout, stderr } = await running.ended;
  expect(code).toBe(0);
  const { reconciliation, trading } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect(trading.mode).toBe('live');
  expect(reconciliation.agrees).toBe(true);
  expect(reconciliation.fills.exchange).toBeGreaterThan(0);
  const secret = /^secret: (.*)$/m.exec(readFileSync(join(folder, 'key.yaml'), 'utf8'))?.[1] ?? '';
  expect(secret.length).toBeGreaterThan(20);
  expect(stdout + stderr).not.toContain(secret);
});

test('a folder in which something is already is refused, and left as it is', async () => {
  const folder = temporaryDirectory();
  mkdirSync(join(folder, 'mine'));
  writeFileSync(join(folder, 'mine', 'notes'), 'x');
  const { code, stderr } = await runToEnd(['rehearse', '--folder', join(folder, 'mine')]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/OPTION_INVALID: --folder: expected a folder that is new or empty/);
  expect(readdirSync(join(folder, 'mine'))).toEqual(['notes']);
});
