/**
 * Asks the venue what the account pays: for each pair once its book is there, for a pair whose fill paid more than it had
 * reported at once, and for all of them again every `venue.fees_interval_ms`. What the venue leaves out is not known, and not
 * traded.
 */

import type { Instrument, InstrumentIndex } from '../../../market/instrument.ts';
import type { PartsPerMillion } from '../../../money/money.ts';
import type { CancelTimer } from '../../../platform/clock.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import type { TakerFee, VenueAccount } from '../../../venues/venue.ts';
import type { NewestBooks } from '../model/newest-books.ts';

export interface FeeReaderDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly books: NewestBooks;
  /** Asked when its port is connected: then the venue's names of pairs are known. */
  readonly account: FeeSource;
}

/** How often it is looked whether there is a pair of which no fee is known. */
const LOOK_MS = 1_000;
/** After a question without an answer. */
const RETRY_MS = 30_000;
/** Before a pair is asked for again that the venue has said nothing of. */
const UNREPORTED_MS = 300_000;
const TEXT_MAX = 2_000;

/** What can be asked for fees. */
export interface FeeSource extends Pick<VenueAccount, 'askFees'> {
  readonly port: Pick<VenueAccount['port'], 'isConnected'>;
}

export class FeeReader {
  readonly #deps: FeeReaderDeps;
  /** Pairs that the venue has said nothing of, and when they are asked for again. */
  readonly #unreportedUntilNs = new Map<InstrumentIndex, number>();
  /** What the venue reported last. */
  readonly #reported = new Map<InstrumentIndex, PartsPerMillion>();
  /** What fills have paid, where the venue repeated its earlier figure. */
  readonly #paid = new Map<InstrumentIndex, PartsPerMillion>();
  #refreshDueNs: number;
  #cancel: CancelTimer = () => {};
  #isStopped = false;

  constructor(deps: FeeReaderDeps) {
    this.#deps = deps;
    this.#refreshDueNs = this.#nextRefreshNs();
    this.#lookIn(LOOK_MS);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #lookIn(delayMs: number): void {
    if (!this.#isStopped) this.#cancel = this.#deps.context.clock.after(delayMs, () => this.#look());
  }

  #look(): void {
    const { context, account } = this.#deps;
    const isRefresh = context.clock.nowNs() >= this.#refreshDueNs;
    const wanted = account.port.isConnected ? this.#tradable(isRefresh) : [];
    if (wanted.length === 0) this.#lookIn(LOOK_MS);
    else this.#ask(wanted, isRefresh);
  }

  #ask(wanted: readonly Instrument[], isRefresh: boolean): void {
    const { context, account } = this.#deps;
    account.askFees(wanted, (answer) => {
      if (this.#isStopped) return;
      if (!answer.ok) {
        context.log('warn', 'fees_told', `the account's fees could not be read: ${answer.why}`);
        if (!answer.isLasting) this.#lookIn(RETRY_MS);
        return;
      }
      if (isRefresh) this.#refreshDueNs = this.#nextRefreshNs();
      this.#take(wanted, answer.fees);
      this.#lookIn(LOOK_MS);
    });
  }

  #take(wanted: readonly Instrument[], reported: readonly TakerFee[]): void {
    const { clock, feeTable, log } = this.#deps.context;
    const changed = feeTable.take(reported.map((fee) => this.#noLessThanPaid(fee)));
    const known = new Set(reported.map(({ instrument }) => instrument));
    const unreported = wanted.filter(({ index }) => !known.has(index));
    const untilNs = clock.nowNs() + UNREPORTED_MS * 1e6;
    for (const { index } of unreported) this.#unreportedUntilNs.set(index, untilNs);
    const without =
      unreported.length === 0 ? '' : `; not reported, and so not traded: ${unreported.map(({ symbol }) => symbol)}`;
    const text = `fees of ${reported.length} pairs, ${changed} changed${without}`;
    log(unreported.length > 0 ? 'warn' : 'info', 'fees_told', text.slice(0, TEXT_MAX));
  }

  /** What was paid overrides what is reported, until the venue reports another figure. */
  #noLessThanPaid(fee: TakerFee): TakerFee {
    const { instrument, takerPpm } = fee;
    const { feeTable } = this.#deps.context;
    const paid = feeTable.isDoubted(instrument) ? feeTable.of(instrument) : this.#paid.get(instrument);
    const isRepeated = takerPpm === this.#reported.get(instrument);
    this.#reported.set(instrument, takerPpm);
    if (paid === undefined || paid <= takerPpm || !isRepeated) {
      this.#paid.delete(instrument);
      return fee;
    }
    this.#paid.set(instrument, paid);
    return { instrument, takerPpm: paid };
  }

  /** Pairs with a book: those of which no fee is known for certain, or all. */
  #tradable(all: boolean): Instrument[] {
    const { books, context } = this.#deps;
    const isWanted = ({ index, status }: Instrument) =>
      status === 'online' && context.bookTable.published(index) !== 0 && (all || this.#isUnsure(index));
    return books.directory.instruments.filter(isWanted);
  }

  #isUnsure(instrument: InstrumentIndex): boolean {
    const { clock, feeTable } = this.#deps.context;
    if (feeTable.isDoubted(instrument)) return true;
    return feeTable.of(instrument) === undefined && clock.nowNs() >= (this.#unreportedUntilNs.get(instrument) ?? 0);
  }

  #nextRefreshNs(): number {
    const { clock, config } = this.#deps.context;
    return clock.nowNs() + config.venue.fees_interval_ms * 1e6;
  }
}
