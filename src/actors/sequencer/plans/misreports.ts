/**
 * Records what the venue says of an order that cannot be true. It is remembered as not believed, so it is never booked, and
 * it halts: risk by its record, the orders of this actor at once (`own-gate.ts`). What really happened shows when the
 * account is compared.
 */

import { parsePercent } from '../../../money/money.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import type { Fill } from '../../../venues/trading-port.ts';
import type { Account } from '../account/running-account.ts';
import type { PlanMarks } from '../decisions/mark-to-market.ts';
import { describeAsked, misreportedFill, timeBounds } from '../decisions/misreport.ts';
import { type Moment, recordAudit, recordMisreport } from '../journal/execution-events.ts';
import type { Journal } from '../journal/journal.ts';
import { noteMisreport } from '../journal/sequencer-memory.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Order } from '../model/order.ts';
import type { Plan } from '../model/plan.ts';

export interface MisreportsDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly books: NewestBooks;
  readonly account: Account;
  readonly moment: () => Moment;
  readonly marks: PlanMarks;
}

export class Misreports {
  readonly #deps: MisreportsDeps;
  readonly #feeExcessPpm: number;

  constructor(deps: MisreportsDeps) {
    this.#deps = deps;
    const { fee_excess_max_pct: excess } = deps.context.config.trading;
    this.#feeExcessPpm = parsePercent(excess, 'trading.fee_excess_max_pct');
  }

  /** Why a fill cannot be one of `order`; undefined when it can. */
  whyNot(order: Order, fill: Fill): string | undefined {
    const { books, context, marks } = this.#deps;
    return misreportedFill({ ...order, bookedLots: order.booked.qtyLots }, fill, books.directory, {
      feeExcessPpm: this.#feeExcessPpm,
      ...timeBounds(order.clOrdId, context.clock.wallMs()),
      feeWorth: (one) => marks.feeInQuote(order, one),
    });
  }

  /** As a part of the change that is open. @param said what the venue says. */
  record(plan: Plan, order: Order, said: string, fills: readonly Fill[]): 'misreported' {
    const { account, books, context, journal, moment } = this.#deps;
    const when = { ...moment(), instrumentsSeq: books.seqInScale(order.instrument, order) };
    for (const fill of fills) account.disbelieve(fill.execId);
    recordMisreport(journal, plan, order, fills[0], when);
    noteMisreport(journal.open);
    const asked = describeAsked({ ...order, bookedLots: order.booked.qtyLots }, books.directory);
    const text = `not believed, trading halts: ${order.clOrdId}: the venue says: ${said}; asked to ${asked}`;
    recordAudit(journal, 'venue_misreport', 2, text, plan.id, order.attempt);
    context.log('error', 'venue_misreport', text, { plan: plan.id });
    return 'misreported';
  }
}
