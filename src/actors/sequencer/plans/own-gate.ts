/**
 * The trading gate as the sequencer's orders meet it. Risk halts for what the venue misreports, but it learns of that a turn
 * later, on another thread: until it has booked the record of it, the gate is shut here. It is paused here, too, for a moment
 * after this thread was stopped: books and reports of orders that came meanwhile are taken first, and every deadline is looked
 * at before a byte leaves.
 */
import type { ActorContext } from '../../../runtime/actor.ts';
import { StallWatch } from '../../../runtime/stall.ts';
import type { GateState } from '../../../trading/trading-gate.ts';
import type { Journal } from '../journal/journal.ts';
import { SEQUENCER_HEADER } from '../journal/sequencer-memory.ts';

export class OwnGate {
  readonly #context: ActorContext<'sequencer'>;
  readonly #journal: Journal;
  readonly #risk;
  readonly #stall: StallWatch;
  readonly #settleNs: number;

  constructor(context: ActorContext<'sequencer'>, journal: Journal) {
    this.#context = context;
    this.#journal = journal;
    this.#risk = context.countersOf('risk');
    const { hang_limit_ms: hangLimitMs } = context.config.runtime;
    this.#stall = new StallWatch(hangLimitMs / 2);
    this.#settleNs = (hangLimitMs / 2) * 1e6;
  }

  /** To be called at every turn. */
  look(): void {
    const { clock, options } = this.#context;
    if (options.replay !== true) this.#stall.look(clock.nowNs()); // there time jumps from frame to frame
  }

  /** Whether what came while this thread stood still may not all be taken yet. */
  get isSettling(): boolean {
    return this.#context.clock.nowNs() - this.#stall.thawedNs < this.#settleNs;
  }

  get state(): GateState {
    // With what the open change has found.
    const misreportSeq = this.#journal.open.getFloat64(SEQUENCER_HEADER.misreportSeq, true);
    if (misreportSeq > 0 && this.#risk.get('executions') < misreportSeq) return 'halted';
    const { state } = this.#context.gate;
    return state !== 'halted' && this.isSettling ? 'paused' : state;
  }
}
