/**
 * Before the first connection: the key must be fit to trade and nothing beyond, and REST's names must be known. Asked again
 * until there is an answer; only an answer that no repetition changes ends it.
 */
import type { CancelTimer, Clock } from '../../../platform/clock.ts';
import { arbitradeError } from '../../../platform/errors.ts';
import { changesNeeded, judgeKey } from '../keys/key-permissions.ts';
import type { KrakenRest } from '../rest/kraken-rest.ts';
import type { RestFailure } from '../rest/rest-answer.ts';

/** The venue's answer counts whole seconds, and took time to arrive: a difference below this means nothing. */
const CLOCK_OFF_MS = 5_000;

export interface AccountOpeningDeps {
  readonly rest: Pick<KrakenRest, 'keyInfo' | 'loadNames' | 'systemStatus' | 'time'>;
  readonly clock: Clock;
  readonly retryMs: number;
  readonly onReady: () => void;
  readonly onRefused: (error: Error) => void;
  readonly onUnexpected: (text: string) => void;
}

export class AccountOpening {
  readonly #deps: AccountOpeningDeps;
  #cancelRetry: CancelTimer | undefined;
  #isStopped = false;

  constructor(deps: AccountOpeningDeps) {
    this.#deps = deps;
  }

  /** Ends in `onReady` or `onRefused`, unless it is stopped before. */
  start(): void {
    this.#isStopped = false;
    this.#checkKey();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRetry?.();
  }

  #checkKey(): void {
    const { rest, clock, onRefused } = this.#deps;
    rest.keyInfo((result) => {
      if (this.#isStopped) return;
      if (!result.ok) {
        this.#onFailure('the key', result.failure, () => this.#checkKey());
        return;
      }
      const changes = changesNeeded(judgeKey(result.value, clock.wallMs()));
      if (changes.length === 0) this.#loadNames();
      else onRefused(arbitradeError('KEY_REFUSED', result.value.name, changes.join('; ')));
    });
  }

  #loadNames(): void {
    this.#deps.rest.loadNames((result) => {
      if (this.#isStopped) return;
      if (result.ok) this.#deps.onReady();
      else this.#onFailure('the names of pairs and assets', result.failure, () => this.#loadNames());
    });
  }

  #onFailure(what: string, { topic, text }: RestFailure, again: () => void): void {
    const { clock, retryMs, onRefused, onUnexpected } = this.#deps;
    if (topic === 'key_lost') return; // the holder of the client has been notified
    if (topic === 'credentials' || topic === 'permission') {
      onRefused(arbitradeError('VENUE_REFUSED', what, text));
      return;
    }
    onUnexpected(`${what} could not be asked for: ${text}; asking again in ${retryMs} ms`);
    this.#reportVenue();
    this.#cancelRetry = clock.after(retryMs, again);
  }

  /** Before there is a socket, only REST can say what is wrong: the venue is closed, or our clock is. */
  #reportVenue(): void {
    const { rest, clock, onUnexpected } = this.#deps;
    rest.systemStatus((result) => {
      if (result.ok && result.value !== 'online') onUnexpected(`the venue is in ${result.value}`);
    });
    rest.time((result) => {
      const aheadMs = result.ok ? clock.wallMs() - result.value.wallMs : 0;
      if (Math.abs(aheadMs) < CLOCK_OFF_MS) return;
      const seconds = Math.round(Math.abs(aheadMs) / 1_000);
      onUnexpected(`our clock is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the venue's`);
    });
  }
}
