import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RecordSource } from '../../../src/actors/persistence/database/database-protocol.ts';
import { RecordCollector } from '../../../src/actors/persistence/record-collector.ts';
import { RECORD_FOLLOWERS, RECORD_KIND } from '../../../src/messages/record-messages.ts';
import type { RecordWriter } from '../../../src/runtime/records/record-writer.ts';
import { createTestContext } from '../../support/test-context.ts';

function stage(recordsMax: number) {
  const { context, consumer } = createTestContext('sequencer', { config: { limits: { records_ring: 256 } } });
  const ring = consumer('sequencer_records');
  const missing: string[] = [];
  const collector = new RecordCollector(
    new Map<RecordSource, typeof ring>([['sequencer', ring]]),
    recordsMax,
    (...what) => missing.push(what.join(' ')),
  );
  const writer: RecordWriter = context.records;
  const write = (followers: number) =>
    writer.tryWrite(RECORD_KIND.AUDIT, (view, at) => view.setUint8(at + RECORD_FOLLOWERS, followers));
  return {
    collector,
    missing,
    /** Writes a change of `count` records, or only the first `written` of them. */
    change: (count: number, written = count) => {
      for (let left = count - 1; left >= count - written; left--) expect(write(left)).toBe(true);
    },
    write,
  };
}

test('a change that is not written whole yet is left on the ring, what is before it is taken', () => {
  const { collector, change, write } = stage(100);
  change(2);
  change(3, 2);
  collector.collect([]);
  expect(collector.count).toBe(2);
  collector.settle();
  collector.collect([]);
  expect(collector.count).toBe(0);
  write(0);
  collector.collect([]);
  expect(collector.count).toBe(3);
});

test('a change is not torn apart by the size of a batch', () => {
  const { collector, change } = stage(4);
  change(3);
  change(3);
  change(6);
  const taken: number[] = [];
  for (let batch = 0; batch < 4; batch++) {
    collector.collect([]);
    taken.push(collector.count);
    collector.settle();
  }
  expect(taken).toEqual([3, 3, 6, 0]); // the last is larger than a batch: alone, and whole
});

test('at the end what is there is taken: no one will write the rest', () => {
  const { collector, change } = stage(100);
  change(1);
  change(5, 2);
  collector.collect([], true);
  expect(collector.count).toBe(3);
});

test('whatever the sizes, every record is taken once, in order, and no batch ends within a change', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 16 }), { maxLength: 14 }),
      fc.integer({ min: 1, max: 20 }),
      (sizes, recordsMax) => {
        const { collector, change, missing } = stage(recordsMax);
        for (const size of sizes) change(size);
        const ends = new Set(sizes.map((_, index) => sizes.slice(0, index + 1).reduce((sum, size) => sum + size, 0)));
        let total = 0;
        while (collector.collect([]) > 0) {
          total += collector.count;
          expect(ends).toContain(total);
          collector.settle();
          expect(collector.committed('sequencer')).toBe(total);
        }
        expect(total).toBe(sizes.reduce((sum, size) => sum + size, 0));
        expect(missing).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});
