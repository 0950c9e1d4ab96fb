/**
 * The life of one order: what is proven of it. States only: its runner (`order-desk.ts`) sends it, books its fills
 * and asks what became of it.
 *
 *   sent ─▶ acked ─▶ partly_filled ─▶ filled | partial | unfilled        proven by the venue's report
 *     │ ▲                                  ▲
 *     ▼ │ open after all                   │ found, at its end
 *   uncertain ─▶ looking_up ─▶ absent_once ─▶ confirming ─▶ absent       asked twice, its deadline in between
 *     │                 └─▶ lost: the venue had it, and says again and again that it knows no such order
 *     └─▶ refused: proven not to have been taken
 *
 * Only `refused` and `absent` say that the venue never had it, and an order that was seen can become neither. What a
 * state does not expect is recorded (`onUnexpected`) and makes the order uncertain, an ended one too: it is looked up.
 */
import { assign, setup } from 'xstate';

/** In the order of their codes in an order's slot. */
export const ORDER_STATES = [
  'sent',
  'acked',
  'partly_filled',
  'uncertain',
  'looking_up',
  'absent_once',
  'confirming',
  'filled',
  'partial',
  'unfilled',
  'refused',
  'absent',
  'lost',
  'misreported',
] as const;
export type OrderState = (typeof ORDER_STATES)[number];

export const ORDER_EVENTS = [
  /** The venue has it. */
  'acked',
  /** A fill that had not been booked before. */
  'fill',
  /** Nothing more will happen to it; everything, a part, nothing of it was filled. */
  'ended.filled',
  'ended.partial',
  'ended.unfilled',
  /** Proven: the venue did not take it. */
  'refused',
  /** Silence, a lost connection, an answer that proves nothing. */
  'uncertain',
  /** The venue is asked what became of it. */
  'lookup.asked',
  /** It is open. */
  'fate.open',
  /** The venue knows no such order: of one that it had, this is a denial, and proves nothing by itself. */
  'fate.absent',
  /** It could not be found out. */
  'fate.unknown',
  /** Its actor died, and with it what was in progress: a successor has it now. */
  'adopted',
  /** What the venue says does not go with what is booked. */
  'contradicted',
  /** What the venue says cannot be true of what was asked for: nothing more is believed of it. */
  'misreported',
] as const;
export type OrderEventType = (typeof ORDER_EVENTS)[number];

export interface OrderFacts {
  /** The venue has shown that it has the order. */
  readonly seen: boolean;
  /** Something of it was filled. */
  readonly touched: boolean;
  /** Times in a row that the venue did not know it any more, though it had it. */
  readonly denials: number;
}

/**
 * After so many denials an order is given up: its plan cannot wait for ever, and keeps what it trades from all others. With
 * the pauses in between that is half a minute at least.
 */
export const DENIALS_MAX = 12;

/** Nothing more is to be expected of it, or believed. */
export const isEnded = (state: OrderState): boolean => ORDER_STATES.indexOf(state) >= ORDER_STATES.indexOf('filled');
/** Its outcome cannot be known. */
export const isUnknown = (state: OrderState): boolean =>
  state === 'uncertain' || state === 'looking_up' || state === 'absent_once' || state === 'confirming';

const MISREPORT = { misreported: { target: 'misreported', actions: 'see' } } as const;
const UNEXPECTED = { target: 'uncertain', actions: 'onUnexpected' } as const;
/** The end that the venue states must go with what was filled. */
const ENDS = {
  'ended.filled': [{ guard: 'isTouched', target: 'filled', actions: 'see' }, UNEXPECTED],
  'ended.partial': [{ guard: 'isTouched', target: 'partial', actions: 'see' }, UNEXPECTED],
  'ended.unfilled': [{ guard: 'isUntouched', target: 'unfilled', actions: 'see' }, UNEXPECTED],
} as const;
/** A refusal of an order that was seen contradicts itself. */
const REFUSAL = { refused: [{ guard: 'isUnseen', target: 'refused' }, UNEXPECTED] } as const;
/** An order that was seen cannot be absent: the one who says so is late. */
const OPEN_AGAIN = [
  { guard: 'isTouched', target: 'partly_filled', actions: 'see' },
  { target: 'acked', actions: 'see' },
] as const;

/** The venue had it: every further answer that it knows none counts, until the last. */
const DENIAL = [
  { guard: 'isDeniedForGood', target: 'lost', actions: 'deny' },
  { guard: 'isSeen', target: 'uncertain', actions: ['deny', 'onUnexpected'] },
] as const;
/** Answers to a question that was put twice, or before the order ended. */
const LATE_ANSWER = { 'fate.open': {}, 'fate.unknown': {} } as const;
/** It had ended, and yet something happened to it. */
const REOPENED = {
  acked: { target: 'uncertain', actions: ['see', 'onUnexpected'] },
  fill: { target: 'uncertain', actions: ['touch', 'onUnexpected'] },
} as const;
/** Its end is known. A late report that says nothing new changes nothing; a fill, or a contradiction, opens it again. */
const KNOWN_END = {
  ...REOPENED,
  ...LATE_ANSWER,
  ...MISREPORT,
  acked: {},
  uncertain: {},
  adopted: {},
  '*': UNEXPECTED,
} as const;

export const orderMachine = setup({
  types: { context: {} as OrderFacts, input: {} as OrderFacts, events: {} as { readonly type: OrderEventType } },
  guards: {
    isSeen: ({ context }) => context.seen,
    isUnseen: ({ context }) => !context.seen,
    isDeniedForGood: ({ context }) => context.seen && context.denials + 1 >= DENIALS_MAX,
    isTouched: ({ context }) => context.touched,
    isUntouched: ({ context }) => !context.touched,
  },
  actions: {
    see: assign({ seen: true, denials: 0 }),
    touch: assign({ seen: true, touched: true, denials: 0 }),
    deny: assign({ denials: ({ context }) => context.denials + 1 }),
    askAnew: assign({ denials: 0 }),
    onUnexpected: () => undefined,
  },
}).createMachine({
  id: 'order',
  context: ({ input }) => input,
  initial: 'sent',
  states: {
    sent: {
      on: {
        ...ENDS,
        ...MISREPORT,
        ...REFUSAL,
        acked: { target: 'acked', actions: 'see' },
        fill: { target: 'partly_filled', actions: 'touch' },
        uncertain: 'uncertain',
        adopted: 'uncertain',
        '*': UNEXPECTED,
      },
    },
    acked: {
      on: {
        ...ENDS,
        ...MISREPORT,
        ...LATE_ANSWER,
        acked: {},
        fill: { target: 'partly_filled', actions: 'touch' },
        uncertain: 'uncertain',
        adopted: 'uncertain',
        '*': UNEXPECTED,
      },
    },
    partly_filled: {
      on: {
        ...ENDS,
        ...MISREPORT,
        ...LATE_ANSWER,
        acked: {},
        fill: {},
        uncertain: 'uncertain',
        adopted: 'uncertain',
        '*': UNEXPECTED,
      },
    },
    uncertain: {
      on: {
        ...ENDS,
        ...MISREPORT,
        ...REFUSAL,
        acked: { actions: 'see' },
        fill: { actions: 'touch' },
        uncertain: {},
        adopted: {},
        // Answers to a question that was given up; that it is open proves all the same that the venue has it.
        'fate.open': { actions: 'see' },
        'fate.unknown': {},
        'fate.absent': {},
        'lookup.asked': 'looking_up',
        '*': UNEXPECTED,
      },
    },
    looking_up: {
      on: {
        ...ENDS,
        ...MISREPORT,
        ...REFUSAL,
        acked: { actions: 'see' },
        fill: { actions: 'touch' },
        // The connection was lost: whether the question is still answered is unknown too.
        uncertain: 'uncertain',
        adopted: 'uncertain',
        'fate.open': OPEN_AGAIN,
        'fate.absent': [...DENIAL, { target: 'absent_once' }],
        'fate.unknown': 'uncertain',
        '*': UNEXPECTED,
      },
    },
    absent_once: {
      on: {
        ...ENDS,
        ...MISREPORT,
        ...REFUSAL,
        acked: { target: 'uncertain', actions: 'see' },
        fill: { target: 'uncertain', actions: 'touch' },
        uncertain: {},
        adopted: {},
        'fate.open': { target: 'uncertain', actions: 'see' },
        'fate.unknown': {},
        'fate.absent': {},
        'lookup.asked': 'confirming',
        '*': UNEXPECTED,
      },
    },
    confirming: {
      on: {
        ...ENDS,
        ...MISREPORT,
        ...REFUSAL,
        acked: { target: 'uncertain', actions: 'see' },
        fill: { target: 'uncertain', actions: 'touch' },
        uncertain: 'absent_once',
        adopted: 'absent_once',
        'fate.open': OPEN_AGAIN,
        'fate.absent': [...DENIAL, { target: 'absent' }],
        'fate.unknown': 'absent_once',
        '*': UNEXPECTED,
      },
    },
    filled: { on: { ...KNOWN_END, 'ended.filled': {} } },
    partial: { on: { ...KNOWN_END, 'ended.partial': {} } },
    unfilled: { on: { ...KNOWN_END, 'ended.unfilled': {} } },
    refused: {
      on: {
        ...REOPENED,
        ...MISREPORT,
        refused: {},
        uncertain: {},
        adopted: {},
        'fate.absent': {},
        'fate.unknown': {},
        '*': UNEXPECTED,
      },
    },
    absent: {
      on: {
        ...REOPENED,
        ...MISREPORT,
        refused: {},
        uncertain: {},
        adopted: {},
        'fate.absent': {},
        'fate.unknown': {},
        '*': UNEXPECTED,
      },
    },
    misreported: { on: { fill: { actions: 'touch' }, '*': {} } },
    lost: {
      on: {
        ...REOPENED,
        ...MISREPORT,
        uncertain: {},
        adopted: {},
        'fate.absent': {},
        'fate.unknown': {},
        '*': { target: 'uncertain', actions: ['askAnew', 'onUnexpected'] },
      },
    },
  },
});
