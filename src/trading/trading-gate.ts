/**
 * The trading gate: two halves in shared memory, one written by risk, one by the supervisor. Trading is as
 * open as the stricter of the two. Each half has one writer, so neither can undo the other's halt.
 *
 *   | risk state (i32) | risk reason (i32) | risk halts (i32) | … own line … | the same three of the supervisor |
 */

/**
 * From strict to permissive. `halted` waits for a person; `paused` clears itself with its condition; `reducing` lets only
 * exposure-shrinking orders out; `draining` lets the plans at work go on to their end, and begins no other.
 */
export const GATE_STATES = ['halted', 'paused', 'reducing', 'draining', 'active'] as const;
export type GateState = (typeof GATE_STATES)[number];

/** Why a half is not `active`. Append only: the index is stored. */
export const GATE_REASONS = [
  'none',
  'starting',
  'actor_down',
  'market_data_stale',
  'venue_not_online',
  'loss_limit',
  'drawdown_limit',
  'kill_switch',
  'operator',
  'records_full',
  'message_set_aside',
  'stranded_exposure',
  'escalation',
  'stopping',
  'loss_streak',
  'account_not_ready',
  'account_refused',
  'limit_unusable',
  'refused_orders',
  'market_data_refused',
  'venue_misreport',
  'records_stale',
  'log_blocked',
  'account_stale',
  'account_lost',
] as const;
export type GateReason = (typeof GATE_REASONS)[number];

const STARTING = GATE_REASONS.indexOf('starting');
const HALTED = GATE_STATES.indexOf('halted');

const RISK = 0;
const SUPERVISOR = 32; // 128 bytes on: another cache line
const WORDS = 64;

export function createGateMemory(): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(WORDS * 4); // zero is `halted`: closed until both writers opened it
  const words = new Int32Array(memory);
  words[RISK + 1] = STARTING;
  words[SUPERVISOR + 1] = STARTING;
  return memory;
}

export interface GateReading {
  readonly state: GateState;
  readonly reason: GateReason;
}

export class TradingGate {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** The stricter of the two halves: `GATE_STATES` is ordered from strict to permissive. */
  get state(): GateState {
    const strictest = Math.min(this.#known(RISK), this.#known(SUPERVISOR));
    return GATE_STATES[strictest] ?? 'halted';
  }

  /**
   * Times that a half went to `halted`: shows a halt that was resumed before it was read. It counts only once the
   * state is closed, so a reader that sees it grow sees the gate closed, or opened again since.
   */
  get halts(): number {
    return Atomics.load(this.#words, RISK + 2) + Atomics.load(this.#words, SUPERVISOR + 2);
  }

  /** Whether one of the two has not said anything yet. */
  get isStarting(): boolean {
    return this.#reasonOf(RISK) === STARTING || this.#reasonOf(SUPERVISOR) === STARTING;
  }

  /** Whether the supervisor has halted for good: the run is being ended. */
  get isEnding(): boolean {
    return Atomics.load(this.#words, SUPERVISOR) === HALTED && this.#reasonOf(SUPERVISOR) !== STARTING;
  }

  get risk(): GateReading {
    return this.#read(RISK);
  }

  get supervisor(): GateReading {
    return this.#read(SUPERVISOR);
  }

  /** Risk actor only. */
  setRisk(state: GateState, reason: GateReason): void {
    this.#write(RISK, state, reason);
  }

  /** Supervisor only. */
  setSupervisor(state: GateState, reason: GateReason): void {
    this.#write(SUPERVISOR, state, reason);
  }

  /** A value that no build of this program writes closes the gate, with any value of the other half. */
  #known(word: number): number {
    const state = Atomics.load(this.#words, word);
    return GATE_STATES[state] === undefined ? GATE_STATES.indexOf('halted') : state;
  }

  #reasonOf(word: number): number {
    return Atomics.load(this.#words, word + 1);
  }

  #read(word: number): GateReading {
    return {
      state: GATE_STATES[Atomics.load(this.#words, word)] ?? 'halted',
      reason: GATE_REASONS[Atomics.load(this.#words, word + 1)] ?? 'none',
    };
  }

  #write(word: number, state: GateState, reason: GateReason): void {
    // The reason first: a reader of the new state must not read the old reason.
    Atomics.store(this.#words, word + 1, GATE_REASONS.indexOf(reason));
    const before = Atomics.exchange(this.#words, word, GATE_STATES.indexOf(state));
    if (state === 'halted' && before !== GATE_STATES.indexOf(state)) Atomics.add(this.#words, word + 2, 1);
  }
}
