import { describe, expect, test } from 'vitest';
import {
  nextValidity,
  VALIDITY_STATES,
  type ValidityEvent,
  type ValidityState,
} from '../../../src/actors/book/book-machine.ts';

const MAX = 3;
const EVENTS: Readonly<Record<string, ValidityEvent>> = {
  verified: { type: 'verified' },
  voided: { type: 'voided' },
  rescaled: { type: 'rescaled' },
  overdue: { type: 'overdue' },
  broken: { type: 'broken', settled: false },
  'broken after long': { type: 'broken', settled: true },
};

type Expected = readonly [state: ValidityState, attempts: number];

/** From a state, with 0, 1 and all attempts used, to what each event leads to. `=` stays as it is. */
const TABLE: Readonly<Record<ValidityState, Readonly<Record<keyof typeof EVENTS, readonly (Expected | '=')[]>>>> = {
  awaiting: {
    verified: [
      ['live', 0],
      ['live', 1],
      ['live', 3],
    ],
    voided: ['=', '=', '='],
    rescaled: ['=', '=', '='],
    overdue: [
      ['asked', 1],
      ['asked', 2],
      ['given_up', 3],
    ],
    broken: [
      ['asked', 1],
      ['asked', 2],
      ['given_up', 3],
    ],
    'broken after long': [
      ['asked', 1],
      ['asked', 2],
      ['given_up', 3],
    ],
  },
  live: {
    verified: ['=', '=', '='],
    voided: [
      ['awaiting', 0],
      ['awaiting', 1],
      ['awaiting', 3],
    ],
    rescaled: [
      ['backing_off', 0],
      ['backing_off', 1],
      ['backing_off', 3],
    ],
    overdue: ['=', '=', '='],
    broken: [
      ['asked', 1],
      ['backing_off', 1],
      ['given_up', 3],
    ],
    'broken after long': [
      ['asked', 1],
      ['asked', 1],
      ['asked', 1],
    ],
  },
  asked: {
    verified: [
      ['live', 0],
      ['live', 1],
      ['live', 3],
    ],
    voided: [
      ['awaiting', 0],
      ['awaiting', 1],
      ['awaiting', 3],
    ],
    rescaled: ['=', '=', '='],
    overdue: [
      ['backing_off', 0],
      ['backing_off', 1],
      ['given_up', 3],
    ],
    broken: [
      ['backing_off', 0],
      ['backing_off', 1],
      ['given_up', 3],
    ],
    'broken after long': [
      ['backing_off', 0],
      ['backing_off', 1],
      ['given_up', 3],
    ],
  },
  backing_off: {
    verified: [
      ['live', 0],
      ['live', 1],
      ['live', 3],
    ],
    voided: [
      ['awaiting', 0],
      ['awaiting', 1],
      ['awaiting', 3],
    ],
    rescaled: ['=', '=', '='],
    overdue: [
      ['asked', 1],
      ['asked', 2],
      ['asked', 4],
    ],
    broken: ['=', '=', '='],
    'broken after long': ['=', '=', '='],
  },
  given_up: {
    verified: [
      ['live', 0],
      ['live', 1],
      ['live', 3],
    ],
    voided: [
      ['awaiting', 0],
      ['awaiting', 1],
      ['awaiting', 3],
    ],
    rescaled: ['=', '=', '='],
    overdue: [
      ['asked', 1],
      ['asked', 2],
      ['asked', 4],
    ],
    broken: ['=', '=', '='],
    'broken after long': ['=', '=', '='],
  },
};

describe('validity machine', () => {
  for (const from of VALIDITY_STATES) {
    test.each(Object.keys(EVENTS))(`${from}: %s leads where the table says`, (name) => {
      [0, 1, MAX].forEach((attempts, column) => {
        const expected = TABLE[from][name]![column]!;
        const { state, attempts: after } = nextValidity(from, { attempts, attemptsMax: MAX }, EVENTS[name]!);
        expect([state, after]).toEqual(expected === '=' ? [from, attempts] : expected);
      });
    });
  }

  test('awaiting is number 0, as memory is when nothing has happened', () =>
    expect(VALIDITY_STATES[0]).toBe('awaiting'));

  test('a book whose every snapshot fails is given up after the attempts allowed, and tried again later', () => {
    let current: { state: ValidityState; attempts: number } = { state: 'live', attempts: 0 };
    const path: ValidityState[] = [];
    const fire = (event: ValidityEvent) => {
      current = nextValidity(current.state, { attempts: current.attempts, attemptsMax: MAX }, event);
      path.push(current.state);
    };
    fire({ type: 'broken', settled: false });
    for (let round = 1; round < MAX; round++) {
      fire({ type: 'broken', settled: false });
      fire({ type: 'overdue' });
    }
    fire({ type: 'broken', settled: false });
    fire({ type: 'overdue' });
    fire({ type: 'overdue' });
    const back = ['backing_off', 'asked'];
    expect(path).toEqual(['asked', ...back, ...back, 'given_up', 'asked', 'given_up']);
  });
});
