/**
 * One private channel of one connection: whether it stands, and whether anything of it was lost. Arithmetic; what is due
 * is decided by its holder.
 *
 *   off ──ask──▶ asked ──acknowledged and snapshot──▶ standing ──gap──▶ leaving ──left──▶ asked …
 *
 * The venue numbers the messages of a subscription without gaps (protocol reference 2.2). The snapshot is the first; it
 * may come before its acknowledgement. Messages before it are of an older subscription.
 */
import type { RequestId } from '../../market-data.ts';

/** What a message's number says. `before`: no snapshot yet. `repeated`: it, or a later one, was seen already. */
export type SequenceVerdict = 'next' | 'repeated' | 'before' | 'gap';

export class PrivateChannel {
  readonly name: 'executions' | 'balances';
  #phase: 'off' | 'asked' | 'leaving' = 'off';
  #request: RequestId | undefined;
  #isAcked = false;
  #last: number | undefined;
  #sinceMs = 0;

  constructor(name: 'executions' | 'balances') {
    this.name = name;
  }

  /** Acknowledged, and its snapshot is here. */
  get isStanding(): boolean {
    return this.#phase === 'asked' && this.#isAcked && this.#last !== undefined;
  }

  get isLeaving(): boolean {
    return this.#phase === 'leaving';
  }

  reset(): void {
    this.#phase = 'off';
    this.#request = undefined;
    this.#isAcked = false;
    this.#last = undefined;
  }

  onSubscribeSent(request: RequestId, nowMs: number): void {
    this.reset();
    this.#phase = 'asked';
    this.#request = request;
    this.#sinceMs = nowMs;
  }

  onUnsubscribeSent(request: RequestId, nowMs: number): void {
    this.reset();
    this.#phase = 'leaving';
    this.#request = request;
    this.#sinceMs = nowMs;
  }

  /** Whether a reply is to what this channel asked last. */
  isAnswerTo(request: RequestId | undefined): boolean {
    return request !== undefined && request === this.#request;
  }

  onAcknowledged(): void {
    this.#isAcked = true;
  }

  /** Takes the number of a message. With any verdict, the message's content is true and may be merged. */
  onMessage(sequence: number | undefined, isSnapshot: boolean): SequenceVerdict {
    if (this.#phase !== 'asked') return 'before';
    if (this.#last === undefined) return this.#onFirst(sequence, isSnapshot);
    if (sequence === undefined) return 'gap';
    if (sequence <= this.#last) return 'repeated';
    const isNext = sequence === this.#last + 1;
    this.#last = sequence;
    return isNext ? 'next' : 'gap';
  }

  /** Whether what was asked has been without its answer for longer than `limitMs`. */
  isOverdue(nowMs: number, limitMs: number): boolean {
    return this.#phase !== 'off' && !this.isStanding && nowMs - this.#sinceMs >= limitMs;
  }

  #onFirst(sequence: number | undefined, isSnapshot: boolean): SequenceVerdict {
    if (!isSnapshot) return 'before';
    if (sequence === undefined) return 'gap';
    this.#last = sequence;
    return 'next';
  }
}
