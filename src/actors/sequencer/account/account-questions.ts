/** Asks the venue for the account, and distinguishes an answer to the newest question from one to an older. */

import { type MonotonicNs, monotonicNs, type WallMs, wallMs } from '../../../platform/time.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import type { StoredTrading } from '../../../trading/stored-trading.ts';
import type { AccountScope, TradingPort } from '../../../venues/trading-port.ts';
import type { Journal } from '../journal/journal.ts';
import { SEQUENCER_HEADER } from '../journal/sequencer-memory.ts';
import type { AccountBooks } from './account-books.ts';

/** Within one run the account is read again from this much before the last reading: the venue's lists can be late. */
const OVERLAP_MS = 60_000;

export interface QuestionsDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly port: TradingPort;
  readonly stored: StoredTrading | undefined;
  readonly books: AccountBooks;
}

export class AccountQuestions {
  /** Monotonic: when it was asked last. */
  askedNs = monotonicNs(0);
  readonly #deps: QuestionsDeps;
  /** Questions without an answer. */
  #open = 0;
  /** Monotonic: when the newest question last made progress, or was asked. */
  #heardNs = 0;
  /** The venue's time up to which all ended orders are booked, as far as this actor has read. */
  #bookedUpToMs = 0;

  constructor(deps: QuestionsDeps) {
    this.#deps = deps;
  }

  ask(scope: AccountScope): void {
    this.#open++;
    this.askedNs = this.#deps.context.clock.nowNs();
    this.#heardNs = this.askedNs;
    this.#deps.port.readAccount({ scope, sinceMs: this.#sinceMs() });
  }

  /** Takes an answer. @returns whether it is the one to the newest question; any other proves nothing. */
  answered(): boolean {
    this.#open = Math.max(0, this.#open - 1);
    return this.#open === 0;
  }

  /** Part of an answer is here: the rest may take its time. */
  noteProgress(): void {
    this.#heardNs = this.#deps.context.clock.nowNs();
  }

  /** Monotonic: when the current question last made progress; 0 when none is. */
  get progressNs(): number {
    return this.#open > 0 ? this.#heardNs : 0;
  }

  /** Whether the newest question will not be answered any more. It is forgotten then. */
  giveUp(nowNs: MonotonicNs): boolean {
    const { rest_timeout_ms: timeoutMs, rest_attempts_max: attempts } = this.#deps.context.config.venue;
    const isLate = this.#open > 0 && nowNs >= this.#heardNs + timeoutMs * (attempts + 1) * 1e6;
    if (isLate) this.#open = 0;
    return isLate;
  }

  /** Every order that ended before is booked. @param venueMs the venue's time. */
  bookedUpTo(venueMs: number): void {
    this.#bookedUpToMs = Math.max(this.#bookedUpToMs, venueMs);
  }

  /** The venue's time since which ended orders are asked for; nothing of ours can have ended before it unbooked. */
  #sinceMs(): WallMs | undefined {
    const { journal, stored, books } = this.#deps;
    const comparedMs = books.isRecovering ? 0 : journal.current.getFloat64(SEQUENCER_HEADER.readUpToMs, true);
    const upToMs = Math.max(this.#bookedUpToMs, comparedMs);
    const sinceMs = upToMs > 0 ? upToMs - OVERLAP_MS : stored?.sinceMs;
    return sinceMs === undefined ? undefined : wallMs(sinceMs);
  }
}
