/** Records what a plan came to: its profit, and what it left behind, to the unit. */

import type { Asset, InstrumentDirectory } from '../../../market/instrument.ts';
import { formatDecimal, minus, NO_UNITS, plus, type Units } from '../../../money/money.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import type { Account } from '../account/running-account.ts';
import { isTradable } from '../decisions/holding-value.ts';
import type { PlanMarks } from '../decisions/mark-to-market.ts';
import { assetAt, placesOf } from '../decisions/plan-progress.ts';
import { type Moment, recordAudit, recordEnded } from '../journal/execution-events.ts';
import type { Journal } from '../journal/journal.ts';
import { countUp, SEQUENCER_HEADER } from '../journal/sequencer-memory.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Plan } from '../model/plan.ts';
import { describeReasons, stampReasons } from '../model/plan-reasons.ts';

export interface PlanEndDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly books: NewestBooks;
  readonly account: Account;
  readonly marks: PlanMarks;
}

/** Records the end of `plan` as part of the change that is open. */
export function recordEnd(plan: Plan, deps: PlanEndDeps, when: Moment): void {
  const { state } = plan;
  const { journal, context } = deps;
  if (state === 'completed' || state === 'abandoned' || state === 'unwound' || state === 'stranded') {
    countUp(journal.open, SEQUENCER_HEADER[state]);
  }
  const left = placesOf(plan).flatMap((place) => recordRest(plan, place, deps, when) ?? []);
  recordEnded(journal, plan, when);
  stampReasons(plan.reasons, context.clock.wallMs());
  const result = resultOf(plan, left, deps.books.directory);
  const text = `plan ${plan.id} ${state}${result.text}`;
  // A single one stands in the plan's end.
  if (plan.reasons.length > 1) {
    const why = `plan ${plan.id} ${state}: ${describeReasons(plan.reasons)}`;
    recordAudit(journal, 'plan_reasons', 0, why, plan.id, plan.reasons.length);
  }
  const reasons = plan.reasons.map(({ reason, atMs, count }) => ({ reason, at: new Date(atMs).toISOString(), count }));
  const details = { plan: plan.id, outcome: state, reason: plan.reason, reasons, ...result.figures };
  context.log(state === 'stranded' ? 'error' : 'info', 'plan_ended', text, details);
}

/** What a plan left unsold: the amount, and what the books say it is worth; undefined when none does. */
interface Left {
  readonly amount: string;
  readonly worthUnits: Units | undefined;
}

/**
 * What could be traded is exposure, less than that is dust: both count with the profit for what they are worth at the
 * books. Exposure that no book values counts nothing: it is as good as lost.
 */
function recordRest(plan: Plan, place: number, deps: PlanEndDeps, when: Moment): Left | undefined {
  const { journal, books, account, marks } = deps;
  const units = plan.heldUnits[place] ?? NO_UNITS;
  const asset = assetAt(plan, place, books.directory);
  if (units === 0n || asset === undefined) return undefined;
  const entry = { asset, units, plan: plan.id };
  if (!isTradable(plan, place, books)) {
    account.addDust(entry, when);
    plan.markUnits = plus(plan.markUnits, marks.worthAt(plan, place, units));
    return undefined;
  }
  account.addExposure(entry, 'stranded', when);
  const worthUnits = marks.bookWorthAt(plan, place, units);
  const marked = worthUnits ?? (units < 0n ? marks.worthAt(plan, place, units) : NO_UNITS); // what is owed is never free
  plan.markUnits = plus(plan.markUnits, marked);
  const amount = amountOf(units, books.directory.assets[asset]) ?? `${units} units of asset ${asset}`;
  recordAudit(
    journal,
    'exposure_stranded',
    2,
    `plan ${plan.id} left ${amount} (${plan.reason})`,
    plan.id,
    Number(units),
  );
  return { amount, worthUnits };
}

/** Profit and mark in the start asset, for the log. */
function resultOf(plan: Plan, left: readonly Left[], { assets }: InstrumentDirectory) {
  const start = assets[plan.startAsset];
  const amountText = (units: Units): string => amountOf(units, start) ?? `${units} units`;
  const { spentUnits, receivedUnits, markUnits } = plan;
  const profitUnits = minus(receivedUnits, spentUnits);
  const figures = {
    spent: amountText(spentUnits),
    received: amountText(receivedUnits),
    profit: amountText(profitUnits),
    mark: amountText(markUnits),
    result: amountText(plus(profitUnits, markUnits)),
  };
  const kept = left.map(({ amount, worthUnits }) =>
    worthUnits === undefined ? `${amount} (no book values it)` : `${amount} (worth ${amountText(worthUnits)})`,
  );
  const rest = kept.length === 0 ? '' : `, left ${kept.join(' and ')}`;
  if (spentUnits === 0n && receivedUnits === 0n && rest === '') return { text: '', figures };
  const text = `: spent ${figures.spent}, received ${figures.received}${rest}, result ${figures.result}`;
  return { text, figures };
}

function amountOf(units: Units, asset: Pick<Asset, 'id' | 'precision'> | undefined): string | undefined {
  return asset === undefined ? undefined : `${formatDecimal(units, asset.precision)} ${asset.id}`;
}
