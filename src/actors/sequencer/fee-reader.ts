/**
 * Asks the venue what the account pays: for each pair once its book is there, and for all of them again every
 * `venue.fees_interval_ms`. What the venue leaves out is taken at the worst tier.
 */
import type { ActorContext } from '../../runtime/actor.ts';
import type { CancelTimer } from '../../shared/clock.ts';
import type { Instrument } from '../../shared/instrument.ts';
import type { KrakenRest } from '../../venues/kraken/kraken-rest.ts';
import type { TradingPort } from '../../venues/trading-port.ts';
import type { NewestBooks } from './newest-books.ts';

export interface FeeReaderDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly books: NewestBooks;
  /** Connected: then the venue's names of pairs are known. */
  readonly port: Pick<TradingPort, 'isConnected'>;
  readonly rest: Pick<KrakenRest, 'takerFees'>;
}

/** How often it is looked whether there is a pair of which no fee is known. */
const LOOK_MS = 1_000;
/** After a question without an answer. */
const RETRY_MS = 30_000;

export class FeeReader {
  readonly #deps: FeeReaderDeps;
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
    const { context, port } = this.#deps;
    const isRefresh = context.clock.nowNs() >= this.#refreshDueNs;
    const wanted = port.isConnected ? this.#tradable(isRefresh) : [];
    if (wanted.length === 0) this.#lookIn(LOOK_MS);
    else this.#ask(wanted, isRefresh);
  }

  #ask(wanted: readonly Instrument[], isRefresh: boolean): void {
    const { context, rest } = this.#deps;
    rest.takerFees(wanted, (result) => {
      if (this.#isStopped) return;
      if (!result.ok) {
        context.log('warn', 'fees_told', `the account's fees could not be read: ${result.failure.text}`);
        this.#lookIn(RETRY_MS);
        return;
      }
      if (isRefresh) this.#refreshDueNs = this.#nextRefreshNs();
      const changed = context.feeTable.take(result.value);
      const assumed = result.value.filter(({ isTold }) => !isTold).length;
      const text = `fees of ${wanted.length} pairs, ${changed} changed, ${assumed} taken at the worst tier`;
      context.log(assumed > 0 ? 'warn' : 'info', 'fees_told', text);
      this.#lookIn(LOOK_MS);
    });
  }

  /** Pairs with a book: those of which no fee is known, or all. */
  #tradable(all: boolean): Instrument[] {
    const { books, context } = this.#deps;
    const { bookTable, feeTable } = context;
    return books.directory.instruments.filter(
      ({ index, status }) =>
        status === 'online' && bookTable.published(index) !== 0 && (all || feeTable.of(index) === undefined),
    );
  }

  #nextRefreshNs(): number {
    const { clock, config } = this.#deps.context;
    return clock.nowNs() + config.venue.fees_interval_ms * 1e6;
  }
}
