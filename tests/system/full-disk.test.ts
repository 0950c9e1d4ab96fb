/** The disk under the database is full: a file system of its own, of a few megabytes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../support/arbitrade.ts';
import { engineStage, type Stage, statusOf, untilCommitted } from '../support/running-engine.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const MIB = 1024 * 1024;

/** Whether this user may mount; in most containers only root may, and not in all. */
const CANNOT_MOUNT = (() => {
  const probe = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', '/mnt']);
  return process.getuid?.() !== 0 || probe.status !== 0;
})();

function smallDisk(megabytes: number): string {
  const folder = temporaryDirectory();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  onTestFinished(() => void spawnSync('umount', ['-l', folder]));
  return folder;
}

/** Takes what is free, but for a little. */
function fill(folder: string): string {
  const { bavail, bsize } = statfsSync(folder);
  const ballast = join(folder, 'ballast');
  writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 64 * 1024)));
  return ballast;
}

interface GateStatus {
  readonly trading: string;
  readonly gate: { readonly risk: { readonly state: string; readonly reason: string } };
}
const gateOf = async (stage: Stage) => (await statusOf(stage)) as unknown as GateStatus;

async function untilPausedFor(stage: Stage, reason: string): Promise<void> {
  await until(async () => (await gateOf(stage).catch(() => undefined))?.gate.risk.reason === reason);
}

test.skipIf(CANNOT_MOUNT)('a full disk pauses trading until a commit has succeeded (needs a mount)', async () => {
  const disk = smallDisk(48);
  const stage = await engineStage({ persistence: { database: join(disk, 'records.duckdb') } });
  const running = stage.run();
  await untilCommitted(stage, 500, running);
  const ballast = fill(disk);
  await untilPausedFor(stage, 'records_stale');
  const { records } = await statusOf(stage);
  rmSync(ballast);
  await until(async () => (await gateOf(stage)).gate.risk.reason !== 'records_stale');
  expect((await statusOf(stage)).records.committed, 'a commit came before the gate').toBeGreaterThan(records.committed);
  await until(async () => (await gateOf(stage)).trading === 'active');
  running.process.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
});

test.skipIf(CANNOT_MOUNT)(
  'a disk that stays full ends the process, and the gate never opens on the way (needs a mount)',
  async () => {
    const disk = smallDisk(48);
    const stage = await engineStage({
      persistence: { database: join(disk, 'records.duckdb') },
      // Few enough, in a time so long, that the same failure is what ends it.
      runtime: { restarts_max: 2, restarts_within_ms: 600_000 },
    });
    const running = stage.run();
    await untilCommitted(stage, 500, running);
    expect(statfsSync(disk).bavail * statfsSync(disk).bsize).toBeGreaterThan(MIB);
    fill(disk);
    await untilPausedFor(stage, 'records_stale');
    const seen = new Set<string>();
    await until(async () => {
      const status = await gateOf(stage).catch(() => undefined); // it has ended, or is about to
      if (status !== undefined) seen.add(status.trading);
      return running.process.exitCode !== null;
    });
    expect((await running.ended).code).toBe(3);
    expect(seen).not.toContain('active');
    expect(running.stdout()).toMatch(/RESTARTS_|restarts|in a row for the same reason/);
  },
);
