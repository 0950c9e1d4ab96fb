/** What the practice exchange can be ordered to do wrong, as a table: the names, when each is drawn, and what it does. */
import { VENUE_ERRORS } from './error-catalogue.ts';

/**
 * The moment at which a fault is drawn.
 * - `update`: each book update to each client.
 * - `subscribe`: each symbol of a public subscribe request.
 * - `second`: once a second for the whole exchange.
 * - `order`: each request to add an order, by socket or REST, before anything is done about it.
 * - `match`: each order that the engine is about to match.
 * - `cancel`: each open order that is about to be cancelled on request.
 * - `answer`: each answer on the private socket to a request to add an order.
 * - `fill`: each order of an account that has just been filled, in part or whole.
 * - `execution`: each `executions` message to a subscriber.
 * - `balance`: each `balances` message to a subscriber.
 * - `private`: each request on the private socket that carries a token.
 * - `rest`: each request to a private REST endpoint, once it is read.
 */
export type FaultMoment =
  | 'update'
  | 'subscribe'
  | 'second'
  | 'order'
  | 'match'
  | 'cancel'
  | 'answer'
  | 'fill'
  | 'execution'
  | 'balance'
  | 'private'
  | 'rest';

interface FaultEntry {
  readonly when: FaultMoment;
  /** Its probability when none is given. */
  readonly chance: number;
  readonly what: string;
}

/** New faults go to the end: the place of a name decides its sequence of chance. */
export const FAULTS = {
  checksum: { when: 'update', chance: 0.001, what: 'a book update carries a wrong checksum' },
  digit: { when: 'update', chance: 0.001, what: 'a digit of a quantity in a book update is another' },
  duplicate: { when: 'update', chance: 0.001, what: 'a book update arrives twice' },
  drop: { when: 'update', chance: 0.001, what: 'a book update never arrives' },
  reorder: { when: 'update', chance: 0.001, what: 'a book update arrives after its successor' },
  truncate: { when: 'update', chance: 0.001, what: 'a book update is cut short: no valid JSON' },
  silent: { when: 'update', chance: 0.0002, what: 'a subscription sends nothing more; the socket and others go on' },
  'half-open': { when: 'update', chance: 0.0001, what: 'the socket stays open and says nothing more, not even pong' },
  'disconnect-1001': {
    when: 'update',
    chance: 0.0001,
    what: 'the socket is closed with 1001, as by a restarting proxy',
  },
  'disconnect-1006': { when: 'update', chance: 0.0001, what: 'the socket is cut without a close frame' },
  'disconnect-1008': { when: 'update', chance: 0.00002, what: 'the socket is closed with 1008, policy violation' },
  'subscribe-error': { when: 'subscribe', chance: 0.1, what: 'a subscription is refused' },
  'slow-ack': { when: 'subscribe', chance: 0.1, what: 'an acknowledgement comes seconds late, after data has begun' },
  'no-snapshot': {
    when: 'subscribe',
    chance: 0.1,
    what: 'a subscription is acknowledged but its snapshot never comes',
  },
  'no-data': { when: 'subscribe', chance: 0.1, what: 'a subscription is acknowledged and nothing ever follows' },
  status: { when: 'second', chance: 0.01, what: 'the system goes into maintenance and comes back' },
  'instrument-status': { when: 'second', chance: 0.01, what: 'a pair becomes cancel_only and comes back' },
  'instrument-precision': {
    when: 'second',
    chance: 0.01,
    what: 'a pair is quoted with one more price decimal, or back',
  },
  'system-cancel-only': { when: 'second', chance: 0.01, what: 'the system goes into cancel_only and comes back' },
  'system-post-only': { when: 'second', chance: 0.01, what: 'the system goes into post_only and comes back' },
  'system-limit-only': { when: 'second', chance: 0.01, what: 'the system goes into limit_only and comes back' },
  'clock-skew': { when: 'second', chance: 0.01, what: "the venue's clock is seconds off for half a minute" },
  'ack-lost': { when: 'answer', chance: 0.02, what: 'an order is taken and its answer never comes' },
  'ack-after-fill': { when: 'answer', chance: 0.05, what: 'an answer comes after the executions of its order' },
  'ack-late': { when: 'answer', chance: 0.01, what: "an answer comes long after the order's deadline" },
  'taken-with-error': {
    when: 'answer',
    chance: 0.01,
    what: 'an order is taken and its answer is an error that proves nothing (EService:Unavailable and the like)',
  },
  'order-error': {
    when: 'order',
    chance: 0.02,
    what: 'an order is refused with an error drawn from all that the venue knows',
  },
  'order-rate-limited': { when: 'order', chance: 0.01, what: 'an order is refused: EOrder:Rate limit exceeded' },
  'unwind-refused': {
    when: 'order',
    chance: 0.1,
    what: 'an order that turns back what the account has just traded is refused',
  },
  'partial-then-cancel': { when: 'match', chance: 0.03, what: 'an order is filled in part, the rest cancelled' },
  'ioc-unfilled': { when: 'match', chance: 0.03, what: 'an immediate-or-cancel order ends without any fill' },
  'price-runs-away': {
    when: 'match',
    chance: 0.03,
    what: 'the side that an order would take is gone when it arrives, one percent deep',
  },
  'order-late': { when: 'order', chance: 0.01, what: 'an order comes to the engine only when its deadline is over' },
  'disconnect-before-order': { when: 'order', chance: 0.005, what: 'the socket is cut and the order never arrives' },
  'disconnect-before-ack': {
    when: 'answer',
    chance: 0.005,
    what: 'the order is taken, the socket cut before the answer',
  },
  'disconnect-after-ack': {
    when: 'answer',
    chance: 0.005,
    what: 'the socket is cut at the first frame after the answer',
  },
  'disconnect-before-fill': {
    when: 'execution',
    chance: 0.005,
    what: 'the socket is cut when a fill is about to be reported',
  },
  'disconnect-after-fill': {
    when: 'execution',
    chance: 0.005,
    what: 'the socket is cut at the first frame after a fill',
  },
  'fill-after-cancel': {
    when: 'cancel',
    chance: 0.02,
    what: 'a fill is reported after the answer that its order is cancelled',
  },
  'execution-duplicate': { when: 'execution', chance: 0.02, what: 'an executions message comes twice' },
  'execution-reorder': { when: 'execution', chance: 0.02, what: 'an executions message comes after its successor' },
  'execution-gap': {
    when: 'execution',
    chance: 0.01,
    what: 'an executions message never comes; its number is missing',
  },
  'private-half-open': {
    when: 'execution',
    chance: 0.005,
    what: 'the private socket stays open and says nothing more',
  },
  'private-silent': { when: 'execution', chance: 0.005, what: 'the private channels fall silent; heartbeats go on' },
  'balance-late': { when: 'balance', chance: 0.1, what: 'a balance update comes seconds late' },
  'token-expired': { when: 'private', chance: 0.01, what: 'a token is refused as expired, and stays refused' },
  'pair-delisted': { when: 'fill', chance: 0.01, what: 'a pair of an asset just bought is delisted for a while' },
  'pair-reduce-only': {
    when: 'fill',
    chance: 0.01,
    what: 'a pair of an asset just bought becomes reduce_only for a while',
  },
  'nonce-refused': { when: 'rest', chance: 0.02, what: 'a good nonce is refused: EAPI:Invalid nonce' },
  'rest-rate-limited': { when: 'rest', chance: 0.01, what: 'a call is refused: EAPI:Rate limit exceeded' },
  'rest-error': { when: 'rest', chance: 0.01, what: 'a call fails with an error drawn from all that the venue knows' },
  'rest-429': { when: 'rest', chance: 0.01, what: 'HTTP 429 with a page of HTML; nothing was done' },
  'rest-502': { when: 'rest', chance: 0.01, what: 'HTTP 502 with a page of HTML; nothing was done' },
  'rest-520': { when: 'rest', chance: 0.01, what: 'HTTP 520 with a page of HTML; what was asked was done' },
  'rest-timeout': { when: 'rest', chance: 0.01, what: 'a call is never answered and nothing was done' },
  'rest-answer-lost': { when: 'rest', chance: 0.01, what: 'what was asked is done and the connection cut' },
  'rest-late': { when: 'rest', chance: 0.01, what: 'an answer comes seconds late' },
  'rest-truncated': { when: 'rest', chance: 0.01, what: 'an answer is cut short: no valid JSON' },
} as const satisfies Record<string, FaultEntry>;

/** `error:EOrder:Insufficient funds`: an order, or a REST call, is refused with exactly this text. */
export type ErrorFaultName = `error:${string}`;
export type FaultName = keyof typeof FAULTS | ErrorFaultName;

export const FAULT_NAMES = Object.keys(FAULTS) as (keyof typeof FAULTS)[];
export const ERROR_FAULT_NAMES = VENUE_ERRORS.map(({ text }): ErrorFaultName => `error:${text}`);

/** Probability of a fault that is named without one. */
export const ERROR_FAULT_CHANCE = 0.01;

export function isFaultName(name: string): name is FaultName {
  return FAULT_NAMES.some((known) => known === name) || ERROR_FAULT_NAMES.some((known) => known === name);
}

export function isErrorFault(name: FaultName): name is ErrorFaultName {
  return name.startsWith('error:');
}
