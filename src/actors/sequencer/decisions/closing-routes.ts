/**
 * The routes home for what a plan has left over, and the routes to buy what it owes: on along the cycle, back along it, or
 * over a pair of the two assets that is not part of it.
 */

import { assetReceived, assetSpent } from '../../../market/asset-graph.ts';
import type { InstrumentDirectory } from '../../../market/instrument.ts';
import type { LegSpec } from '../../../market/legs/leg.ts';
import { LEGS_MAX } from '../../../messages/opportunity-message.ts';
import { opposite, SIDES } from '../../../money/side.ts';
import { type Plan, type PlanLeg, placeAfter } from '../model/plan.ts';
import { assetAt } from './plan-progress.ts';

/** One trade of a route. */
export interface Hop extends LegSpec {
  /** Places of what is given and of what is taken. */
  readonly gives: number;
  readonly takes: number;
  /** Leg it trades, or the place that a direct pair leads to or from. */
  readonly position: number;
  readonly isDirect: boolean;
  readonly isReversing: boolean;
}

export type Route = readonly Hop[];

export type Shortfall = 'cheapest' | 'reverse' | 'complete' | 'hold';

/** The bit of `Plan.barred` that stands for a route. */
export const barOf = (position: number, isDirect: boolean): number => 1 << (isDirect ? LEGS_MAX + position : position);

/** Routes from `place` to the start asset. */
export function routesHome(plan: Plan, place: number, kind: Shortfall, directory: InstrumentDirectory): Route[] {
  const onward = plan.legs.map((_, position) => hopForward(plan, position)).slice(place);
  const back = plan.legs.map((_, position) => hopBack(plan, position)).slice(0, place);
  return allowed(kind, onward, back.reverse(), directHops(plan, place, true, directory));
}

/** Routes from the start asset to `place`. */
export function routesTo(plan: Plan, place: number, kind: Shortfall, directory: InstrumentDirectory): Route[] {
  const onward = plan.legs.map((_, position) => hopForward(plan, position)).slice(0, place);
  const back = plan.legs.map((_, position) => hopBack(plan, position)).slice(place);
  return allowed(kind, onward, back.reverse(), directHops(plan, place, false, directory));
}

/** A direct pair is never the first choice, but there when the venue refuses the others: it counts for either kind. */
function allowed(kind: Shortfall, onward: Route, back: Route, direct: Route[]): Route[] {
  if (kind === 'hold') return [];
  if (kind === 'complete') return [onward, ...direct];
  return kind === 'reverse' ? [back, ...direct] : [onward, back, ...direct];
}

function hopForward(plan: Plan, position: number): Hop {
  const { instrument, side, feePpm } = plan.legs[position] as PlanLeg;
  const takes = placeAfter(plan, position);
  return { instrument, side, feePpm, gives: position, takes, position, isDirect: false, isReversing: false };
}

function hopBack(plan: Plan, position: number): Hop {
  const hop = hopForward(plan, position);
  return { ...hop, side: opposite(hop.side), gives: hop.takes, takes: hop.gives, isReversing: true };
}

/** Pairs of the asset at `place` and the start asset that the plan does not trade, at the worst of its fees. */
function directHops(plan: Plan, place: number, isHome: boolean, directory: InstrumentDirectory): Route[] {
  const asset = assetAt(plan, place, directory);
  const own = new Set(plan.legs.map(({ instrument }) => instrument));
  const feePpm = Math.max(...plan.legs.map((leg) => leg.feePpm));
  const [gives, takes] = isHome ? [place, 0] : [0, place];
  const [given, taken] = isHome ? [asset, plan.startAsset] : [plan.startAsset, asset];
  return directory.instruments.flatMap((instrument) => {
    if (own.has(instrument.index)) return [];
    const side = SIDES.find((one) => assetSpent(instrument, one) === given && assetReceived(instrument, one) === taken);
    if (side === undefined) return [];
    return [
      [
        {
          instrument: instrument.index,
          side,
          feePpm,
          gives,
          takes,
          position: place,
          isDirect: true,
          isReversing: true,
        },
      ],
    ];
  });
}
