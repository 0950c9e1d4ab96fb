import type { Opportunity } from './opportunity.ts';
import type { Plan } from './plan.ts';
import type { Standing } from './recheck.ts';

/** A plan of an opportunity that stands, before anything was done. */
export function newPlan(
  id: number,
  parallel: boolean,
  opportunity: Opportunity,
  standing: Standing,
  openedNs: number,
): Plan {
  return {
    id,
    seq: opportunity.seq,
    ordinal: opportunity.ordinal,
    startAsset: standing.startAsset,
    legs: opportunity.legs,
    plannedStartUnits: standing.startUnits,
    plannedEndUnits: standing.endUnits,
    legLots: standing.lots,
    openedNs,
    plannedUnits: standing.plannedUnits,
    parallel,
    state: 'checking',
    leg: 0,
    rest: false,
    heldUnits: [0n, 0n, 0n, 0n],
    gaveUnits: [0n, 0n, 0n, 0n],
    reservedUnits: [...standing.reservedUnits],
    spentUnits: 0n,
    receivedUnits: 0n,
    markUnits: 0n,
    attempt: 0,
    closingAttempts: 0,
    reversed: false,
    barred: 0,
    reason: 'none',
    reasons: [],
    patienceUntilNs: 0,
    retryDueNs: 0,
    orders: [],
  };
}
