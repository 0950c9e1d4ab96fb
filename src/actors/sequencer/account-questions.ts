/** Asks the venue for the account, and tells an answer to the newest question from one to an older. */
import type { ActorContext } from '../../runtime/actor.ts';
import type { StoredTrading } from '../../shared/stored-trading.ts';
import type { TradingPort } from '../../venues/trading-port.ts';
import type { AccountBooks } from './account-books.ts';
import type { Journal } from './journal.ts';
import { SEQUENCER_HEADER } from './sequencer-memory.ts';

/** Within one run the account is read again from this much before the last reading. */
const OVERLAP_MS = 60_000;

export interface QuestionsDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly port: TradingPort;
  readonly stored: StoredTrading | undefined;
  readonly books: AccountBooks;
}

export class AccountQuestions {
  /** Monotonic, and wall time: when it was asked last. */
  askedNs = 0;
  askedMs = 0;
  readonly #deps: QuestionsDeps;
  /** Questions without an answer. */
  #open = 0;

  constructor(deps: QuestionsDeps) {
    this.#deps = deps;
  }

  ask(): void {
    const { clock } = this.#deps.context;
    this.#open++;
    this.askedNs = clock.nowNs();
    this.askedMs = clock.wallMs();
    this.#deps.port.readAccount(Math.floor(this.#sinceMs()));
  }

  /** Takes an answer. @returns whether it is the one to the newest question; any other proves nothing. */
  answered(): boolean {
    this.#open = Math.max(0, this.#open - 1);
    return this.#open === 0;
  }

  /** Whether the newest question will not be answered any more. It is forgotten then. */
  giveUp(nowNs: number): boolean {
    const { rest_timeout_ms: timeoutMs, rest_attempts_max: attempts } = this.#deps.context.config.venue;
    const isLate = this.#open > 0 && nowNs >= this.askedNs + timeoutMs * (attempts + 1) * 1e6;
    if (isLate) this.#open = 0;
    return isLate;
  }

  #sinceMs(): number {
    const { journal, stored, books } = this.#deps;
    const upToMs = journal.current.getFloat64(SEQUENCER_HEADER.readUpToMs, true);
    if (upToMs > 0 && !books.isRecovering) return upToMs - OVERLAP_MS;
    return stored?.sinceMs ?? journal.current.getFloat64(SEQUENCER_HEADER.runMs, true) - OVERLAP_MS;
  }
}
