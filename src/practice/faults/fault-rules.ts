/** When faults strike, as a user says it: by chance, at a time, every so many occasions; and how that is written. */
import type { Chance } from '../../platform/chance.ts';
import { arbitradeError } from '../../platform/errors.ts';
import { ERROR_FAULT_CHANCE, FAULT_NAMES, FAULTS, type FaultName, isErrorFault, isFaultName } from './faults.ts';

export interface FaultRule {
  /** Probability at each occasion. */
  readonly chance?: number;
  /** Strikes at every so-manieth occasion, counted over all clients. */
  readonly every?: number;
  /** Strikes at the first occasion so long after the exchange was started, once for each time. */
  readonly atMs?: readonly number[];
}

/** Rule per fault; a number is a probability. A fault that is not named never strikes by itself. */
export type FaultRates = Readonly<Partial<Record<FaultName, number | FaultRule>>>;

const RULE = /^(?<name>.*?)(?:=(?<chance>[^=@/]*)|@(?<at>[^=@/]*)|\/(?<every>[^=@/]*))?$/;
const EXPECTED = 'NAME, NAME=PROBABILITY, NAME@12s (once, then), NAME/50 (every 50th occasion), or all';

/**
 * Reads `checksum,drop=0.01,ack-lost@12s,ack-late/50`; `all` is every fault of the table at its default probability.
 * The same name may stand several times. @throws OPTION_INVALID.
 */
export function parseFaultRates(text: string): FaultRates {
  const rates: Partial<Record<FaultName, number | FaultRule>> = {};
  for (const part of text.split(',').filter((one) => one !== '')) {
    const { name = '', chance, at, every } = RULE.exec(part)?.groups ?? {};
    for (const fault of namesOf(name)) rates[fault] = merged(rates[fault], ruleOf(fault, part, { chance, at, every }));
  }
  return rates;
}

/** The rule that `rate` stands for. */
export function ruleFor(rate: number | FaultRule | undefined): FaultRule {
  return typeof rate === 'number' ? { chance: rate } : (rate ?? {});
}

/**
 * Some faults and their probabilities, drawn: each with even odds, its default probability times one to ten.
 * @param among the faults to draw from; all of the table unless given.
 */
export function drawFaultRates(chance: Chance, among: readonly FaultName[] = FAULT_NAMES): FaultRates {
  const drawn: Partial<Record<FaultName, number>> = {};
  for (const fault of among) {
    const taken = chance.unit() < 0.5;
    const factor = 1 + chance.integer(10);
    if (taken) drawn[fault] = Math.min(0.5, defaultChance(fault) * factor);
  }
  return drawn;
}

function namesOf(name: string): readonly FaultName[] {
  if (name === 'all') return FAULT_NAMES;
  if (isFaultName(name)) return [name];
  throw arbitradeError('OPTION_INVALID', '--faults', `some of ${FAULT_NAMES.join(', ')}, or error:TEXT`, name);
}

interface RuleText {
  readonly chance: string | undefined;
  readonly at: string | undefined;
  readonly every: string | undefined;
}

function ruleOf(fault: FaultName, part: string, { chance, at, every }: RuleText): number | FaultRule {
  if (at !== undefined) return { atMs: [timeOf(at, part)] };
  if (every !== undefined) return { every: countOf(every, part) };
  if (chance === undefined) return defaultChance(fault);
  const rate = Number(chance);
  if (chance.trim() === '' || !(rate >= 0 && rate <= 1)) {
    throw arbitradeError('OPTION_INVALID', '--faults', 'a probability from 0 to 1 after =', part);
  }
  return rate;
}

function merged(before: number | FaultRule | undefined, added: number | FaultRule): number | FaultRule {
  if (before === undefined) return added;
  const old = ruleFor(before);
  const now = ruleFor(added);
  return { ...old, ...now, atMs: [...(old.atMs ?? []), ...(now.atMs ?? [])] };
}

function defaultChance(fault: FaultName): number {
  return isErrorFault(fault) ? ERROR_FAULT_CHANCE : FAULTS[fault].chance;
}

function timeOf(text: string, part: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  if (match === null) throw arbitradeError('OPTION_INVALID', '--faults', EXPECTED, part);
  return Number(match[1]) * (match[2] === 'ms' ? 1 : match[2] === 's' ? 1_000 : 60_000);
}

function countOf(text: string, part: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw arbitradeError('OPTION_INVALID', '--faults', EXPECTED, part);
  return Number(text);
}
