import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createActor } from '../../../src/actors/persistence/actor.ts';
import { loadMigrations } from '../../../src/actors/persistence/database/migrations.ts';
import { RECORD_KIND } from '../../../src/messages/record-messages.ts';
import { systemClock, VirtualClock } from '../../../src/platform/clock.ts';
import { InlineHost } from '../../../src/runtime/inline-host.ts';
import { writeRecordHead } from '../../../src/runtime/records/record-writer.ts';
import { checkConfig } from '../../../src/settings/read-config.ts';
import { topologyOf } from '../../../src/topology.ts';
import { controlOf, createRecordStage, RING_SOURCES, started, turnUntil } from '../../support/record-stage.ts';
import { readRecordNumbers, readStored, upTo } from '../../support/stored-records.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { createTestContext } from '../../support/test-context.ts';

test('records of all rings are committed without a gap, and the rings are empty only afterwards', async () => {
  const { stage, file, writer } = createRecordStage({ persistence: { batch_rows_max: 100 } });
  const actor = await started(createActor(stage.context));
  for (const source of RING_SOURCES) {
    const records = writer(source);
    for (let index = 0; index < 150; index++) records.tryAudit('book_invalid', { a: index });
  }
  const committed = () => stage.context.counters.get('records_committed');
  expect(actor.doWork()).toBe(100);
  expect(stage.consumer('feed_records').available()).toBe(150); // taken, but not given back
  expect(actor.doWork()).toBe(0); // one commit at a time
  await turnUntil(actor, () => committed() >= 900 - 100);
  stage.clock.advanceTo(stage.clock.nowNs() + 1e9);
  await turnUntil(actor, () => committed() >= 900);
  for (const source of RING_SOURCES) expect(stage.consumer(`${source}_records`).available()).toBe(0);
  await actor.onStop();

  const numbers = await readRecordNumbers(file);
  for (const source of RING_SOURCES) expect(numbers.get(`1/${source}`)).toEqual(upTo(150));
  expect(numbers.get('1/persistence')).toEqual([1]); // database_opened
  const counters = stage.context.counters.snapshot();
  expect(counters).toMatchObject({ records_received: 901, records_committed: 901, rows: 901, commit_failures: 0 });
  expect(counters.commits).toBeGreaterThanOrEqual(9);
  expect(stage.context.latency('commit').count).toBe(counters.commits);
});

test('a few records wait for the commit interval, and stopping commits them at once', async () => {
  const { stage, file, writer } = createRecordStage();
  const actor = await started(createActor(stage.context));
  writer('risk').tryState('gate', 'active');
  expect(actor.doWork()).toBe(0);
  stage.clock.advanceTo(stage.clock.nowNs() + 199e6);
  expect(actor.doWork()).toBe(0);
  stage.clock.advanceTo(stage.clock.nowNs() + 1e6);
  expect(actor.doWork()).toBe(1);
  writer('risk').tryState('gate', 'paused');
  await actor.onStop();
  const rows = await readStored(file, 'SELECT key, value, record_seq FROM runtime_state');
  expect(rows).toEqual([{ key: 'gate', value: 'paused', record_seq: 2n }]);
});

test('a half-full ring is committed without waiting', async () => {
  const { stage, writer } = createRecordStage({ config: { limits: { records_ring: 64 } } });
  const actor = await started(createActor(stage.context));
  onTestFinished(() => actor.onStop() as Promise<void>);
  const records = writer('detector');
  for (let index = 0; index < 31; index++) records.tryAudit('none');
  expect(actor.doWork()).toBe(0);
  records.tryAudit('none');
  expect(actor.doWork()).toBe(32);
});

test('a successor neither loses nor doubles what its predecessor had under way', async () => {
  const { stage, file, writer } = createRecordStage({ persistence: { batch_rows_max: 64 } });
  const records = writer('book');
  for (let index = 0; index < 500; index++) records.tryAudit('book_invalid', { a: index });
  const first = await started(createActor(stage.context));
  expect(first.doWork()).toBe(64); // under way, and abandoned there
  const second = await started(createActor(stage.successor()));
  await turnUntil(second, () => stage.context.counters.get('records_committed') >= 300);
  const third = await started(createActor(stage.successor()));
  await third.onStop();

  const numbers = await readRecordNumbers(file);
  expect(numbers.get('1/book')).toEqual(upTo(500));
  expect([...numbers.keys()].sort()).toEqual(['1/book', '1/persistence']); // still the same boot
  expect(numbers.get('1/persistence')).toEqual(upTo(numbers.get('1/persistence')!.length));
  expect(stage.context.counters.get('records_received')).toBe(stage.context.counters.get('records_committed'));
});

test('a killed database process loses nothing: the actor starts another and goes on', async () => {
  const { stage, file, writer } = createRecordStage({ persistence: { batch_rows_max: 50 } });
  const actor = await started(createActor(stage.context));
  const records = writer('sequencer');
  for (let index = 0; index < 1_000; index++) records.tryAudit('plan_opened', { a: index });
  const processId = () => new DataView(stage.context.ownMemory).getFloat64(8, true);
  for (let kills = 0; kills < 3; kills++) {
    await turnUntil(actor, () => actor.isBusy?.() === true);
    const killed = processId();
    process.kill(killed, 'SIGKILL');
    await turnUntil(actor, () => {
      stage.clock.advanceTo(stage.clock.nowNs() + 1e6); // back-off passes in virtual time
      return processId() !== killed;
    });
  }
  await actor.onStop();
  expect((await readRecordNumbers(file)).get('1/sequencer')).toEqual(upTo(1_000));
  expect(stage.context.counters.get('commit_failures')).toBe(3);
  const failures = await readStored(file, "SELECT event, severity FROM audit_events WHERE event = 'commit_failed'");
  expect(failures).toEqual(Array(3).fill({ event: 'commit_failed', severity: 'error' }));
});

test('after five failures in a row the actor fails, and its records are still on the rings', async () => {
  const { stage, writer } = createRecordStage();
  const actor = await started(createActor(stage.context));
  writer('feed').tryAudit('frame_malformed');
  const processId = () => new DataView(stage.context.ownMemory).getFloat64(8, true);
  const failing = async () => {
    for (;;) {
      stage.clock.advanceTo(stage.clock.nowNs() + 1e9);
      actor.doWork();
      try {
        process.kill(processId(), 'SIGKILL');
      } catch {
        // between two of them
      }
      await new Promise<void>((resolve) => systemClock.after(1, resolve));
    }
  };
  await expect(failing()).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
  expect(stage.context.counters.get('commit_failures')).toBe(5);
  expect(stage.consumer('feed_records').available()).toBe(1);
});

test('a second run gets the next boot number and the first keeps its records', async () => {
  const first = createRecordStage();
  await (await started(createActor(first.stage.context))).onStop();
  const config = first.stage.context.config;
  const again = createTestContext('persistence', { config });
  await (await started(createActor(again.context))).onStop();
  const boots = await readStored(
    first.file,
    'SELECT boot, length(config_hash) AS hash, version FROM boots ORDER BY boot',
  );
  expect(boots.map(({ boot }) => boot)).toEqual([1n, 2n]);
  expect(boots.map(({ hash }) => hash)).toEqual([64n, 64n]);
  const migrations = await readStored(first.file, 'SELECT number FROM schema_migrations');
  expect(migrations).toEqual(loadMigrations().map(({ number }) => ({ number })));
});

test('a database that cannot be opened stops the start with what to do', async () => {
  const directory = path.join(temporaryDirectory(), 'a-directory');
  mkdirSync(directory);
  const { stage } = createRecordStage({ persistence: { database: directory } });
  await expect(createActor(stage.context).onStart()).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
});

test('a database that another process has open is refused and names that process', async () => {
  const { stage, file } = createRecordStage();
  const actor = await started(createActor(stage.context));
  onTestFinished(() => actor.onStop() as Promise<void>);
  const other = createTestContext('persistence', { config: { persistence: { database: file } } });
  const holder = new DataView(stage.context.ownMemory).getFloat64(8, true);
  await expect(createActor(other.context).onStart()).rejects.toMatchObject({
    code: 'DATABASE_LOCKED',
    message: expect.stringContaining(`process ${holder}`),
  });
});

test('persistence has no ring of records to itself', () => {
  const { stage } = createRecordStage();
  expect(() => stage.context.records).toThrow(expect.objectContaining({ code: 'TOPOLOGY_INVALID' }));
});

test('a number that was never received is reported, and what comes after it is recorded', async () => {
  const { stage, file } = createRecordStage();
  const ring = stage.producer('risk_records');
  for (const seq of [1, 2, 6]) {
    ring.tryClaim(1);
    writeRecordHead(ring.view, ring.offset(0), RECORD_KIND.AUDIT, seq, 0n);
    ring.publish(1);
  }
  const actor = await started(createActor(stage.context));
  const summary = await controlOf(actor).summary();
  expect(summary).toMatchObject({ boot: 1, missing: 3, doubled: 0, rows: { audit_events: 5, trades: 0 } });
  await actor.onStop();
  expect((await readRecordNumbers(file)).get('1/risk')).toEqual([1, 2, 6]);
  const told = await readStored(file, "SELECT severity, a, b, text FROM audit_events WHERE event = 'records_missing'");
  expect(told).toEqual([{ severity: 'error', a: 3, b: 6, text: 'risk records 3 to 5 were never received' }]);
});

test('closing leaves one file, without a log to recover from', async () => {
  const { stage, file, writer } = createRecordStage();
  const actor = await started(createActor(stage.context));
  writer('feed').tryAudit('venue_connected');
  await actor.onStop();
  expect(readdirSync(path.dirname(file))).toEqual([path.basename(file)]);
});

test('on virtual time in the inline host, records of a run are complete when it is stopped', async () => {
  const file = path.join(temporaryDirectory(), 'records.duckdb');
  const config = checkConfig({ persistence: { database: file }, limits: { records_ring: 64 } });
  const topology = topologyOf(config);
  const host = new InlineHost({
    topology: { ...topology, children: topology.children.filter(({ id }) => id === 'persistence') },
    config,
    clock: new VirtualClock(0n),
    seed: 1,
  });
  await host.start();
  for (let index = 0; index < 200; index++) {
    while (!host.records.tryAudit('operator_command', { a: index })) await host.settle();
  }
  await host.replace('persistence');
  host.records.tryAudit('operator_command', { a: 200 });
  // Where the dead one's commit is slow, its successor finds the file taken, and comes again.
  do await host.advance(200);
  while (!host.isDrained());
  await host.stop();
  expect((await readRecordNumbers(file)).get('1/supervisor')).toEqual(upTo(201));
});
