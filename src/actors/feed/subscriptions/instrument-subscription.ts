/** The one subscription that is not a book: the venue's list of assets and pairs. Carried by the first socket. */
import type { RequestId } from '../../../venues/market-data.ts';
import { UNANSWERED_MAX } from './subscription-table.ts';

type Phase = 'offline' | 'queued' | 'sent' | 'waiting' | 'subscribed';

export interface InstrumentSubscriptionSettings {
  readonly subscribeTimeoutMs: number;
  /** Wait after a refusal. It is asked for without end: nothing can be done without it. */
  readonly retryMs: number;
}

export class InstrumentSubscription {
  readonly #settings: InstrumentSubscriptionSettings;
  #phase: Phase = 'offline';
  #request: RequestId | undefined;
  #dueMs = 0;
  #unanswered = 0;

  constructor(settings: InstrumentSubscriptionSettings) {
    this.#settings = settings;
  }

  get isQueued(): boolean {
    return this.#phase === 'queued';
  }

  get isAnswered(): boolean {
    return this.#phase !== 'queued' && this.#phase !== 'sent';
  }

  onSocketOpened(): void {
    this.#phase = 'queued';
    this.#unanswered = 0;
  }

  onSocketLost(): void {
    this.#phase = 'offline';
  }

  onSent(request: RequestId, nowMs: number): void {
    this.#phase = 'sent';
    this.#request = request;
    this.#dueMs = nowMs + this.#settings.subscribeTimeoutMs;
  }

  /** Whether a reply that names no symbol is about this subscription. */
  isAbout(request: RequestId | undefined, channel: string | undefined): boolean {
    return channel === 'instrument' || (request !== undefined && request === this.#request);
  }

  onAcked(): void {
    if (this.#phase === 'sent') this.#phase = 'subscribed';
  }

  onRefused(nowMs: number): void {
    this.#phase = 'waiting';
    this.#dueMs = nowMs + this.#settings.retryMs;
  }

  resendUnanswered(): void {
    if (this.#phase === 'sent') this.#phase = 'queued';
  }

  /** False when the venue left too many requests unanswered. */
  onTimer(nowMs: number): boolean {
    if (nowMs < this.#dueMs) return true;
    if (this.#phase === 'waiting') this.#phase = 'queued';
    if (this.#phase !== 'sent') return true;
    this.#phase = 'queued';
    this.#unanswered += 1;
    return this.#unanswered < UNANSWERED_MAX;
  }
}
