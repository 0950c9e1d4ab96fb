import { NO_UNITS } from '../../shared/money.ts';
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
    heldUnits: [NO_UNITS, NO_UNITS, NO_UNITS, NO_UNITS],
    gaveUnits: [NO_UNITS, NO_UNITS, NO_UNITS, NO_UNITS],
    reservedUnits: [...standing.reservedUnits],
    spentUnits: NO_UNITS,
    receivedUnits: NO_UNITS,
    markUnits: NO_UNITS,
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
