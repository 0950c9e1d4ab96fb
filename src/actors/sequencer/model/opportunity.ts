/** A sized opportunity as the sequencer takes it off its ring: legs in the order they are traded. */

import { instrumentIndex } from '../../../market/instrument.ts';
import { LEG, OPPORTUNITY } from '../../../messages/opportunity-message.ts';
import { type Lots, lots, ticks, type Units, units } from '../../../money/money.ts';
import { BUY, SELL } from '../../../money/side.ts';
import { type MonotonicNs, monotonicNs } from '../../../platform/time.ts';
import type { PlanLeg } from './plan.ts';

export interface Opportunity {
  readonly seq: number;
  readonly ordinal: number;
  readonly stampNs: MonotonicNs;
  readonly isSized: boolean;
  readonly startUnits: Units;
  readonly endUnits: Units;
  /** Order of the leg traded first. */
  readonly firstLots: Lots;
  readonly legs: readonly PlanLeg[];
}

export function readOpportunity(view: DataView, at: number): Opportunity {
  const legCount = view.getUint8(at + OPPORTUNITY.legCount);
  const places = Array.from({ length: legCount }, (_, leg) => at + OPPORTUNITY.legs + leg * LEG.SIZE);
  places.sort((one, other) => view.getUint8(one + LEG.turn) - view.getUint8(other + LEG.turn));
  return {
    seq: view.getFloat64(at + OPPORTUNITY.seq, true),
    ordinal: view.getUint16(at + OPPORTUNITY.ordinal, true),
    stampNs: monotonicNs(view.getFloat64(at + OPPORTUNITY.stampNs, true)),
    isSized: view.getUint8(at + OPPORTUNITY.sized) === 1,
    startUnits: units(view.getBigInt64(at + OPPORTUNITY.startUnits, true)),
    endUnits: units(view.getBigInt64(at + OPPORTUNITY.endUnits, true)),
    firstLots: lots(view.getBigInt64((places[0] ?? at) + LEG.qtyLots, true)),
    legs: places.map((place) => ({
      instrument: instrumentIndex(view.getUint16(place + LEG.instrument, true)),
      side: view.getUint8(place + LEG.side) === BUY ? BUY : SELL,
      feePpm: view.getUint32(place + LEG.feePpm, true),
      decidedTicks: ticks(view.getBigInt64(place + LEG.priceTicks, true)),
    })),
  };
}
