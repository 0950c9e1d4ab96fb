import { expect, test } from 'vitest';
import { createActor } from '../../../src/actors/persistence/actor.ts';
import { readStoredHalt } from '../../../src/actors/persistence/stored-halt.ts';
import { systemClock } from '../../../src/shared/clock.ts';
import { encodeHaltState, HALT_KEY, type HaltState } from '../../../src/shared/halt-state.ts';
import { createRecordStage, started } from '../../support/record-stage.ts';

const STRANDED = {
  halted: false,
  stranded: true,
  reason: 'stranded_exposure',
  by: 'risk',
  text: 'plan 7 left exposure behind',
} as const;
const ACKNOWLEDGED = { halted: false, stranded: false, reason: 'none', by: 'ana', text: 'sold by hand' } as const;

test('what was left for a person is read back as it was recorded last', async () => {
  const afterRunThat = async (...states: readonly HaltState[]) => {
    const scene = createRecordStage();
    const actor = await started(createActor(scene.stage.context));
    for (const state of states) scene.writer('risk').tryState(HALT_KEY, encodeHaltState(state));
    await actor.onStop();
    return readStoredHalt(scene.file, systemClock);
  };
  expect(await afterRunThat(STRANDED)).toEqual(STRANDED);
  expect(await afterRunThat(STRANDED, { ...STRANDED, halted: true, reason: 'loss_limit' })).toEqual({
    ...STRANDED,
    halted: true,
    reason: 'loss_limit',
  });
  expect(await afterRunThat(STRANDED, ACKNOWLEDGED)).toEqual(ACKNOWLEDGED);
  expect(await afterRunThat()).toBeUndefined();
});
