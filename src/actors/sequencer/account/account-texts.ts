/** What the account's log lines say. Each text follows from the figures it is about. */
import type { Units } from '../../../money/money.ts';

/** @param amount the deviation as text, without its sign. */
export function describeDeviation(units: Units, amount: string): string {
  const how = units < 0n ? 'less' : 'more';
  return `the account holds ${amount} ${how} than expected; that is exposure now, and what it holds is expected from here on`;
}

/** @param deviations that were taken for what is, since this process began. */
export function describeReconciled(deviations: number): string {
  const [open, fills] = ['open orders', 'recent fills'];
  if (deviations === 0) return `balances, ${open} and ${fills} are as expected`;
  const found = deviations === 1 ? 'one deviation' : `${deviations} deviations`;
  return `${open} and ${fills} are as expected; balances were not: ${found} entered as exposure, and expected from here on`;
}
