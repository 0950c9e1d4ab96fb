/**
 * Whether an opportunity still stands when it arrives. The detector decided on an older book, and without knowing what
 * else is at work: everything is asked again, at the newest books, before anything is committed to. Pure but for reading
 * those books.
 */

import { leastMultiplier } from '../../../market/cycles/cycle-touch.ts';
import { paysAtWorst } from '../../../market/cycles/cycle-worst.ts';
import type { FeeTable } from '../../../market/fee-table.ts';
import type { AssetIndex, InstrumentIndex } from '../../../market/instrument.ts';
import type { Leg } from '../../../market/legs/leg.ts';
import type { PlanReason } from '../../../messages/execution-message.ts';
import { INT64_MAX, type Lots, NO_UNITS, type Ticks, type Units } from '../../../money/money.ts';
import { type Fraction, isLess } from '../../../money/rational.ts';
import type { MonotonicNs } from '../../../platform/time.ts';
import type { Config } from '../../../settings/config.ts';
import type { PreTradeLimits } from '../../../trading/pre-trade-limits.ts';
import type { GateState } from '../../../trading/trading-gate.ts';
import type { NoRoom } from '../../../venues/trading-port.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Opportunity } from '../model/opportunity.ts';
import type { Plan, PlanLeg } from '../model/plan.ts';
import { type SizeBounds, sizePlan } from './plan-size.ts';
import { priceCollar } from './price-collar.ts';

export interface RevalidationLimits {
  readonly ageMaxNs: number;
  /** A book without an update for longer counts as stale. */
  readonly bookAgeMaxNs: number;
  readonly plansMax: number;
  readonly slippageBps: number;
  /** Net multiplier below which, or at which, nothing is opened. */
  readonly leastMultiplier: Fraction;
  /** Plans that may start from one asset at once. */
  readonly plansPerAssetMax: number;
  /** All legs at once, out of stock. */
  readonly isParallel: boolean;
}

/** How long a book without an update is trusted. */
export const bookAgeMaxNs = ({ venue }: Config): number => venue.instrument_silence_ms * 1e6;

export function revalidationLimits(config: Config): RevalidationLimits {
  const { trading, strategy } = config;
  return {
    ageMaxNs: trading.opportunity_age_max_ms * 1e6,
    bookAgeMaxNs: bookAgeMaxNs(config),
    plansMax: trading.plans_at_once,
    slippageBps: trading.slippage_bps,
    leastMultiplier: leastMultiplier(strategy.min_edge_bps),
    plansPerAssetMax: trading.plans_per_asset_max,
    isParallel: trading.policy === 'parallel',
  };
}

export interface Circumstances {
  readonly nowNs: MonotonicNs;
  readonly gate: GateState;
  readonly plans: readonly Plan[];
  readonly books: NewestBooks;
  /** Units of an asset that are free to be spent; undefined when without limit. */
  readonly available: (asset: AssetIndex) => Units | undefined;
  /** What the pre-trade check will hold the plan's orders to. */
  readonly orderLimits: SizeBounds['limits'] & Pick<PreTradeLimits, 'hasRateFor'>;
  /** The venue that orders would go to; undefined where none is asked. */
  readonly venue: VenueReadiness | undefined;
}

export interface VenueReadiness {
  /** The account is reconciled. */
  readonly isTrading: boolean;
  /** Nothing of it is in doubt. */
  readonly takesPlans: boolean;
  /** More of an asset is held than can be counted. */
  readonly isUncountable: (asset: AssetIndex) => boolean;
  readonly isConnected: boolean;
  /** What keeps back an order of each, all at once: of the venue's limiters. */
  readonly whyNoRoom: (instruments: readonly InstrumentIndex[]) => NoRoom | undefined;
  /** All that the venue says of their terms goes together. */
  readonly agreesOn: (instruments: readonly InstrumentIndex[]) => boolean;
  /** What the account pays; undefined where no account is asked. */
  readonly fees: Pick<FeeTable, 'of' | 'isDoubted'> | undefined;
}

/** What a plan can count on. */
export interface Standing {
  readonly ok: true;
  readonly startAsset: AssetIndex;
  /** By leg. */
  readonly lots: readonly Lots[];
  readonly startUnits: Units;
  readonly endUnits: Units;
  /** By leg, most that it can come to at its collar: of the first alone, unless all go out at once. */
  readonly reservedUnits: readonly Units[];
  /** By leg, most that it can come to at its collar. */
  readonly plannedUnits: readonly Units[];
}
export interface Refusal {
  readonly ok: false;
  readonly reason: PlanReason;
}

const refuse = (reason: PlanReason): Refusal => ({ ok: false, reason });

export function revalidate(
  opportunity: Opportunity,
  now: Circumstances,
  limits: RevalidationLimits,
): Standing | Refusal {
  const busy = whyNotNow(opportunity, now, limits);
  if (busy !== undefined) return refuse(busy);
  const legs: Leg[] = [];
  for (const leg of opportunity.legs) {
    const checked = checkLeg(leg, opportunity.seq, now, limits);
    if (typeof checked === 'string') return refuse(checked);
    legs.push(checked);
  }
  return checkEdge(opportunity, legs, now, limits);
}

function whyNotNow(opportunity: Opportunity, now: Circumstances, limits: RevalidationLimits): PlanReason | undefined {
  if (!opportunity.isSized || opportunity.firstLots <= 0n) return 'unsized';
  if (now.nowNs - opportunity.stampNs > limits.ageMaxNs) return 'too_old';
  if (now.gate !== 'active') return 'gate_closed';
  const notReady = now.venue && whyNotReady(opportunity, now.venue, now.books);
  if (notReady !== undefined) return notReady;
  const instruments = new Set(now.plans.flatMap(({ legs }) => legs.map(({ instrument }) => instrument)));
  if (opportunity.legs.some(({ instrument }) => instruments.has(instrument))) return 'instrument_busy';
  if (now.plans.length >= limits.plansMax) return 'plans_full';
  return now.orderLimits.hasRateFor(opportunity.legs.length) ? undefined : 'order_rate';
}

function whyNotReady({ legs }: Opportunity, venue: VenueReadiness, { directory }: NewestBooks): PlanReason | undefined {
  if (!venue.isConnected) return 'disconnected';
  if (!venue.isTrading) return 'account_not_ready';
  if (!venue.takesPlans) return 'account_doubted';
  const unsure = venue.fees && legs.map((leg) => whyFeeUnsure(leg, venue.fees)).find((reason) => reason !== undefined);
  if (unsure !== undefined) return unsure;
  const instruments = legs.map(({ instrument }) => instrument);
  const assets = instruments
    .flatMap((one) => directory.instruments[one] ?? [])
    .flatMap(({ base, quote }) => [base, quote]);
  if (assets.some(venue.isUncountable)) return 'balance_uncountable';
  if (!venue.agreesOn(instruments)) return 'terms_disagree';
  // All its legs and one order to close out, whichever pair that takes: a plan is not begun to wait half-way.
  return instruments.map((one) => venue.whyNoRoom([...instruments, one])).find((reason) => reason !== undefined);
}

/** Why the fee that was decided on is not one to trade at. */
function whyFeeUnsure({ instrument, feePpm }: PlanLeg, fees: VenueReadiness['fees']): PlanReason | undefined {
  const reportedPpm = fees?.of(instrument);
  if (reportedPpm === undefined) return 'fees_unknown';
  if (fees?.isDoubted(instrument)) return 'fee_surprise';
  return reportedPpm > feePpm ? 'fees_risen' : undefined;
}

function checkLeg(
  leg: PlanLeg,
  seq: number,
  { books, nowNs }: Circumstances,
  limits: RevalidationLimits,
): Leg | PlanReason {
  const terms = books.terms(leg);
  if (terms === undefined) return 'instrument_unknown';
  if (terms.instrument.status !== 'online') return 'not_tradable';
  if (!books.isInScale(leg.instrument, seq)) return 'precision_changed';
  const book = books.book(leg.instrument);
  if (book === undefined) return 'book_invalid';
  if (nowNs - book.stampNs > limits.bookAgeMaxNs) return 'book_stale';
  return books.legWithin(terms, book, priceCollar(terms.instrument, leg.side, leg.decidedTicks, limits.slippageBps));
}

function checkEdge(
  { firstLots: decidedLots, legs: decided }: Opportunity,
  legs: readonly Leg[],
  { available, plans, orderLimits }: Circumstances,
  { leastMultiplier, slippageBps, isParallel, plansPerAssetMax }: RevalidationLimits,
): Standing | Refusal {
  const collared = legs.map((leg, index) => ({
    leg,
    limitTicks: limitOf(leg, decided[index] as PlanLeg, slippageBps),
  }));
  const size = sizePlan(collared, decidedLots, { limits: orderLimits, available, isParallel });
  if (typeof size === 'string') return refuse(size);
  const { startUnits, endUnits, lots } = size;
  const pays = isLess(leastMultiplier, { numerator: endUnits, denominator: startUnits });
  if (!pays || !paysAtWorst(legs, lots[0] as Lots, leastMultiplier)) return refuse('edge_gone');
  const startAsset = (legs[0] as Leg).spends.index;
  if (plans.filter((plan) => plan.startAsset === startAsset).length >= plansPerAssetMax) return refuse('asset_busy');
  const plannedUnits = collared.map(({ leg, limitTicks }, index) => leg.spentAtLimit(lots[index] as Lots, limitTicks));
  const isCountable = [startUnits, endUnits, ...lots, ...plannedUnits].every((amount) => amount <= INT64_MAX);
  if (!isCountable) return refuse('over_limit'); // neither memory nor records hold it
  const reservedUnits = plannedUnits.map((units, index) => (index === 0 || isParallel ? units : NO_UNITS));
  return { ok: true, startAsset, lots, startUnits, endUnits, reservedUnits, plannedUnits };
}

const limitOf = ({ terms }: Leg, { decidedTicks }: PlanLeg, slippageBps: number): Ticks =>
  priceCollar(terms.instrument, terms.side, decidedTicks, slippageBps);
