/** Why the supervisor's half of the trading gate is not `active`: every cause, and since when, for status answers. */
import type { GateCause } from '../../trading/gate-cause.ts';
import type { GateReading } from '../../trading/trading-gate.ts';

/** Messages set aside that are listed one by one; of those beyond, the newest takes the place of the one before. */
const SET_ASIDE_MAX = 6;

export class SupervisorCauses {
  #reading: GateReading = { state: 'halted', reason: 'starting' };
  #sinceMs = 0;
  #setAside: GateCause[] = [];
  #log: readonly GateCause[] = [];

  /** The supervisor's half of the gate is `reading` from now on. */
  note(reading: GateReading, nowMs: number): void {
    const { state, reason } = this.#reading;
    if (reading.state === state && reading.reason === reason && this.#sinceMs !== 0) return;
    this.#reading = reading;
    this.#sinceMs = nowMs;
  }

  noteSetAside(text: string, nowMs: number): void {
    const before = this.#setAside.length < SET_ASIDE_MAX ? undefined : this.#setAside.pop();
    const times = { firstMs: before?.firstMs ?? nowMs, lastMs: nowMs, count: (before?.count ?? 0) + 1 };
    this.#setAside.push({ effect: 'paused', reason: 'message_set_aside', by: 'supervisor', text, ...times });
  }

  /** The log cannot be written: `text` says since when. Undefined when it can be again. */
  noteLog(text: string | undefined, nowMs: number): void {
    const times = { firstMs: nowMs, lastMs: nowMs, count: 1 };
    this.#log =
      text === undefined ? [] : [{ effect: 'paused', reason: 'log_blocked', by: 'supervisor', text, ...times }];
  }

  /** A person has looked at what was set aside. */
  resume(): void {
    this.#setAside = [];
  }

  /** @param down the actors that do not run. */
  list(down: readonly string[]): readonly GateCause[] {
    const { state, reason } = this.#reading;
    const own = [...this.#setAside, ...this.#log];
    if (state === 'active' || reason === 'message_set_aside' || reason === 'log_blocked') return own;
    const text = reason === 'actor_down' ? `does not run: ${down.join(', ')}` : `the process is ${reason}`;
    const times = { firstMs: this.#sinceMs, lastMs: this.#sinceMs, count: 1 };
    return [{ effect: state, reason, by: 'supervisor', text, ...times }, ...own];
  }
}
