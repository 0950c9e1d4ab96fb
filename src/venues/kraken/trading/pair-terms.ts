/**
 * The terms of pairs as REST has them, kept current: they are read again after every announcement of the socket, at an
 * interval, and, while the two disagree on a pair, sooner. A pair on which they disagree is not traded
 * (`pair-agreement.ts`); that is said once, with both values, and so is its end.
 */

import type { Instrument, InstrumentDirectory } from '../../../market/instrument.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { KrakenRest } from '../rest/kraken-rest.ts';

export interface PairTermsDeps {
  readonly rest: Pick<KrakenRest, 'loadNames' | 'disagreement'>;
  readonly clock: Clock;
  readonly directory: InstrumentDirectory;
  readonly intervalMs: number;
  /** Called when REST and the socket begin to disagree on a pair, begin to disagree otherwise, or agree again. */
  readonly onNews: (text: string, isAgreed: boolean) => void;
  readonly onUnexpected: (text: string) => void;
}

/** REST lists the whole venue in one answer: it is not asked for that more often. Doubled while it does not help. */
const AGAIN_MS = 5_000;
const AGAIN_MAX_MS = 60_000;

export class PairTerms {
  readonly #deps: PairTermsDeps;
  /** What was said, by symbol. */
  readonly #said = new Map<string, string>();
  #isReading = false;
  #readMs = 0;
  #dueMs = Number.POSITIVE_INFINITY;
  #againMs = AGAIN_MS;
  #changesSeen = 0;

  constructor(deps: PairTermsDeps) {
    this.#deps = deps;
  }

  /** REST's terms have been read for the first time. */
  start(): void {
    this.#onRead();
  }

  stop(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  /** Reads them again when that is due. */
  onTimer(): void {
    const isBegun = this.#dueMs !== Number.POSITIVE_INFINITY;
    if (!isBegun || this.#isReading) return;
    if (this.#isAnnounced()) this.#dueMs = Math.min(this.#dueMs, this.#readMs + AGAIN_MS);
    if (this.#nowMs() >= this.#dueMs) this.#read();
  }

  /** Whether something was announced since they were read. The first listing of all is what they were read for. */
  #isAnnounced(): boolean {
    const { directory } = this.#deps;
    if (this.#changesSeen === 0) {
      this.#changesSeen = directory.changes;
      if (directory.changes > 0) this.#reportNews();
    }
    return directory.changes !== this.#changesSeen;
  }

  #read(): void {
    const { rest, directory, onUnexpected } = this.#deps;
    const { changes } = directory;
    this.#isReading = true;
    rest.loadNames((result) => {
      this.#isReading = false;
      if (this.#dueMs === Number.POSITIVE_INFINITY) return; // stopped meanwhile
      if (result.ok) {
        this.#changesSeen = changes;
        this.#onRead();
      } else {
        onUnexpected(`the terms of pairs could not be read again: ${result.failure.text}`);
        this.#setDue(false);
      }
    });
  }

  #onRead(): void {
    const disagree = this.#reportNews();
    this.#setDue(!disagree);
  }

  #setDue(isSettled: boolean): void {
    this.#readMs = this.#nowMs();
    this.#dueMs = this.#readMs + (isSettled ? this.#deps.intervalMs : this.#againMs);
    this.#againMs = isSettled ? AGAIN_MS : Math.min(this.#againMs * 2, AGAIN_MAX_MS);
  }

  /** @returns whether there is a pair on which the two disagree. */
  #reportNews(): boolean {
    const { directory, rest, onNews } = this.#deps;
    this.#changesSeen = directory.changes;
    const now = new Map(directory.instruments.flatMap((one) => named(one, rest.disagreement(one))));
    for (const [symbol, why] of now) {
      if (this.#said.get(symbol) !== why) onNews(`${symbol} is not traded: ${why}`, false);
    }
    for (const symbol of this.#said.keys()) {
      if (!now.has(symbol)) onNews(`${symbol} can be traded: REST and the socket say the same of it`, true);
    }
    this.#said.clear();
    for (const [symbol, why] of now) this.#said.set(symbol, why);
    return now.size > 0;
  }

  #nowMs(): number {
    return this.#deps.clock.nowNs() / 1e6;
  }
}

const named = ({ symbol }: Instrument, why: string | undefined): (readonly [string, string])[] =>
  why === undefined ? [] : [[symbol, why]];
