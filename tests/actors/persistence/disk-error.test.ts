import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createActor } from '../../../src/actors/persistence/actor.ts';
import { createRecordStage, started, turnUntil } from '../../support/record-stage.ts';
import { readRecordNumbers, readStored, upTo } from '../../support/stored-records.ts';

const PRLIMIT_MISSING = spawnSync('prlimit', ['--version']).status !== 0;

// A limit on the size of files makes the kernel refuse the database process's next write, as a full disk does.
test.skipIf(PRLIMIT_MISSING)('a disk that refuses a commit loses nothing (needs prlimit of util-linux)', async () => {
  const { stage, file, writer } = createRecordStage({ persistence: { batch_rows_max: 100 } });
  const actor = await started(createActor(stage.context));
  const { counters } = stage.context;
  const records = writer('detector');
  for (let index = 0; index < 100; index++) records.tryAudit('book_invalid');
  await turnUntil(actor, () => counters.get('commits') === 1);

  const databaseProcess = new DataView(stage.context.ownMemory).getFloat64(8, true);
  execFileSync('prlimit', ['--pid', String(databaseProcess), `--fsize=${statSync(`${file}.wal`).size}:unlimited`]);
  for (let index = 0; index < 250; index++) records.tryAudit('book_invalid');
  await turnUntil(actor, () => counters.get('commit_failures') === 1);
  expect(stage.consumer('detector_records').available(), 'what failed is still on the ring').toBe(250);

  await turnUntil(actor, () => {
    stage.clock.advanceTo(stage.clock.nowNs() + 1e6); // back-off passes in virtual time
    return counters.get('commits') >= 3;
  });
  await actor.onStop();
  expect((await readRecordNumbers(file)).get('1/detector')).toEqual(upTo(350));
  const [failure] = await readStored(file, "SELECT text FROM audit_events WHERE event = 'commit_failed'");
  expect(failure?.['text']).toContain('Could not write file');
  expect(stage.logged.find(({ event }) => event === 'commit_failed')?.text).toContain('File too large');
});
