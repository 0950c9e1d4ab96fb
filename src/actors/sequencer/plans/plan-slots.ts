/** The plans at work, each in its slot of own memory, and what they add up to. */

import type { AssetIndex, InstrumentIndex } from '../../../market/instrument.ts';
import { PLANS_MAX } from '../../../messages/execution-message.ts';
import { type Units, units } from '../../../money/money.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { OrderOut } from '../account/running-account.ts';
import { claimedUnits, outUnits } from '../decisions/plan-progress.ts';
import type { Journal } from '../journal/journal.ts';
import { planOffset, SEQUENCER_HEADER } from '../journal/sequencer-memory.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Order } from '../model/order.ts';
import { clearPlan, openOrders, type Plan, readPlan, writePlan } from '../model/plan.ts';
import { stampReasons } from '../model/plan-reasons.ts';

/** An order, and where its plan stands. */
export interface FoundOrder {
  readonly slot: number;
  readonly plan: Plan;
  readonly order: Order;
}

export class PlanSlots {
  readonly #journal: Journal;
  readonly #books: NewestBooks;
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #slots: (Plan | undefined)[];

  /** Takes up the plans that a predecessor had at work. */
  constructor(journal: Journal, books: NewestBooks, clock: Pick<Clock, 'wallMs'>) {
    this.#journal = journal;
    this.#clock = clock;
    this.#books = books;
    const runMs = journal.current.getFloat64(SEQUENCER_HEADER.runMs, true);
    this.#slots = Array.from({ length: PLANS_MAX }, (_, slot) => readPlan(journal.current, planOffset(slot), runMs));
  }

  get plans(): readonly Plan[] {
    return this.#slots.filter((plan) => plan !== undefined);
  }

  get isEmpty(): boolean {
    return this.#slots.every((plan) => plan === undefined);
  }

  /** Orders whose end is not proven. */
  get ordersOut(): readonly OrderOut[] {
    const out = ({ clOrdId, instrument, placedNs: sentNs }: Order) => ({ clOrdId, instrument, sentNs });
    return this.plans.flatMap((plan) => openOrders(plan).map(out));
  }

  /** A slot without a plan; -1 when there is none. */
  findFree(): number {
    return this.#slots.indexOf(undefined);
  }

  /** The plans with their slots, as they are now: what is opened or ended meanwhile changes nothing. */
  entries(): readonly (readonly [slot: number, plan: Plan])[] {
    return this.#slots.flatMap((plan, slot) => (plan === undefined ? [] : [[slot, plan] as const]));
  }

  /** Writes a plan down, as part of the change that is open. */
  write(slot: number, plan: Plan): void {
    this.#slots[slot] = plan;
    stampReasons(plan.reasons, this.#clock.wallMs());
    writePlan(this.#journal.open, planOffset(slot), plan);
  }

  clear(slot: number): void {
    this.#slots[slot] = undefined;
    clearPlan(this.#journal.open, planOffset(slot));
  }

  find(clOrdId: string): FoundOrder | undefined {
    for (const [slot, plan] of this.#slots.entries()) {
      const order = plan?.orders.find((one) => one.clOrdId === clOrdId);
      if (plan !== undefined && order !== undefined) return { slot, plan, order };
    }
    return undefined;
  }

  /** Units of an asset that the plans have, or need for orders. */
  reservedUnits(asset: AssetIndex): Units {
    let reserved = 0n;
    for (const plan of this.plans) {
      reserved += claimedUnits(plan, asset, this.#books.directory);
      if (plan.startAsset !== asset) continue;
      for (const order of openOrders(plan)) if (order.isClosing && order.gives === 0) reserved += order.fundsUnits;
    }
    return units(reserved);
  }

  /** Units of an asset that the plans gave away and have not got back, or have in orders. */
  outUnits(asset: AssetIndex): Units {
    const { directory } = this.#books;
    return units(this.plans.reduce((sum, plan) => sum + outUnits(plan, asset, directory, openOrders(plan)), 0n));
  }

  /** Whether a plan other than the one given trades the instrument. */
  isTakenByOther(plan: Plan, instrument: InstrumentIndex): boolean {
    return this.plans.some((other) => other !== plan && other.legs.some((leg) => leg.instrument === instrument));
  }
}
