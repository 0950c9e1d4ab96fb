import { assetIndex } from '../../../market/instrument.ts';
import { NO_UNITS } from '../../../money/money.ts';
import { type MonotonicNs, monotonicNs } from '../../../platform/time.ts';
import type { Opportunity } from '../model/opportunity.ts';
import type { Plan } from '../model/plan.ts';
import type { Standing } from './revalidation.ts';

/** A plan of which nothing is decided: what every new one has in common. */
export function blankPlan(): Plan {
  return {
    id: 0,
    seq: 0,
    ordinal: 0,
    startAsset: assetIndex(0),
    legs: [],
    plannedStartUnits: NO_UNITS,
    plannedEndUnits: NO_UNITS,
    legLots: [],
    openedNs: monotonicNs(0),
    plannedUnits: [NO_UNITS, NO_UNITS, NO_UNITS, NO_UNITS],
    parallel: false,
    flattening: undefined,
    state: 'checking',
    leg: 0,
    rest: false,
    heldUnits: [NO_UNITS, NO_UNITS, NO_UNITS, NO_UNITS],
    gaveUnits: [NO_UNITS, NO_UNITS, NO_UNITS, NO_UNITS],
    reservedUnits: [NO_UNITS, NO_UNITS, NO_UNITS, NO_UNITS],
    spentUnits: NO_UNITS,
    receivedUnits: NO_UNITS,
    markUnits: NO_UNITS,
    attempt: 0,
    closingAttempts: 0,
    reversed: false,
    barred: 0,
    reason: 'none',
    reasons: [],
    patienceUntilNs: monotonicNs(0),
    retryDueNs: monotonicNs(0),
    orders: [],
  };
}

/** A plan of an opportunity that stands, before anything was done. */
export function newPlan(
  id: number,
  parallel: boolean,
  opportunity: Opportunity,
  standing: Standing,
  openedNs: MonotonicNs,
): Plan {
  return {
    ...blankPlan(),
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
    reservedUnits: [...standing.reservedUnits],
  };
}
