/**
 * Records and logs what risk has decided: the gate's state with all its causes, each new cause, each resume, and the
 * causes that have to hold over a restart of the process. What is recorded stands in risk's memory, so nothing is
 * recorded twice, nor forgotten by a death. While the ring has no room it waits for a later call; meanwhile trading is
 * paused or halted, so at most the order of two pauses is lost, never a cause.
 */
import type { ActorContext } from '../../runtime/actor.ts';
import type { DoubleBufferedState } from '../../runtime/memory/double-buffered-state.ts';
import type { GateCause } from '../../trading/gate-cause.ts';
import { CLEARED, causeKey, causeTextKey, encodeFacts, SINGLE_HALT_KEY } from '../../trading/stored-causes.ts';
import { LOSSES_FROM_KEY } from '../../trading/stored-losses.ts';
import { GATE_REASONS, GATE_STATES, type GateReason } from '../../trading/trading-gate.ts';
import { causeIn, type HeldCause, hasFlag, heldCauses, setFlag, unrecordedSlots } from './gate-causes.ts';
import { RISK_STATES, type RiskState } from './risk-machine.ts';
import { RISK_HEADER } from './risk-memory.ts';
import { type ResumeAnswer, readResume } from './risk-resume.ts';

/** Records of one change: the gate's, the resume's, and from where on losses count. */
const RECORDS_PER_CHANGE = 3;
/** Of one cause: that it came up, its text and its facts. */
const RECORDS_PER_CAUSE = 3;

export class RiskAnnouncer {
  readonly #context: ActorContext<'risk'>;
  readonly #memory: DoubleBufferedState;

  constructor(context: ActorContext<'risk'>, memory: DoubleBufferedState) {
    this.#context = context;
    this.#memory = memory;
  }

  /** Whether a change of state and of `causes` causes could be recorded now. */
  hasRoom(causes: number): boolean {
    return this.#context.records.hasRoom(RECORDS_PER_CHANGE + causes * RECORDS_PER_CAUSE);
  }

  /** False while something waits for room. */
  announce(state: RiskState, reason: GateReason): boolean {
    return (
      this.#announceState(state, reason) && this.#announceResume() && this.#announceCauses() && this.#clearSingleHalt()
    );
  }

  #announceState(state: RiskState, reason: GateReason): boolean {
    const [stateCode, reasonCode] = [RISK_STATES.indexOf(state) + 1, GATE_REASONS.indexOf(reason)];
    const before = this.#memory.current.getUint8(RISK_HEADER.announcedState);
    if (before === stateCode && this.#memory.current.getUint8(RISK_HEADER.announcedReason) === reasonCode) return true;
    if (!this.hasRoom(0)) return false;
    this.#recordState(before === 0 ? undefined : RISK_STATES[before - 1], state, reason);
    const bank = this.#memory.begin();
    bank.setUint8(RISK_HEADER.announcedState, stateCode);
    bank.setUint8(RISK_HEADER.announcedReason, reasonCode);
    this.#memory.commit();
    return true;
  }

  #recordState(before: RiskState | undefined, state: RiskState, reason: GateReason): void {
    const { records, log } = this.#context;
    const causes = heldCauses(this.#memory.current);
    const change = `${before ?? 'start'} > ${state} (${reason})`;
    const text = [change, textsOf(causes, state) || (this.#freshResume?.text ?? '')];
    records.tryAudit('gate_changed', {
      severity: state === 'halted' ? 2 : state === 'active' ? 0 : 1,
      a: GATE_STATES.indexOf(state),
      b: GATE_REASONS.indexOf(reason),
      text: text.filter((part) => part !== '').join(': '),
    });
    log(state === 'halted' ? 'error' : 'info', 'gate_changed', change, { state, reason, causes: causes.map(asLogged) });
  }

  /** The last resume, while it is not recorded. */
  get #freshResume(): ResumeAnswer | undefined {
    const bank = this.#memory.current;
    return bank.getUint8(RISK_HEADER.isResumeAnnounced) === 1 ? undefined : readResume(bank);
  }

  #announceResume(): boolean {
    const fresh = this.#freshResume;
    if (fresh === undefined) return true;
    const text = `${fresh.by}: ${fresh.text}`;
    if (!this.hasRoom(0)) return false;
    this.#context.records.tryAudit('resumed', { severity: 1, text });
    // Before it losses count no more, in no later run either.
    const from = this.#memory.current.getFloat64(RISK_HEADER.resumedSeq, true);
    this.#context.records.tryState(LOSSES_FROM_KEY, String(from));
    this.#context.log('info', 'resumed', text);
    this.#memory.begin().setUint8(RISK_HEADER.isResumeAnnounced, 1);
    this.#memory.commit();
    return true;
  }

  #announceCauses(): boolean {
    for (const slot of unrecordedSlots(this.#memory.current)) {
      if (!this.#context.records.hasRoom(RECORDS_PER_CAUSE)) return false;
      this.#recordSlot(slot);
      const bank = this.#memory.begin();
      setFlag(bank, slot, 'isAnnounced', true);
      setFlag(bank, slot, 'isKept', true);
      this.#memory.commit();
    }
    return true;
  }

  #recordSlot(slot: number): void {
    const { records, log } = this.#context;
    const cause = causeIn(this.#memory.current, slot);
    if (cause === undefined || cause.effect === 'paused') {
      records.tryState(causeKey(slot), CLEARED);
      return;
    }
    const text = `${cause.by}: ${cause.text}`;
    if (!hasFlag(this.#memory.current, slot, 'isAnnounced')) {
      const isHalt = cause.effect === 'halted';
      records.tryAudit(isHalt ? 'halted' : 'gate_cause', { severity: isHalt ? 2 : 1, text });
      log(isHalt ? 'error' : 'warn', isHalt ? 'halted' : 'gate_cause', text, asLogged(cause));
    }
    if (hasFlag(this.#memory.current, slot, 'isKept')) return;
    records.tryState(causeTextKey(slot), cause.text);
    records.tryState(causeKey(slot), encodeFacts(cause));
  }

  /** Its causes are kept in slots by now. */
  #clearSingleHalt(): boolean {
    if (this.#memory.current.getUint8(RISK_HEADER.hasSingleHalt) === 0) return true;
    if (!this.#context.records.tryState(SINGLE_HALT_KEY, CLEARED)) return false;
    this.#memory.begin().setUint8(RISK_HEADER.hasSingleHalt, 0);
    this.#memory.commit();
    return true;
  }
}

/** What the causes of `state` say. */
const textsOf = (causes: readonly HeldCause[], state: RiskState): string =>
  causes
    .filter(({ effect }) => effect === state)
    .map(({ text }) => text)
    .join('; ');

const asLogged = ({ effect, reason, by, text, firstMs }: GateCause): Readonly<Record<string, unknown>> => ({
  effect,
  reason,
  by,
  text,
  since: new Date(firstMs).toISOString(),
});
