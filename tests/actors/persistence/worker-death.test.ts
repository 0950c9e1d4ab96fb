import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { createActor } from '../../../src/actors/persistence/actor.ts';
import { freshSeed, seededChance } from '../../../src/platform/chance.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { createRecordStage, RING_SOURCES, started } from '../../support/record-stage.ts';
import { readRecordNumbers, upTo } from '../../support/stored-records.ts';

const WORKER = new URL('./fixtures/recording-worker.ts', import.meta.url);
const DEATHS = 8;

test('a thread ended by force at any moment leaves the process alive, no gap and no double', async () => {
  const seed = freshSeed();
  console.log(`seed ${seed}`);
  const chance = seededChance(seed);
  const { stage, file, writer } = createRecordStage({
    config: { limits: { records_ring: 256 } },
    persistence: { batch_rows_max: 128, commit_interval_ms: 1 },
  });
  const writers = RING_SOURCES.map(writer);
  const fill = () => {
    for (const records of writers) while (records.tryAudit('none', { a: records.seq }));
  };
  const { counters, config } = stage.context;
  for (let death = 0; death < DEATHS; death++) {
    const worker = new Worker(WORKER, { workerData: { memory: stage.memory, config, isSuccessor: death > 0 } });
    const commits = counters.get('commits') + 1 + chance.integer(10);
    while (counters.get('commits') < commits) {
      fill();
      await new Promise<void>((resolve) => systemClock.after(1, resolve));
    }
    for (let turn = chance.integer(300); turn > 0; turn--) await new Promise<void>((resolve) => setImmediate(resolve));
    await worker.terminate();
  }
  await (await started(createActor(stage.successor()))).onStop();

  const numbers = await readRecordNumbers(file);
  for (const [index, source] of RING_SOURCES.entries()) {
    const written = writers[index]!.seq;
    expect(written, 'records went on being written').toBeGreaterThan(256);
    expect(numbers.get(`1/${source}`), `seed ${seed}: ${source}`).toEqual(upTo(written));
  }
  expect(counters.get('records_committed')).toBe(counters.get('records_received'));
  expect(counters.get('rows')).toBe(counters.get('records_committed')); // audit records: a row each
});
