/**
 * The trading gate as the sequencer's orders meet it. Risk halts for what the venue misreports, but it learns of that a turn
 * later, on another thread: until it has booked the word of it, the gate is shut here.
 */
import type { ActorContext } from '../../runtime/actor.ts';
import type { GateState } from '../../shared/trading-gate.ts';
import type { Journal } from './journal.ts';
import { SEQUENCER_HEADER } from './sequencer-memory.ts';

export class OwnGate {
  readonly #context: ActorContext<'sequencer'>;
  readonly #journal: Journal;
  readonly #risk;

  constructor(context: ActorContext<'sequencer'>, journal: Journal) {
    this.#context = context;
    this.#journal = journal;
    this.#risk = context.countersOf('risk');
  }

  get state(): GateState {
    // With what the change in hand has found.
    const misreportSeq = this.#journal.open.getFloat64(SEQUENCER_HEADER.misreportSeq, true);
    if (misreportSeq > 0 && this.#risk.get('executions') < misreportSeq) return 'halted';
    return this.#context.gate.state;
  }
}
