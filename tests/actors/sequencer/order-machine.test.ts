import { describe, expect, test } from 'vitest';
import { initialTransition, transition } from 'xstate';
import {
  DENIALS_MAX,
  isEnded,
  isUnknown,
  ORDER_EVENTS,
  ORDER_STATES,
  type OrderEventType,
  type OrderFacts,
  type OrderState,
  orderMachine,
} from '../../../src/actors/sequencer/model/order-machine.ts';
import { expectCovered, hanging } from '../../support/walk-machine.ts';

const NEW: OrderFacts = { seen: false, touched: false, denials: 0 };
const SEEN: OrderFacts = { seen: true, touched: false, denials: 0 };
const TOUCHED: OrderFacts = { seen: true, touched: true, denials: 0 };
const DENIED: OrderFacts = { ...SEEN, denials: 1 };
/** One more denial is the last. */
const NEARLY_LOST: OrderFacts = { ...TOUCHED, denials: DENIALS_MAX - 1 };
const LOST: OrderFacts = { ...TOUCHED, denials: DENIALS_MAX };

function step(state: OrderState, context: OrderFacts, type: OrderEventType) {
  const [next, actions] = transition(orderMachine, orderMachine.resolveState({ value: state, context }), { type });
  const unexpected = actions.some((action) => action.type === 'onUnexpected');
  return { state: next.value as OrderState, ...next.context, unexpected };
}

/** What each state makes of each event it expects, from each situation that matters. All else is unexpected. */
type Row = readonly [OrderState, OrderFacts, OrderEventType, OrderState, OrderFacts?];

/** The end that the venue states is believed when it goes with what was filled. */
const ENDS = (...states: readonly OrderState[]): readonly Row[] =>
  states.flatMap((state): readonly Row[] => [
    [state, TOUCHED, 'ended.filled', 'filled'],
    [state, TOUCHED, 'ended.partial', 'partial'],
    [state, SEEN, 'ended.unfilled', 'unfilled'],
    [state, NEW, 'ended.unfilled', 'unfilled', SEEN],
  ]);
const SAME = (state: OrderState, ...events: readonly OrderEventType[]): readonly Row[] =>
  events.map((event): Row => [state, SEEN, event, state]);

/** What is not believed once is believed no more. */
const MISREPORTED: readonly Row[] = ORDER_STATES.map((state): Row => [state, NEW, 'misreported', 'misreported', SEEN]);
const DEAF: readonly Row[] = ORDER_EVENTS.filter((event) => event !== 'fill' && event !== 'misreported').map(
  (event): Row => ['misreported', SEEN, event, 'misreported'],
);

const TABLE: readonly Row[] = [
  ...MISREPORTED.filter(([state]) => state !== 'misreported'),
  ...DEAF,
  ['misreported', SEEN, 'misreported', 'misreported'],
  ['misreported', SEEN, 'fill', 'misreported', TOUCHED],
  ...ENDS('sent', 'acked', 'partly_filled', 'uncertain', 'looking_up', 'absent_once', 'confirming'),
  ['sent', NEW, 'acked', 'acked', SEEN],
  ['sent', NEW, 'fill', 'partly_filled', TOUCHED],
  ['sent', NEW, 'refused', 'refused'],
  ['sent', NEW, 'uncertain', 'uncertain'],
  ['sent', NEW, 'adopted', 'uncertain'],
  ['acked', SEEN, 'fill', 'partly_filled', TOUCHED],
  ['acked', SEEN, 'uncertain', 'uncertain'],
  ['acked', SEEN, 'adopted', 'uncertain'],
  ...SAME('acked', 'acked', 'fate.open', 'fate.unknown'),
  ['partly_filled', TOUCHED, 'uncertain', 'uncertain'],
  ['partly_filled', TOUCHED, 'adopted', 'uncertain'],
  ...SAME('partly_filled', 'acked', 'fill', 'fate.open', 'fate.unknown'),
  ['uncertain', NEW, 'acked', 'uncertain', SEEN],
  ['uncertain', NEW, 'fill', 'uncertain', TOUCHED],
  ['uncertain', NEW, 'refused', 'refused'],
  ['uncertain', NEW, 'lookup.asked', 'looking_up'],
  ['uncertain', NEW, 'fate.open', 'uncertain', SEEN],
  ...SAME('uncertain', 'uncertain', 'adopted', 'fate.unknown', 'fate.absent'),
  ['looking_up', NEW, 'acked', 'looking_up', SEEN],
  ['looking_up', NEW, 'fill', 'looking_up', TOUCHED],
  ['looking_up', NEW, 'refused', 'refused'],
  ['looking_up', NEW, 'uncertain', 'uncertain'],
  ['looking_up', NEW, 'adopted', 'uncertain'],
  ['looking_up', NEW, 'fate.open', 'acked', SEEN],
  ['looking_up', TOUCHED, 'fate.open', 'partly_filled'],
  ['looking_up', NEW, 'fate.absent', 'absent_once'],
  ['looking_up', NEARLY_LOST, 'fate.absent', 'lost', LOST],
  ['looking_up', NEARLY_LOST, 'fate.unknown', 'uncertain'],
  ['looking_up', NEARLY_LOST, 'fate.open', 'partly_filled', TOUCHED],
  ['looking_up', NEW, 'fate.unknown', 'uncertain'],
  ['absent_once', NEW, 'acked', 'uncertain', SEEN],
  ['absent_once', NEW, 'fill', 'uncertain', TOUCHED],
  ['absent_once', NEW, 'refused', 'refused'],
  ['absent_once', NEW, 'lookup.asked', 'confirming'],
  ['absent_once', NEW, 'fate.open', 'uncertain', SEEN],
  ...SAME('absent_once', 'uncertain', 'adopted', 'fate.unknown', 'fate.absent'),
  ['confirming', NEW, 'acked', 'uncertain', SEEN],
  ['confirming', NEW, 'fill', 'uncertain', TOUCHED],
  ['confirming', NEW, 'refused', 'refused'],
  ['confirming', NEW, 'uncertain', 'absent_once'],
  ['confirming', NEW, 'adopted', 'absent_once'],
  ['confirming', NEW, 'fate.open', 'acked', SEEN],
  ['confirming', NEW, 'fate.absent', 'absent'],
  ['confirming', NEW, 'fate.unknown', 'absent_once'],
  ...SAME('filled', 'acked', 'uncertain', 'adopted', 'ended.filled', 'fate.open', 'fate.unknown'),
  ...SAME('partial', 'acked', 'uncertain', 'adopted', 'ended.partial', 'fate.open', 'fate.unknown'),
  ...SAME('unfilled', 'acked', 'uncertain', 'adopted', 'ended.unfilled', 'fate.open', 'fate.unknown'),
  ...SAME('refused', 'refused', 'uncertain', 'adopted', 'fate.absent', 'fate.unknown'),
  ...SAME('absent', 'refused', 'uncertain', 'adopted', 'fate.absent', 'fate.unknown'),
  ...SAME('lost', 'uncertain', 'adopted', 'fate.absent', 'fate.unknown'),
];

/** What is recorded, and leads to a look-up like everything unexpected, though the state says why. */
const CONTRADICTIONS: readonly Row[] = [
  ['sent', TOUCHED, 'ended.unfilled', 'uncertain'],
  ['acked', SEEN, 'ended.filled', 'uncertain'],
  ['acked', SEEN, 'refused', 'uncertain'],
  ['uncertain', SEEN, 'refused', 'uncertain'],
  ['looking_up', SEEN, 'fate.absent', 'uncertain', DENIED],
  ['confirming', SEEN, 'fate.absent', 'uncertain', DENIED],
  ['filled', TOUCHED, 'fill', 'uncertain'],
  ['partial', TOUCHED, 'fill', 'uncertain'],
  ['unfilled', SEEN, 'fill', 'uncertain', TOUCHED],
  ['refused', NEW, 'acked', 'uncertain', SEEN],
  ['refused', NEW, 'fill', 'uncertain', TOUCHED],
  ['absent', NEW, 'acked', 'uncertain', SEEN],
  ['absent', NEW, 'fill', 'uncertain', TOUCHED],
  ['lost', LOST, 'acked', 'uncertain', TOUCHED],
  ['lost', LOST, 'fill', 'uncertain', TOUCHED],
  ['lost', LOST, 'fate.open', 'uncertain', TOUCHED],
  ['lost', LOST, 'ended.filled', 'uncertain', TOUCHED],
];

describe('order machine', () => {
  test.each(TABLE.map((row) => ({ row })))('expects: $row', ({ row: [state, context, event, target, facts] }) => {
    expect(step(state, context, event)).toEqual({ state: target, ...(facts ?? context), unexpected: false });
  });

  test.each(CONTRADICTIONS.map((row) => ({ row })))(
    'doubts: $row',
    ({ row: [state, context, event, target, facts] }) => {
      expect(step(state, context, event)).toEqual({ state: target, ...(facts ?? context), unexpected: true });
    },
  );

  test('every other event in every state is recorded as unexpected and makes the order uncertain', () => {
    let pairs = 0;
    for (const state of ORDER_STATES) {
      for (const event of ORDER_EVENTS) {
        if (TABLE.some(([from, , on]) => from === state && on === event)) continue;
        expect(step(state, SEEN, event), `${state} on ${event}`).toMatchObject({
          state: 'uncertain',
          unexpected: true,
        });
        pairs++;
      }
    }
    const expected = new Set(TABLE.map(([from, , on]) => `${from} ${on}`)).size;
    expect(pairs + expected).toBe(ORDER_STATES.length * ORDER_EVENTS.length);
  });

  test('an order that was seen is never refused nor absent, whatever is said of it', () => {
    for (const state of ORDER_STATES.filter((name) => !isEnded(name))) {
      for (const event of ORDER_EVENTS) expect(['refused', 'absent']).not.toContain(step(state, SEEN, event).state);
    }
  });

  test('an order that was seen is lost by nothing but the last of many denials in a row', () => {
    let state: OrderState = 'uncertain';
    let facts = SEEN;
    const say = (event: OrderEventType) => {
      const { state: next, unexpected: _, ...rest } = step(state, facts, event);
      [state, facts] = [next, rest];
    };
    const deny = (times: number) => {
      for (let denial = 0; denial < times; denial++) {
        say('lookup.asked');
        say('fate.absent');
      }
    };
    deny(DENIALS_MAX - 1);
    expect(state).toBe('uncertain');
    say('acked'); // it is there after all: what was denied before counts no more
    deny(DENIALS_MAX - 1);
    expect(state).toBe('uncertain');
    deny(1);
    expect(state).toBe('lost');
    for (const from of ORDER_STATES.filter((name) => name !== 'lost')) {
      for (const event of ORDER_EVENTS) expect(step(from, DENIED, event).state).not.toBe('lost');
    }
  });

  test('one answer that the venue does not know it is not enough', () => {
    for (const state of ORDER_STATES.filter((name) => name !== 'confirming' && name !== 'absent')) {
      for (const event of ORDER_EVENTS) expect(step(state, NEW, event).state).not.toBe('absent');
    }
  });

  test('paths through an order cover every state and transition', () => {
    expectCovered('order machine', orderMachine, NEW, ORDER_STATES, ORDER_EVENTS);
  });

  test('from every state that is reached an end can be reached, and from every end that is believed doubt', () => {
    expect(hanging(orderMachine, NEW, ORDER_EVENTS, isEnded)).toEqual([]);
    for (const state of ORDER_STATES.filter((one) => isEnded(one) && one !== 'misreported'))
      expect(isUnknown(step(state, SEEN, 'fill').state)).toBe(true);
  });

  test('a fresh order is sent: it may be with the venue from the moment it is written down', () => {
    expect(initialTransition(orderMachine, NEW)[0].value).toBe('sent');
  });
});
