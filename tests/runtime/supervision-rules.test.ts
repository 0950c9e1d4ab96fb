import { describe, expect, test } from 'vitest';
import { createActor, initialTransition, transition } from 'xstate';
import { planPlacement } from '../../src/runtime/placement.ts';
import { RestartBudget } from '../../src/runtime/supervision/restart-budget.ts';
import { isRestarted, restartGroup, strictestKind } from '../../src/runtime/supervision/supervision-order.ts';
import {
  gateReadingOf,
  type SupervisorEvent,
  supervisorMachine,
} from '../../src/runtime/supervision/supervisor-machine.ts';
import { type ThreadEvent, threadMachine } from '../../src/runtime/threads/thread-machine.ts';
import { checkConfig } from '../../src/settings/read-config.ts';
import { topologyOf } from '../../src/topology.ts';

describe('restart budget', () => {
  test('allows as many restarts as it says, and one more within the period is too many', () => {
    const restarts = (...atMs: readonly number[]) => {
      const budget = new RestartBudget<string>({ max: 2, withinMs: 1_000 });
      return atMs.map((ms) => budget.tryTake('a', ms * 1e6));
    };
    expect(restarts(0, 500)).toEqual([1, 2]);
    expect(restarts(0, 500, 1_000)).toEqual([1, 2, undefined]);
    expect(restarts(0, 500, 1_001)).toEqual([1, 2, 2]);
    expect(new RestartBudget({ max: 0, withinMs: 1 }).tryTake('a', 5e6)).toBeUndefined();
  });

  test('is one for all threads, and counts those of each', () => {
    const budget = new RestartBudget<string>({ max: 3, withinMs: 1_000 });
    expect(['a', 'b', 'b', 'a'].map((thread) => budget.tryTake(thread, 7e6))).toEqual([1, 1, 2, undefined]);
  });
});

describe('supervision order', () => {
  const children = ['a', 'b', 'c', 'd'];

  test('groups are those of the strategy', () => {
    expect(restartGroup(children, 'b', 'one_for_one')).toEqual(['b']);
    expect(restartGroup(children, 'b', 'rest_for_one')).toEqual(['b', 'c', 'd']);
    expect(restartGroup(children, 'b', 'one_for_all')).toEqual(children);
  });

  test('kinds say who is restarted', () => {
    const table = (['permanent', 'transient', 'temporary'] as const).map((kind) => [
      isRestarted(kind, true),
      isRestarted(kind, false),
    ]);
    expect(table).toEqual([
      [true, true],
      [false, true],
      [false, false],
    ]);
    expect(strictestKind(['temporary', 'transient'])).toBe('transient');
    expect(strictestKind(['temporary', 'permanent'])).toBe('permanent');
  });
});

describe('thread machine', () => {
  /** Final state and the actions on the way. */
  const walk = (...events: ThreadEvent['type'][]): string => {
    let [state, actions] = initialTransition(threadMachine);
    const done = actions.map((action) => action.type);
    for (const type of events) {
      [state, actions] = transition(threadMachine, state, { type });
      done.push(...actions.map((action) => action.type));
    }
    return `${state.value}: ${done.join(' ')}`;
  };

  const table: readonly [ThreadEvent['type'][], string][] = [
    [['start'], 'starting: spawn armStart'],
    [['start', 'ready'], 'running: spawn armStart disarm reportReady'],
    [['start', 'exited'], 'down: spawn armStart disarm reportDeath'],
    [['start', 'late'], 'killing: spawn armStart disarm kill'],
    [['start', 'late', 'exited'], 'down: spawn armStart disarm kill reportDeath'],
    [['start', 'stop'], 'stopping: spawn armStart disarm ask armStop'],
    [['start', 'ready', 'exited'], 'down: spawn armStart disarm reportReady reportDeath'],
    [['start', 'ready', 'hung', 'exited'], 'down: spawn armStart disarm reportReady kill reportDeath'],
    [['start', 'ready', 'hung', 'stop', 'exited'], 'down: spawn armStart disarm reportReady kill kill reportStopped'],
    [['start', 'ready', 'stop', 'exited'], 'down: spawn armStart disarm reportReady ask armStop disarm reportStopped'],
    [['start', 'ready', 'stop', 'late'], 'ending: spawn armStart disarm reportReady ask armStop disarm kill'],
    [['exited', 'hung', 'stop', 'late', 'ready'], 'down: '],
  ];
  for (const [events, expected] of table) {
    test(`${events.join(', ')} leads to ${expected.split(':')[0]}`, () => expect(walk(...events)).toBe(expected));
  }
});

describe('supervisor machine', () => {
  const gateAfter = (...events: SupervisorEvent['type'][]): string => {
    const life = createActor(supervisorMachine).start();
    for (const type of events) life.send({ type });
    const { state, reason } = gateReadingOf(life.getSnapshot());
    return `${state} ${reason}`;
  };

  const table: readonly [SupervisorEvent['type'][], string][] = [
    [[], 'halted starting'],
    [['start'], 'halted starting'],
    [['start', 'failed'], 'halted stopping'],
    [['start', 'started'], 'active none'],
    [['start', 'started', 'down'], 'paused actor_down'],
    [['start', 'started', 'down', 'down', 'repaired'], 'paused actor_down'],
    [['start', 'started', 'down', 'repaired'], 'active none'],
    [['start', 'down', 'started'], 'paused actor_down'],
    [['start', 'started', 'down', 'message_set_aside', 'repaired'], 'paused message_set_aside'],
    [['start', 'started', 'message_set_aside', 'resume'], 'active none'],
    [['start', 'started', 'stop'], 'halted stopping'],
    [['start', 'started', 'stop', 'down', 'resume', 'started'], 'halted stopping'],
    [['start', 'started', 'escalate', 'resume', 'stop', 'stopped'], 'halted escalation'],
  ];
  for (const [events, expected] of table) {
    test(`the gate is "${expected}" after ${events.join(', ') || 'nothing'}`, () =>
      expect(gateAfter(...events)).toBe(expected));
  }
});

describe('placement', () => {
  const plan = (cores: number, runtime = {}) => {
    const config = checkConfig({ runtime });
    return planPlacement(topologyOf(config), config.runtime, cores);
  };
  const threads = (cores: number, runtime = {}) =>
    plan(cores, runtime).threads.map(({ actors, idle }) => `${actors.join('+')} ${idle}`);

  test('few cores share a thread from frame to decision and never spin', () => {
    expect(threads(2)).toEqual(['persistence park', 'risk park', 'sequencer park', 'detector+book+feed park']);
  });

  test('enough cores have a thread per actor, and only those whose hop counts spin a little', () => {
    expect(threads(8)).toEqual([
      'persistence park',
      'risk park',
      'sequencer adaptive',
      'detector adaptive',
      'book adaptive',
      'feed adaptive',
    ]);
  });

  test('settings overrule the cores', () => {
    expect(plan(64, { placement: 'fused' }).kind).toBe('fused');
    expect(plan(1, { placement: 'threads' }).threads).toHaveLength(6);
    expect(threads(1, { idle: 'spin' }).every((thread) => thread.endsWith('spin'))).toBe(true);
  });

  test('every actor has a thread, and the choice is reported', () => {
    const { placement, text } = plan(2);
    expect([placement.feed, placement.book, placement.detector]).toEqual([3, 3, 3]);
    expect(text).toBe(
      'fused on 2 cores (asked: placement auto, idle auto): persistence park, risk park, sequencer park, detector+book+feed park',
    );
  });
});
