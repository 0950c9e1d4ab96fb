/**
 * Taker fees, per instrument, in parts per million. What is not known is taken at the worst of what could be: a fee that
 * is believed too high costs an opportunity, one believed too low costs money.
 */

import { type PartsPerMillion, parsePercent } from '../money/money.ts';
import { arbitradeError } from '../platform/errors.ts';
import type { FeeTable } from './fee-table.ts';
import type { Instrument } from './instrument.ts';

/** Fee settings: `fees` of the configuration, and the venue's own schedule. */
export interface FeeSettings {
  /** In percent by tier, dearest first. Not empty. An account's own fees are read from the venue where there is a key. */
  readonly takerPctByTier: readonly string[];
  readonly tier: number;
  readonly taker_pct?: string | undefined;
  readonly pairs_taker_pct: Readonly<Record<string, string>>;
}

/** Taker fee of a tier; of the most expensive one when `tier` is not in the schedule. */
export function takerFeeOfTier(takerPctByTier: readonly string[], tier: number): PartsPerMillion {
  return parsePercent(takerPctByTier[tier - 1] ?? takerPctByTier[0] ?? '', 'fee schedule');
}

/**
 * Taker fee of the pair `symbol`: its own setting, else the one for every pair, else the tier's.
 * @throws OPTION_INVALID when a setting is below zero or not below 100 %; DECIMAL_INVALID, DECIMAL_DOES_NOT_FIT when it
 * is no percentage of at most 4 decimals.
 */
export function takerFee(settings: FeeSettings, symbol: string): PartsPerMillion {
  const own = Object.hasOwn(settings.pairs_taker_pct, symbol) ? settings.pairs_taker_pct[symbol] : undefined;
  if (own !== undefined) return checkedPercent(`fees.pairs_taker_pct.${symbol}`, own);
  if (settings.taker_pct !== undefined) return checkedPercent('fees.taker_pct', settings.taker_pct);
  return takerFeeOfTier(settings.takerPctByTier, settings.tier);
}

/**
 * What is calculated with for the pair `symbol` once the venue has reported what the account pays: never less than that. A
 * setting that names a fee can only make it dearer; the tier stands for what is not known, and is known now.
 * @throws as {@link takerFee}.
 */
export function accountFee(settings: FeeSettings, symbol: string, reportedPpm: PartsPerMillion): PartsPerMillion {
  const isNamed = Object.hasOwn(settings.pairs_taker_pct, symbol) || settings.taker_pct !== undefined;
  return isNamed ? (Math.max(reportedPpm, takerFee(settings, symbol)) as PartsPerMillion) : reportedPpm;
}

/** What legs are made at: the settings, and what the venue has reported of the account. */
export class TakerFees {
  readonly #settings: FeeSettings;
  readonly #table: FeeTable;

  constructor(settings: FeeSettings, table: FeeTable) {
    this.#settings = settings;
    this.#table = table;
  }

  /** What a new leg is made at: see {@link accountFee}, and {@link takerFee} as long as the venue has reported nothing. */
  of({ index, symbol }: Instrument): PartsPerMillion {
    const reported = this.#table.of(index);
    return reported === undefined ? takerFee(this.#settings, symbol) : accountFee(this.#settings, symbol, reported);
  }

  /** As {@link of}; undefined unless the venue has reported it and no fill has paid another since. */
  confirmed(instrument: Instrument): PartsPerMillion | undefined {
    const isReported = this.#table.of(instrument.index) !== undefined && !this.#table.isDoubted(instrument.index);
    return isReported ? this.of(instrument) : undefined;
  }

  /** What the account pays as far as is known: a setting does not raise what the venue has reported. */
  paid({ index, symbol }: Instrument): PartsPerMillion {
    return this.#table.of(index) ?? takerFee(this.#settings, symbol);
  }
}

function checkedPercent(setting: string, text: string): PartsPerMillion {
  const fee = parsePercent(text, setting);
  if (fee < 0 || fee >= 1_000_000) throw arbitradeError('OPTION_INVALID', setting, 'a fee from 0 to below 100 %', text);
  return fee;
}
