import { describe, expect, test } from 'vitest';
import { createActor } from '../../../src/actors/persistence/actor.ts';
import { readStoredCauses } from '../../../src/actors/persistence/stored/read-gate-causes.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { RecordWriter } from '../../../src/runtime/records/record-writer.ts';
import type { GateCause } from '../../../src/trading/gate-cause.ts';
import { CLEARED, causeKey, causeTextKey, encodeFacts, SINGLE_HALT_KEY } from '../../../src/trading/stored-causes.ts';
import { createRecordStage, started } from '../../support/record-stage.ts';

const TIMES = { firstMs: 1_790_000_000_000, lastMs: 1_790_000_060_000, count: 2 } as const;
const STRANDED = {
  ...TIMES,
  effect: 'reducing',
  reason: 'stranded_exposure',
  by: 'risk',
  text: 'plan 7 left exposure behind',
} as const satisfies GateCause;
const HALTED = { ...TIMES, effect: 'halted', reason: 'operator', by: 'ana "a"', text: 'über Nacht' } as const;

type Write = readonly [key: string, value: string];

const kept = (slot: number, cause: GateCause): Write[] => [
  [causeTextKey(slot), cause.text],
  [causeKey(slot), encodeFacts(cause)],
];

async function afterRunThat(...writes: readonly Write[]) {
  const scene = createRecordStage();
  const actor = await started(createActor(scene.stage.context));
  for (const [key, value] of writes) scene.writer('risk').tryState(key, value);
  await actor.onStop();
  return readStoredCauses(scene.file, systemClock);
}

test('every cause is read back as it was recorded last, those that were cleared not', async () => {
  expect(await afterRunThat(...kept(0, STRANDED), ...kept(3, HALTED))).toEqual([
    { slot: 0, ...STRANDED },
    { slot: 3, ...HALTED },
  ]);
  expect(await afterRunThat(...kept(0, STRANDED), ...kept(3, HALTED), [causeKey(0), CLEARED])).toEqual([
    { slot: 3, ...HALTED },
  ]);
  expect(await afterRunThat(...kept(0, STRANDED), [causeKey(0), CLEARED], ...kept(0, HALTED))).toEqual([
    { slot: 0, ...HALTED },
  ]);
  expect(await afterRunThat()).toEqual([]);
});

describe('what was kept before causes were a list', () => {
  const single = async (value: object) =>
    (await afterRunThat([SINGLE_HALT_KEY, JSON.stringify(value)])).map(({ effect, reason, by, text }) => [
      effect,
      reason,
      by,
      text,
    ]);

  test('a halt, something stranded, or both', async () => {
    const ana = { by: 'ana', text: 'going home' };
    expect(await single({ halted: true, reason: 'operator', ...ana })).toEqual([
      ['halted', 'operator', 'ana', 'going home'],
    ]);
    const plan = { reason: 'stranded_exposure', by: 'risk', text: 'plan 7 left exposure behind' };
    expect(await single({ halted: false, stranded: true, ...plan })).toEqual([
      ['reducing', 'stranded_exposure', 'risk', 'plan 7 left exposure behind'],
    ]);
    expect(await single({ halted: true, stranded: true, reason: 'operator', ...ana })).toEqual([
      ['halted', 'operator', 'ana', 'going home'],
      ['reducing', 'stranded_exposure', 'risk', 'a plan left exposure behind'],
    ]);
    expect(await single({ halted: false, reason: 'none', ...ana })).toEqual([]);
  });

  test.each(['', '{}', 'null', '{"halted":"no"}', '{"halted":false,"stranded":"no"}', '[1]'])(
    '%j counts as halted',
    async (value) => {
      const unreadable = { effect: 'halted', by: 'risk', text: expect.stringContaining('unreadable') };
      expect(await afterRunThat([SINGLE_HALT_KEY, value])).toMatchObject([unreadable]);
      expect(await afterRunThat([causeKey(1), value])).toMatchObject([{ slot: 1, ...unreadable }]);
    },
  );
});

test('the newest record counts, not the one with the latest time: the wall clock may be set back', async () => {
  const scene = createRecordStage();
  const actor = await started(createActor(scene.stage.context));
  scene.writer('risk').tryState(causeKey(0), CLEARED);
  const hourAgoNs = scene.stage.clock.wallNs() - 3_600_000_000_000n;
  const setBack = new RecordWriter(scene.stage.producer('risk_records'), { ...systemClock, wallNs: () => hourAgoNs });
  for (const [key, value] of kept(0, HALTED)) setBack.tryState(key, value);
  await actor.onStop();
  expect(await readStoredCauses(scene.file, systemClock)).toEqual([{ slot: 0, ...HALTED }]);
});
