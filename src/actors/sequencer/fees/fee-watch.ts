/**
 * Looks at the fee of every fill. One that is dearer than the venue has reported raises the pair's fee at once, and no plan
 * trades the pair until the venue was asked again (`fee-reader.ts`).
 */

import { formatPercent } from '../../../money/money.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import type { Fill } from '../../../venues/trading-port.ts';
import { recordAudit } from '../journal/execution-events.ts';
import type { Journal } from '../journal/journal.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { Order } from '../model/order.ts';
import { judgeFee } from './fee-surprise.ts';

export interface FeeWatchDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly books: NewestBooks;
}

export class FeeWatch {
  readonly #deps: FeeWatchDeps;

  constructor(deps: FeeWatchDeps) {
    this.#deps = deps;
  }

  /** Takes a fill that is being booked, as a part of the change that is open. Without a fee of the venue nothing is known. */
  take(plan: number, order: Order, fill: Fill): void {
    const { context, journal, books } = this.#deps;
    const instrument = books.directory.instruments[order.instrument];
    const knownPpm = context.feeTable.of(order.instrument);
    if (instrument === undefined || knownPpm === undefined) return;
    const judgement = judgeFee(fill, knownPpm, instrument, order, books.directory);
    if (judgement.kind !== 'dearer') return;
    context.feeTable.doubt(order.instrument, judgement.ppm);
    const paid = `fill ${fill.execId} in ${instrument.symbol} paid a fee of ${formatPercent(judgement.ppm)} %`;
    const text = `${paid}, the venue had reported ${formatPercent(knownPpm)} %: the pair is not traded until it was asked again`;
    recordAudit(journal, 'fee_surprise', 2, text, plan, order.attempt);
    context.log('error', 'fee_surprise', text, { plan });
  }
}
