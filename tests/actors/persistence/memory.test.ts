import { expect, test } from 'vitest';
import { residentBytes } from '../../../bench/support/process-tree.ts';
import { createActor } from '../../../src/actors/persistence/actor.ts';
import { createRecordStage, started, turnUntil } from '../../support/record-stage.ts';

const MIB = 2 ** 20;

// The library holds some tens of kilobytes a commit until V8 collects the objects that stand for them.
test.skipIf(process.platform !== 'linux')(
  'the database process does not grow with its commits (needs /proc)',
  async () => {
    const { stage, writer } = createRecordStage({ persistence: { batch_rows_max: 1 } });
    const actor = await started(createActor(stage.context));
    const { counters } = stage.context;
    const records = writer('detector');
    const databaseProcess = new DataView(stage.context.ownMemory).getFloat64(8, true);
    const resident = () => (residentBytes(databaseProcess).get(databaseProcess) ?? 0) / MIB;
    const commit = async (times: number) => {
      for (const until = counters.get('commits') + times; counters.get('commits') < until; ) {
        const before = counters.get('commits');
        records.tryAudit('book_invalid');
        await turnUntil(actor, () => counters.get('commits') > before);
      }
    };
    await commit(600);
    const before = resident();
    expect(before).toBeGreaterThan(10);
    await commit(1_000);
    expect(resident() - before).toBeLessThan(15);
    await actor.onStop();
  },
  60_000,
);
