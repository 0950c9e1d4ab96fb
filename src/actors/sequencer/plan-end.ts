/** Records what a plan came to: its profit, and what it left behind, to the unit. */
import type { ActorContext } from '../../runtime/actor.ts';
import { formatDecimal } from '../../shared/money.ts';
import type { Account } from './account.ts';
import { type Moment, tellAudit, tellEnded } from './execution-events.ts';
import { isTradable } from './holding-value.ts';
import type { Journal } from './journal.ts';
import type { NewestBooks } from './newest-books.ts';
import type { Plan } from './plan.ts';
import type { PlanMarks } from './plan-marks.ts';
import { assetAt, placesOf } from './plan-progress.ts';
import { countUp, SEQUENCER_HEADER } from './sequencer-memory.ts';

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
  if (state === 'completed' || state === 'abandoned' || state === 'unwound' || state === 'stranded') {
    countUp(deps.journal.open, SEQUENCER_HEADER[state]);
  }
  for (const place of placesOf(plan)) recordRest(plan, place, deps, when);
  tellEnded(deps.journal, plan, when);
  const details = { plan: plan.id, outcome: state, reason: plan.reason };
  deps.context.log(state === 'stranded' ? 'error' : 'info', 'plan_ended', `plan ${plan.id} ${state}`, details);
}

/** What could be traded is exposure; less than that is dust, which counts with the profit, for what it is worth. */
function recordRest(plan: Plan, place: number, { journal, books, account, marks }: PlanEndDeps, when: Moment): void {
  const units = plan.heldUnits[place] ?? 0n;
  const asset = assetAt(plan, place, books.directory);
  if (units === 0n || asset === undefined) return;
  const entry = { asset, units, plan: plan.id };
  if (!isTradable(plan, place, books)) {
    account.addDust(entry, when);
    plan.markUnits += marks.worthAt(plan, place, units);
    return;
  }
  account.addExposure(entry, 'stranded', when);
  const found = books.directory.assets[asset];
  const amount =
    found === undefined ? `${units} units of asset ${asset}` : `${formatDecimal(units, found.precision)} ${found.id}`;
  tellAudit(journal, 'exposure_stranded', 2, `plan ${plan.id} left ${amount} (${plan.reason})`, plan.id, Number(units));
}
