/**
 * Makes the orders that a plan needs now, and has them approved. What is approved is written down and sent in the same
 * turn, or not at all.
 */

import {
  type AssetIndex,
  assetIndex,
  type Instrument,
  type InstrumentIndex,
  isSameScale,
} from '../../../market/instrument.ts';
import type { PlanReason } from '../../../messages/execution-message.ts';
import { largest, lots, minus, NO_LOTS, NO_UNITS, negated, plus, smaller, type Units } from '../../../money/money.ts';
import { laterBy, type MonotonicNs, monotonicNs } from '../../../platform/time.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import type { ApprovedOrder, Refusal } from '../../../trading/approved-order.ts';
import { encodeClientOrderId } from '../../../trading/client-order-id.ts';
import type { PreTradeLimits } from '../../../trading/pre-trade-limits.ts';
import type { GateState } from '../../../trading/trading-gate.ts';
import type { TradingPort } from '../../../venues/trading-port.ts';
import { dustUnits } from '../account/account-ledger.ts';
import type { Account } from '../account/running-account.ts';
import { type ClosingTerms, closingOrder } from '../decisions/closing-order.ts';
import type { PlanMarks } from '../decisions/mark-to-market.ts';
import { type Impossible, legOrder, type OrderDraft, parallelOrders } from '../decisions/next-order.ts';
import { assetAt, change } from '../decisions/plan-progress.ts';
import { bookAgeMaxNs } from '../decisions/revalidation.ts';
import type { Moment } from '../journal/execution-events.ts';
import type { Journal } from '../journal/journal.ts';
import { SEQUENCER_HEADER } from '../journal/sequencer-memory.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Order } from '../model/order.ts';
import type { Plan } from '../model/plan.ts';
import type { PlanEventType } from '../model/plan-machine.ts';
import { because, over } from '../model/plan-reason.ts';
import type { OwnGate } from './own-gate.ts';

export interface OrderMakerDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly books: NewestBooks;
  readonly port: TradingPort;
  readonly account: Account;
  readonly preTradeLimits: PreTradeLimits;
  readonly marks: PlanMarks;
  readonly gate: Pick<OwnGate, 'state' | 'isSettling'>;
  readonly moment: () => Moment;
  /** Whether a plan other than the one given trades the instrument. */
  readonly isTakenByOther: (plan: Plan, instrument: InstrumentIndex) => boolean;
}

export interface MadeOrder {
  readonly order: Order;
  readonly approved: ApprovedOrder;
}

/** The event that the plan gets, and the orders that are to go out when it is `order.placed`. */
export interface Made {
  readonly event: PlanEventType;
  readonly orders: readonly MadeOrder[];
}

/** What may leave: anything, nothing now, nothing ever, or only what closes out. */
export type Verdict = 'open' | 'gate.paused' | 'gate.halted' | 'shut';

/** Pause before what could not go on is tried again. */
export const RETRY_MS = 50;

/** Whether plans at work may go on with every order. */
const isOpenForPlans = (state: GateState): boolean => state === 'active' || state === 'draining';

export class OrderMaker {
  /** Nothing leaves any more. */
  isStopping = false;
  readonly #deps: OrderMakerDeps;

  constructor(deps: OrderMakerDeps) {
    this.#deps = deps;
  }

  /** What gate, account and venue say to an order. */
  verdict(shrinksExposure: boolean): Verdict {
    if (this.isStopping) return 'gate.halted';
    const { gate, account, port } = this.#deps;
    const { state } = gate;
    if (state === 'halted') return 'gate.halted';
    if (state === 'paused' || !account.isTrading || !port.isConnected) return 'gate.paused';
    return isOpenForPlans(state) || shrinksExposure ? 'open' : 'shut';
  }

  #whyNot(): PlanReason {
    const { gate, account, port } = this.#deps;
    if (!this.isStopping && gate.isSettling) return 'stalled';
    if (this.isStopping || !isOpenForPlans(gate.state)) return 'gate_closed';
    return port.isConnected && !account.isTrading ? 'account_not_ready' : 'disconnected';
  }

  /** The next step along the cycle. */
  goOn(plan: Plan): Made {
    const isLast = !plan.parallel && plan.leg === plan.legs.length - 1;
    const verdict = this.verdict(isLast);
    if (verdict !== 'open') {
      return nothing(because(plan, this.#whyNot(), verdict === 'shut' ? 'order.impossible' : verdict));
    }
    if (this.#isTooOld(plan)) return nothing(because(plan, 'plan_too_old', 'order.impossible'));
    const drafts = this.#drafts(plan);
    if ('kind' in drafts) return nothing(because(plan, drafts.reason, 'order.impossible'));
    if (!this.#deps.port.agreesOn(drafts.map(({ instrument }) => instrument))) {
      return nothing(because(plan, 'terms_disagree', 'order.impossible'));
    }
    const noRoom = this.#deps.port.whyNoRoom(drafts.map(({ instrument }) => instrument));
    if (noRoom !== undefined) {
      plan.retryDueNs = laterBy(this.#deps.context.clock.nowNs(), RETRY_MS);
      return nothing(because(plan, noRoom, 'gate.paused'));
    }
    return this.#approveAll(plan, drafts, isLast);
  }

  /** The next order to close out what is left over. */
  closeOut(plan: Plan): Made {
    const verdict = this.verdict(true);
    if (verdict !== 'open') {
      return nothing(because(plan, this.#whyNot(), verdict === 'shut' ? 'order.impossible' : verdict));
    }
    const { trading } = this.#deps.context.config;
    const terms = this.#closingTerms(plan);
    const closing = closingOrder(plan, this.#deps.books, terms);
    if (closing.kind === 'nothing') return nothing(isCompleted(plan) ? 'closing.completed' : 'closing.reversed');
    if (terms.shortfall === 'hold') return nothing('closing.given_up');
    if (plan.closingAttempts >= trading.shortfall_attempts_max) {
      return nothing(because(plan, 'attempts_over', 'closing.given_up'));
    }
    if (closing.kind === 'wait') {
      plan.barred = 0; // what the venue refused it may take the next time
      return nothing(because(plan, closing.reason, 'order.impossible'));
    }
    return this.#approveAll(plan, [closing.draft], true);
  }

  #isTooOld({ openedNs }: Plan): boolean {
    const { clock, config } = this.#deps.context;
    return clock.nowNs() - openedNs > config.trading.plan_age_max_ms * 1e6;
  }

  #closingTerms(plan: Plan): ClosingTerms {
    const { context, books, port, account, isTakenByOther } = this.#deps;
    const { trading } = context.config;
    return {
      shortfall: plan.flattening === undefined ? trading.shortfall : 'complete', // it has one route, and was asked for
      collarBps: trading.slippage_bps * (1 + plan.closingAttempts),
      lossMaxBps: plan.flattening?.lossMaxBps ?? trading.shortfall_loss_max_bps,
      heardSinceNs: this.#heardSinceNs(),
      stockAt: (place: number) => {
        const asset = assetAt(plan, place, books.directory);
        return asset === undefined ? NO_UNITS : account.available(asset);
      },
      whyNot: (instrument: InstrumentIndex) => {
        if (books.directory.instruments[instrument]?.status !== 'online') return 'not_tradable';
        if (isTakenByOther(plan, instrument)) return 'instrument_busy';
        if (!port.agreesOn([instrument])) return 'terms_disagree';
        return port.whyNoRoom([instrument]);
      },
    };
  }

  /** Books without an update since are stale, as they are for the re-check. */
  #heardSinceNs(): MonotonicNs {
    const { clock, config } = this.#deps.context;
    return monotonicNs(clock.nowNs() - bookAgeMaxNs(config));
  }

  #drafts(plan: Plan): readonly OrderDraft[] | Impossible {
    const { books, context } = this.#deps;
    const { slippage_bps } = context.config.trading;
    if (plan.parallel) return parallelOrders(plan, books, slippage_bps);
    const asset = assetAt(plan, plan.leg, books.directory);
    const stock = asset === undefined ? NO_UNITS : this.#deps.account.available(asset);
    const terms = { slippageBps: slippage_bps, heardSinceNs: this.#heardSinceNs(), stockUnits: stock };
    const bare = legOrder(plan, books, terms, NO_UNITS);
    const dust = this.#dustFor(plan, asset, stock);
    const swept = dust === 0n ? bare : legOrder(plan, books, terms, dust);
    const sweepPays = swept.kind === 'order' && (bare.kind === 'impossible' || swept.qtyLots > bare.qtyLots);
    const draft = sweepPays ? swept : bare;
    return draft.kind === 'order' ? [draft] : draft;
  }

  /**
   * What lies about, below the venue's minimum, of the asset that the current leg gives; without withdrawals
   * since, for which the stock is short.
   */
  #dustFor({ leg }: Plan, asset: AssetIndex | undefined, stock: Units | undefined): Units {
    const dust = leg === 0 || asset === undefined ? NO_UNITS : dustUnits(this.#deps.journal.open, asset);
    return largest(NO_UNITS, plus(dust, smaller(NO_UNITS, stock ?? NO_UNITS)));
  }

  #approveAll(plan: Plan, drafts: readonly OrderDraft[], shrinksExposure: boolean): Made {
    const { preTradeLimits } = this.#deps;
    const orders: MadeOrder[] = [];
    for (const [index, draft] of drafts.entries()) {
      const order = this.#name(plan, plan.attempt + index, this.#capped(plan, draft));
      const approval = preTradeLimits.approve({ ...order, plan: plan.id, leg: order.position, shrinksExposure });
      if (!approval.ok) return this.#turnedDown(plan, approval.reason);
      orders.push({ order, approved: approval.order });
    }
    const { instruments } = this.#deps.books.directory;
    const isInScale = (draft: OrderDraft) => hasScale(draft, instruments[draft.instrument]);
    // The scale can change in the middle of a turn: then books, terms and limits were not all in the same one.
    if (!drafts.every(isInScale)) return nothing(because(plan, 'precision_changed', 'order.impossible'));
    for (const { order } of orders) this.#sweep(plan, order);
    return { event: 'order.placed', orders };
  }

  /**
   * What has begun is brought to its end in orders as large as the limits allow. The first order of a plan is not cut
   * down again: the plan was sized within the limits, and when others have used them up since, it is not begun.
   */
  #capped(plan: Plan, draft: OrderDraft): OrderDraft {
    if (!draft.isClosing && (plan.parallel || draft.position === 0)) return draft;
    const { preTradeLimits, books } = this.#deps;
    const { instrument, side, qtyLots } = draft;
    const order = { ...draft, ...UNNAMED, plan: plan.id, leg: draft.position, shrinksExposure: true };
    const spendMax = preTradeLimits.spendMaxUnits(instrument, side);
    const spend = preTradeLimits.worstSpendUnits(order);
    const bySpend = spendMax === undefined || spend <= spendMax ? qtyLots : (qtyLots * spendMax) / spend;
    const most = smaller<bigint>(bySpend, preTradeLimits.qtyMaxLots(instrument) ?? qtyLots);
    const step = books.directory.instruments[instrument]?.qtyIncrement ?? 1n;
    return most >= qtyLots || most < step ? draft : { ...draft, qtyLots: lots(most - (most % step)) };
  }

  /** Too many orders is a matter of a moment; any other limit will say the same again. */
  #turnedDown(plan: Plan, refusal: Refusal): Made {
    // What bounds the plan bounds it for good: what it holds is a person's to look at.
    if (PLAN_BOUNDS.has(refusal)) return nothing(over(plan, refusal as PlanReason, 'bound.reached'));
    const isOwnReason = refusal === 'gate_closed' || refusal === 'precision_changed' || refusal === 'plan_too_old';
    if (refusal !== 'too_many_orders') {
      return nothing(because(plan, isOwnReason ? refusal : 'over_limit', 'order.impossible'));
    }
    plan.retryDueNs = laterBy(this.#deps.context.clock.nowNs(), RETRY_MS);
    return nothing(because(plan, 'order_rate', 'gate.paused'));
  }

  /** Dust that the order spends comes out of the ledger and into the plan. */
  #sweep(plan: Plan, { gives, isClosing, fundsUnits }: Order): void {
    const asset = assetAt(plan, gives, this.#deps.books.directory);
    const units = minus(fundsUnits, plan.heldUnits[gives] ?? NO_UNITS);
    if (isClosing || plan.parallel || gives === 0 || asset === undefined || units <= 0n) return;
    change(plan, gives, units);
    plan.markUnits = minus(plan.markUnits, this.#deps.marks.worthAt(plan, gives, units)); // it is no gain of this plan's
    this.#deps.account.addDust({ asset, units: negated(units), plan: plan.id }, this.#deps.moment());
  }

  #name(plan: Plan, attempt: number, draft: OrderDraft): Order {
    const { context, journal } = this.#deps;
    const runMs = journal.open.getFloat64(SEQUENCER_HEADER.runMs, true);
    const { kind: _, ...terms } = draft;
    return {
      ...terms,
      clOrdId: encodeClientOrderId({ runMs, plan: plan.id, leg: draft.position, attempt }),
      attempt,
      placedNs: context.clock.nowNs(),
      state: 'sent',
      seen: false,
      ackRecorded: false,
      booked: { qtyLots: NO_LOTS, costUnits: NO_UNITS, feeUnits: NO_UNITS, feeAsset: assetIndex(0) },
      venueOrderId: '',
      lookups: 0,
      lookupDueNs: monotonicNs(0),
      denials: 0,
    };
  }
}

/** Refusals that end a plan. */
const PLAN_BOUNDS: ReadonlySet<Refusal> = new Set(['plan_orders_over', 'plan_volume_over', 'plan_loss_over']);

/** What the limits do not look at. */
const UNNAMED = { clOrdId: '', attempt: 0, placedNs: monotonicNs(0) } as const;

const hasScale = (draft: OrderDraft, present: Instrument | undefined): boolean =>
  present !== undefined && isSameScale(draft, present);

const nothing = (event: PlanEventType): Made => ({ event, orders: [] });

/** All that came home came along the cycle; what flattens has done what it was asked for. */
const isCompleted = (plan: Plan): boolean =>
  plan.flattening !== undefined || (!plan.reversed && plan.receivedUnits > 0n);
