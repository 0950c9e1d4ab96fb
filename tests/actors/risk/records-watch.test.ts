import { describe, expect, test } from 'vitest';
import { RecordsWatch } from '../../../src/actors/risk/records-watch.ts';
import { Counters } from '../../../src/runtime/memory/counters.ts';
import { stageRisk } from './risk-stage.ts';

/** A ring by its positions, which run free (mod 2^32). */
function ring(start = 0) {
  let taken = start;
  let published = start;
  return {
    put: (count: number) => {
      published = (published + count) >>> 0;
    },
    take: (count: number) => {
      taken = (taken + count) >>> 0;
    },
    get used() {
      return (published - taken) | 0;
    },
    get taken() {
      return taken;
    },
    get published() {
      return published;
    },
  };
}

describe('the age of the oldest record', () => {
  test.each([0, 2 ** 31 - 5, 2 ** 32 - 5])(
    'counts from when it was seen, and from anew once it is taken (%d)',
    (start) => {
      const records = ring(start);
      const watch = new RecordsWatch([ring(), records], false);
      expect(watch.ageMs(1e9)).toBe(0);
      records.put(10);
      expect(watch.ageMs(2e9)).toBe(0);
      records.put(10);
      expect(watch.ageMs(5e9)).toBe(3_000);
      records.take(9); // the tenth is there still
      expect(watch.ageMs(6e9)).toBe(4_000);
      records.take(1);
      expect(watch.ageMs(7e9)).toBe(0);
      expect(watch.ageMs(8e9)).toBe(1_000);
      records.take(10);
      expect(watch.ageMs(9e9)).toBe(0);
    },
  );

  test('what a predecessor found stale is stale until it is taken', () => {
    const records = ring();
    records.put(3);
    const watch = new RecordsWatch([records], true);
    expect(watch.ageMs(1e9)).toBe(Number.POSITIVE_INFINITY);
    records.put(3);
    records.take(3);
    expect(watch.ageMs(2e9)).toBe(0);
  });
});

describe('risk, while nothing is committed', () => {
  const stale = (stage: ReturnType<typeof stageRisk>) => {
    stage.start();
    stage.pass(100);
    stage.context.records.tryAudit('gate_changed');
    stage.pass(1_000);
    expect(stage.now()).toBe('active none');
    stage.pass(1_100);
    expect(stage.now()).toBe('paused records_stale');
  };
  const setFailing = (stage: ReturnType<typeof stageRisk>, failing: number) => {
    const counters = new Counters(stage.memory.counters, 'persistence');
    counters.set(counters.at('commit_failing'), failing);
  };

  test('pauses when a record waits for longer than records_stale_ms, however empty the rings are, and opens by itself', () => {
    const stage = stageRisk({ risk: { records_stale_ms: 2_000 } });
    stale(stage);
    stage.taken();
    stage.pass(100);
    expect(stage.now()).toBe('active none');
  });

  test('a successor of risk keeps the gate shut until a commit has succeeded', () => {
    const stage = stageRisk({ risk: { records_stale_ms: 2_000 } });
    stale(stage);
    stage.succeed();
    expect(stage.now()).toBe('paused records_stale');
    stage.pass(100);
    expect(stage.now()).toBe('paused records_stale');
    stage.taken();
    stage.pass(100);
    expect(stage.now()).toBe('active none');
  });

  test('a commit that failed pauses at once, over the death of risk and however often it is resumed, until one succeeded', () => {
    const stage = stageRisk();
    stage.start();
    stage.pass(100);
    setFailing(stage, 1);
    stage.pass(100);
    expect(stage.now()).toBe('paused records_stale');
    stage.call('resume', 'the disk is fine');
    stage.succeed();
    stage.taken(); // what is on the rings is another matter
    stage.pass(100);
    expect(stage.now()).toBe('paused records_stale');
    setFailing(stage, 0);
    stage.pass(100);
    stage.taken();
    stage.pass(100);
    expect(stage.now()).toBe('active none');
  });

  test('a replay is not paused: its time is the capture\u2019s', () => {
    const stage = stageRisk({ options: { replay: true } });
    stage.start();
    setFailing(stage, 1);
    stage.pass(100);
    expect(stage.now()).toBe('active none');
  });
});
