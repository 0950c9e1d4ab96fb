import { expect, test } from 'vitest';
import { initialTransition, transition } from 'xstate';
import {
  FAILURES_MAX,
  type PersistenceEvent,
  type PersistenceState,
  persistenceMachine,
} from '../../../src/actors/persistence/persistence-machine.ts';

/** The state after `events`, and the failures in a row that it remembers. */
function after(...events: PersistenceEvent['type'][]): { state: PersistenceState; failures: number } {
  let [snapshot] = initialTransition(persistenceMachine);
  for (const type of events) [snapshot] = transition(persistenceMachine, snapshot, { type });
  return { state: snapshot.value, failures: snapshot.context.failures };
}

const READY = ['open', 'migrate', 'opened'] as const;

const TABLE: readonly (readonly [PersistenceEvent['type'][], PersistenceState])[] = [
  [[], 'idle'],
  [['close'], 'closed'],
  [['open'], 'opening'],
  [['open', 'opened'], 'opening'], // never ready unmigrated
  [['open', 'migrate'], 'migrating'],
  [['open', 'failed'], 'backing_off'],
  [['open', 'migrate', 'failed'], 'backing_off'],
  [[...READY], 'ready'],
  [[...READY, 'commit'], 'committing'],
  [[...READY, 'commit', 'commit'], 'committing'], // one at a time
  [[...READY, 'commit', 'close'], 'committing'], // a commit is seen to its end before closing
  [[...READY, 'commit', 'committed'], 'ready'],
  [[...READY, 'commit', 'failed'], 'backing_off'],
  [[...READY, 'commit', 'failed', 'commit'], 'backing_off'],
  [[...READY, 'commit', 'failed', 'retry'], 'opening'], // what was committed is found out by opening again
  [[...READY, 'commit', 'failed', 'close'], 'closed'],
  [[...READY, 'close'], 'closing'],
  [[...READY, 'close', 'commit'], 'closing'],
  [[...READY, 'close', 'closed'], 'closed'],
  [[...READY, 'close', 'failed'], 'failed'],
];

test.each(TABLE)('persistence machine: %j leads to %s', (events, state) => {
  expect(after(...events).state).toBe(state);
});

test('the machine gives up after so many failures in a row, and a commit forgets them', () => {
  const failOnce = ['commit', 'failed', 'retry', 'migrate', 'opened'] as const;
  const fails = (count: number) => Array.from({ length: count }, () => [...failOnce]).flat();
  expect(after(...READY, ...fails(FAILURES_MAX - 1))).toEqual({ state: 'ready', failures: FAILURES_MAX - 1 });
  expect(after(...READY, ...fails(FAILURES_MAX)).state).toBe('failed');
  expect(after(...READY, ...fails(FAILURES_MAX - 1), 'commit', 'committed')).toEqual({ state: 'ready', failures: 0 });
});
