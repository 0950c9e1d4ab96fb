/** Holds our books against those of an unruly venue, to the unit. */
import { type Execution, type Stage, USD } from './sequencer-stage.ts';
import type { UnrulyVenue } from './unruly-venue.ts';

/** What the account holds at the beginning: USD, BTC, ETH. */
export const START = [10_000_000_0000n, 100_0000000000n, 1_000_0000000000n];

export interface Lived {
  readonly stage: Stage;
  readonly venue: UnrulyVenue;
  /** What was reported to risk, and what to the database. */
  readonly told: readonly Execution[];
  readonly recorded: readonly Execution[];
  readonly audits: readonly string[];
}

/** What is wrong after a day; empty when everything is as it should be. */
export function faultsOf({ stage, venue, told, recorded, audits }: Lived): string[] {
  const faults: string[] = [];
  const check = (holds: boolean, what: string) => void (holds || faults.push(what));
  const show = (values: readonly unknown[]) => values.join(' ');
  check(stage.counter('plans_active') === 0, `${stage.counter('plans_active')} plans never ended`);
  check(new Set(venue.sent).size === venue.sent.length, 'an order id was used twice');
  check(JSON.stringify(told, text) === JSON.stringify(recorded, text), 'risk and the database were told differently');
  const booked = told.filter(({ event }) => event === 'FILL');
  const truth = venue.fills.map(({ execId, qtyLots, feeUnits }) => `${execId} ${qtyLots} ${feeUnits}`).sort();
  const ours = booked.map(({ execId, qty, fee }) => `${execId} ${qty} ${fee}`).sort();
  check(
    show(truth) === show(ours),
    `fills: ${show(truth.filter((one) => !ours.includes(one)))} missing of ${truth.length}`,
  );
  check(
    show(stage.balances()) === show(venue.balances),
    `balances: ${show(stage.balances())} for ${show(venue.balances)}`,
  );
  const ledger = [...START];
  for (const { event, amount, amountAsset, profit } of told) {
    if (event === 'EXPOSURE' || event === 'DUST') ledger[amountAsset]! += amount;
    if (event === 'PLAN_ENDED') ledger[USD]! += profit;
  }
  check(show(ledger) === show(venue.balances), `ledger: ${show(ledger)} for ${show(venue.balances)}`);
  check(!told.some(({ exposureReason }) => exposureReason === 'deviation'), 'a deviation was booked');
  const sent = new Set(told.filter(({ event }) => event === 'ORDER_SENT').map(({ clOrdId }) => clOrdId));
  check(
    venue.sent.every((id) => sent.has(id)),
    'an order left that was not written down',
  );
  const refused = audits.filter((line) => line.startsWith('account_refused'));
  check(refused.length === 0, show(refused));
  return faults;
}

export const text = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
