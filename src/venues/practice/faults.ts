/**
 * What the practice exchange can be told to do wrong, as a table. A fault strikes by chance, from a seed, or when it is
 * ordered; the same seed strikes the same frames of the same client.
 */
import { type Chance, seededChance } from '../../shared/chance.ts';
import { arbitradeError } from '../../shared/errors.ts';

/**
 * `when`: the moment at which a fault is drawn. `update`: each book update to each client. `subscribe`: each symbol of a
 * subscribe request. `second`: once a second for the whole exchange. `chance`: its probability when none is given.
 */
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
} as const satisfies Record<string, FaultEntry>;

interface FaultEntry {
  readonly when: 'update' | 'subscribe' | 'second';
  readonly chance: number;
  readonly what: string;
}

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];

/** Probability per fault; a fault that is not named never strikes by itself. */
export type FaultRates = Readonly<Partial<Record<FaultName, number>>>;

/** Reads `checksum,drop=0.01`: names with or without their probability. @throws OPTION_INVALID. */
export function parseFaultRates(text: string): FaultRates {
  const rates: Partial<Record<FaultName, number>> = {};
  for (const part of text.split(',').filter((one) => one !== '')) {
    const [name = '', chance] = part.split('=');
    if (!isFaultName(name))
      throw arbitradeError('OPTION_INVALID', '--faults', `some of ${FAULT_NAMES.join(', ')}`, name);
    const rate = chance === undefined ? FAULTS[name].chance : Number(chance);
    if (chance === '' || !(rate >= 0 && rate <= 1)) {
      throw arbitradeError('OPTION_INVALID', '--faults', 'a probability from 0 to 1 after =', part);
    }
    rates[name] = rate;
  }
  return rates;
}

export function isFaultName(name: string): name is FaultName {
  return FAULT_NAMES.some((known) => known === name);
}

/** A fault that struck. */
export interface FaultReport {
  readonly fault: FaultName;
  /** Number of the connection, from 1; 0 for the exchange as a whole. */
  readonly connection: number;
  readonly symbol: string | undefined;
}

/** Decides when faults strike. One sequence of chance per fault and per connection, so that none disturbs another. */
export class FaultPlan {
  readonly #rates: FaultRates;
  readonly #seed: number;
  readonly #ordered = new Map<FaultName, number>();
  readonly #onStrike: (report: FaultReport) => void;

  constructor(rates: FaultRates, seed: number, onStrike: (report: FaultReport) => void) {
    this.#rates = rates;
    this.#seed = seed;
    this.#onStrike = onStrike;
  }

  /** Makes a fault strike at its next `times` occasions, whichever client has them. */
  order(fault: FaultName, times = 1): void {
    this.#ordered.set(fault, (this.#ordered.get(fault) ?? 0) + times);
  }

  /** The draws of one connection (0: of the exchange). */
  forConnection(connection: number): FaultDraws {
    return new FaultDraws(this.#rates, this.#seed, connection, {
      takeOrder: (fault) => this.#takeOrder(fault),
      onStrike: this.#onStrike,
    });
  }

  #takeOrder(fault: FaultName): boolean {
    const left = this.#ordered.get(fault) ?? 0;
    if (left > 0) this.#ordered.set(fault, left - 1);
    return left > 0;
  }
}

interface DrawPorts {
  readonly takeOrder: (fault: FaultName) => boolean;
  readonly onStrike: (report: FaultReport) => void;
}

export class FaultDraws {
  readonly #rates: FaultRates;
  readonly #connection: number;
  readonly #chances = new Map<FaultName, Chance>();
  readonly #ports: DrawPorts;

  constructor(rates: FaultRates, seed: number, connection: number, ports: DrawPorts) {
    this.#rates = rates;
    this.#connection = connection;
    this.#ports = ports;
    for (const [index, fault] of FAULT_NAMES.entries()) {
      if ((rates[fault] ?? 0) > 0) this.#chances.set(fault, seededChance(mixed(seed, connection, index)));
    }
  }

  /** True when `fault` strikes now, which is reported. */
  strikes(fault: FaultName, symbol?: string): boolean {
    const chance = this.#chances.get(fault);
    const byChance = chance !== undefined && chance.unit() < (this.#rates[fault] ?? 0);
    const struck = this.#ports.takeOrder(fault) || byChance;
    if (struck) this.#ports.onStrike({ fault, connection: this.#connection, symbol });
    return struck;
  }

  /** Uniform choice among `count`, from the sequence of `fault`. 0 for a fault that was ordered without a rate. */
  choose(fault: FaultName, count: number): number {
    return this.#chances.get(fault)?.integer(count) ?? 0;
  }
}

function mixed(seed: number, connection: number, index: number): number {
  return (
    (Math.imul(seed ^ 0x5bd1e995, 0x27d4eb2f) ^
      Math.imul(connection + 1, 0x165667b1) ^
      Math.imul(index + 1, 0x9e3779b1)) >>>
    0
  );
}

/** The frame with its checksum off by one bit. */
export function withWrongChecksum(frame: string): string {
  return frame.replace(/"checksum":(\d+)/, (_all, checksum) => `"checksum":${(Number(checksum) ^ 1) >>> 0}`);
}

/** The frame with the last digit of its first quantity raised by one (9 becomes 0). */
export function withWrongDigit(frame: string): string {
  return frame.replace(/("qty":[\d.]*)(\d)/, (_all, head, digit) => `${head}${(Number(digit) + 1) % 10}`);
}

/** The first half of the frame. */
export function cutShort(frame: string): string {
  return frame.slice(0, frame.length >>> 1);
}
