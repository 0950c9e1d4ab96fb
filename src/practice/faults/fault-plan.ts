/**
 * Decides when faults strike: by chance from a seed, on schedule, or when one is ordered. The same seed strikes the same
 * frames of the same client.
 */
import { type Chance, seededChance } from '../../platform/chance.ts';
import { type ErrorPlace, errorsAt, errorText, type VenueError } from './error-catalogue.ts';
import { type FaultRates, ruleFor } from './fault-rules.ts';
import { type ErrorFaultName, FAULT_NAMES, type FaultName, isErrorFault } from './faults.ts';

/** A fault that struck. */
export interface FaultReport {
  readonly fault: FaultName;
  /** Number of the connection, from 1; 0 for the exchange as a whole and for REST. */
  readonly connection: number;
  readonly symbol: string | undefined;
}

/** What a fault has ahead of it, whichever client gives the occasion. */
interface Schedule {
  ordered: number;
  readonly every: number | undefined;
  occasions: number;
  /** Ascending; the past ones are taken off. */
  readonly atMs: number[];
}

/** One sequence of chance per fault and per connection, so that none disturbs another. */
export class FaultPlan {
  readonly #rates: FaultRates;
  readonly #seed: number;
  readonly #schedules = new Map<FaultName, Schedule>();
  readonly #errorFaults: ErrorFaultName[] = [];
  readonly #onStrike: (report: FaultReport) => void;
  readonly #sinceStartMs: () => number;

  /** @param sinceStartMs time since the exchange was started, for faults on schedule. */
  constructor(rates: FaultRates, seed: number, sinceStartMs: () => number, onStrike: (report: FaultReport) => void) {
    this.#rates = rates;
    this.#seed = seed;
    this.#sinceStartMs = sinceStartMs;
    this.#onStrike = onStrike;
    for (const fault of Object.keys(rates) as FaultName[]) this.#note(fault);
    for (const [fault, rate] of Object.entries(rates) as [FaultName, FaultRates[FaultName]][]) {
      const { every, atMs = [] } = ruleFor(rate);
      if (every !== undefined || atMs.length > 0) this.#scheduleOf(fault, every, atMs);
    }
  }

  /** Makes a fault strike at its next `times` occasions, whichever client has them. */
  order(fault: FaultName, times = 1): void {
    this.#note(fault);
    this.#scheduleOf(fault).ordered += times;
  }

  /** The draws of one connection (0: of the exchange and of REST). */
  forConnection(connection: number): FaultDraws {
    return new FaultDraws(this.#rates, this.#seed, connection, {
      isDue: (fault) => this.#isDue(fault),
      errorFaults: () => this.#errorFaults,
      onStrike: this.#onStrike,
    });
  }

  #note(fault: FaultName): void {
    if (isErrorFault(fault) && !this.#errorFaults.includes(fault)) this.#errorFaults.push(fault);
  }

  #scheduleOf(fault: FaultName, every?: number, atMs: readonly number[] = []): Schedule {
    const known = this.#schedules.get(fault);
    if (known !== undefined) return known;
    const made = { ordered: 0, every, occasions: 0, atMs: [...atMs].sort((a, b) => a - b) };
    this.#schedules.set(fault, made);
    return made;
  }

  #isDue(fault: FaultName): boolean {
    const schedule = this.#schedules.get(fault);
    if (schedule === undefined) return false;
    schedule.occasions += 1;
    const [at] = schedule.atMs;
    if (schedule.ordered > 0) schedule.ordered -= 1;
    else if (at !== undefined && this.#sinceStartMs() >= at) schedule.atMs.shift();
    else return schedule.every !== undefined && schedule.occasions % schedule.every === 0;
    return true;
  }
}

interface DrawPorts {
  /** The faults that name an error and were given a rule or an order. */
  readonly errorFaults: () => readonly ErrorFaultName[];
  readonly isDue: (fault: FaultName) => boolean;
  readonly onStrike: (report: FaultReport) => void;
}

export class FaultDraws {
  readonly #connection: number;
  readonly #chances = new Map<FaultName, { readonly rate: number; readonly chance: Chance }>();
  readonly #ports: DrawPorts;

  constructor(rates: FaultRates, seed: number, connection: number, ports: DrawPorts) {
    this.#connection = connection;
    this.#ports = ports;
    for (const [fault, given] of Object.entries(rates) as [FaultName, FaultRates[FaultName]][]) {
      const rate = ruleFor(given).chance ?? 0;
      if (rate > 0) this.#chances.set(fault, { rate, chance: seededChance(mixed(seed, connection, placeOf(fault))) });
    }
  }

  /** True when `fault` strikes now, which is reported. Each call is an occasion. */
  strikes(fault: FaultName, symbol?: string): boolean {
    const drawn = this.#chances.get(fault);
    const byChance = drawn !== undefined && drawn.chance.unit() < drawn.rate;
    const struck = this.#ports.isDue(fault) || byChance;
    if (struck) this.#ports.onStrike({ fault, connection: this.#connection, symbol });
    return struck;
  }

  /** Uniform choice among `count`, from the sequence of `fault`. 0 for a fault without a probability. */
  choose(fault: FaultName, count: number): number {
    return this.#chances.get(fault)?.chance.integer(count) ?? 0;
  }

  /** The error that a request is refused with by a fault that names or draws one; undefined when none strikes. */
  errorAt(place: ErrorPlace, wallMs: number, symbol?: string): VenueError | undefined {
    const known = errorsAt(place);
    const named = this.#ports.errorFaults().find((fault) => hasError(known, fault) && this.strikes(fault, symbol));
    const error =
      named !== undefined ? known.find(({ text }) => named === `error:${text}`) : this.#drawnError(place, symbol);
    return error && { ...error, text: errorText(error, wallMs) };
  }

  #drawnError(place: ErrorPlace, symbol: string | undefined): VenueError | undefined {
    const fault = place === 'order' ? 'order-error' : 'rest-error';
    if (place === 'token' || !this.strikes(fault, symbol)) return undefined;
    const known = errorsAt(place);
    return known[this.choose(fault, known.length)];
  }
}

function hasError(known: readonly VenueError[], fault: ErrorFaultName): boolean {
  return known.some(({ text }) => fault === `error:${text}`);
}

/** Place in the table; of an error's text, its hash (FNV-1a) beyond the table. */
function placeOf(fault: FaultName): number {
  const place = FAULT_NAMES.indexOf(fault as (typeof FAULT_NAMES)[number]);
  if (place >= 0) return place;
  let hash = 0x811c9dc5;
  for (let i = 0; i < fault.length; i += 1) hash = Math.imul(hash ^ fault.charCodeAt(i), 0x01000193);
  return (hash >>> 1) + FAULT_NAMES.length;
}

function mixed(seed: number, connection: number, index: number): number {
  return (
    (Math.imul(seed ^ 0x5bd1e995, 0x27d4eb2f) ^
      Math.imul(connection + 1, 0x165667b1) ^
      Math.imul(index + 1, 0x9e3779b1)) >>>
    0
  );
}
