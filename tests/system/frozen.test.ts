/** The whole process is stopped and continued, as by a paused virtual machine: no one is killed for it. */
import { expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { tradingStage } from '../support/trading-stage.ts';

/** More than twice the default of `runtime.hang_limit_ms`. */
const FROZEN_MS = 5_000;

const wait = (ms: number) => new Promise<void>((resolve) => systemClock.after(ms, resolve));

test('stopped for several times the hang limit and continued, every actor lives on, and trading goes on', async () => {
  const stage = await tradingStage();
  const running = stage.run(['live', '--key', stage.account.name]);
  await running.says(/"plan_ended"/);
  for (let round = 0; round < 2; round++) {
    const before = running.stdout().length;
    process.kill(-(running.process.pid ?? 0), 'SIGSTOP');
    await wait(FROZEN_MS);
    process.kill(-(running.process.pid ?? 0), 'SIGCONT');
    const said = () => (running.stdout() + running.stderr()).slice(before);
    await running.says(/process_stalled/);
    while (!said().includes('"plan_ended"')) {
      expect(running.process.exitCode).toBeNull();
      await wait(50);
    }
  }
  running.process.kill('SIGTERM');
  const { stdout, stderr } = await running.ended;
  expect(stdout + stderr).not.toMatch(/actor_hung|actor_restarted|actor_failed/);
});
