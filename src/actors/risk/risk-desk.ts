/**
 * Risk's decisions and their consequences, in this order: the machine moves, the gate's word is written (it must close
 * before anything else can go wrong), the change is committed to own memory, and then it is recorded. What was committed
 * but not yet recorded when the actor died is recorded by its successor.
 */
import { transition } from 'xstate';
import type { ActorContext } from '../../runtime/actor.ts';
import { EXECUTION } from '../../shared/execution-message.ts';
import { encodeHaltState, HALT_KEY, type HaltState } from '../../shared/halt-state.ts';
import { GATE_REASONS, GATE_STATES, type GateReason } from '../../shared/trading-gate.ts';
import type { TwoBankMemory } from '../../shared/two-bank-memory.ts';
import type { Condition } from './pause-conditions.ts';
import { bookExecution } from './risk-ledger.ts';
import { type AssetLimit, findBreach, restartCounting, type StreakLimits } from './risk-limits.ts';
import { RISK_STATES, type RiskEventType, type RiskState, riskMachine } from './risk-machine.ts';
import { openRiskMemory, RISK_HEADER } from './risk-memory.ts';

/** Records one change may take: the gate's, the halt's or resume's, and the state that survives the process. */
const RECORDS_PER_CHANGE = 3;

interface Words {
  readonly by: string;
  readonly text: string;
}

export class RiskDesk {
  readonly memory: TwoBankMemory;
  readonly #context: ActorContext<'risk'>;
  #conditionText = 'nobody has looked yet';

  constructor(context: ActorContext<'risk'>) {
    this.#context = context;
    this.memory = openRiskMemory(context.ownMemory, context.config);
  }

  get #bank(): DataView {
    return this.memory.current;
  }

  get state(): RiskState {
    return RISK_STATES[this.#bank.getUint8(RISK_HEADER.state)] ?? 'halted';
  }

  /** Why the state is not `active`. */
  get reason(): GateReason {
    return reasonIn(this.#bank);
  }

  /** Who halted or resumed last, and why. */
  get words(): Words {
    return readWords(this.#bank);
  }

  /** Takes up the predecessor's state, or begins: halted when the last process was, else paused until the first look. */
  start(leftAtStart: HaltState | undefined): void {
    if (this.#bank.getUint8(RISK_HEADER.isInitialised) === 0) this.#initialise(leftAtStart);
    this.#closeOrOpen(this.#bank);
    this.announce();
  }

  /** Books the executions `indices` of a ring's slots, and halts when a limit is broken. */
  book(slots: DataView, offsets: Iterable<number>, limits: readonly AssetLimit[], streaks: StreakLimits): void {
    const bank = this.memory.begin();
    for (const offset of offsets) {
      if (bookExecution(bank, slots, offset).stranded) {
        this.#strand(bank, slots.getFloat64(offset + EXECUTION.plan, true));
      }
    }
    const breach = findBreach(bank, limits, streaks);
    if (breach !== undefined) this.#haltIn(bank, breach.reason, { by: 'risk', text: breach.text });
    this.#commit(bank);
  }

  /** Pauses for `condition`, or lets trading go on when there is none. */
  setCondition(condition: Condition | undefined): void {
    const reason = GATE_REASONS.indexOf(condition?.reason ?? 'none');
    const holds = this.#bank.getUint8(RISK_HEADER.condition) === 1;
    if (holds === (condition !== undefined) && this.#bank.getUint8(RISK_HEADER.conditionReason) === reason) return;
    this.#conditionText = condition?.text ?? '';
    const bank = this.memory.begin();
    bank.setUint8(RISK_HEADER.conditionReason, reason);
    this.#move(bank, condition === undefined ? 'condition.cleared' : 'condition.raised');
    this.#commit(bank);
  }

  /** Halts for good. The first reason stays when it is halted already. */
  halt(reason: GateReason, words: Words): void {
    const bank = this.memory.begin();
    this.#haltIn(bank, reason, words);
    this.#commit(bank);
  }

  /** A person resumes; whether that is allowed has been asked before. Limits count from here. */
  resume(words: Words): void {
    const bank = this.memory.begin();
    restartCounting(bank, this.#context.config.limits.assets_max);
    bump(bank, RISK_HEADER.resumes);
    this.#move(bank, 'resume', words);
    this.#commit(bank);
  }

  /** Whether there is room to record a change of state. */
  get canRecord(): boolean {
    return this.#context.records.hasRoom(RECORDS_PER_CHANGE);
  }

  /**
   * Records the present state if the newest record says otherwise. While the ring has no room this waits for a later
   * call; meanwhile trading is paused or halted, so at most the order of two pauses is lost, never a halt.
   */
  announce(): boolean {
    const state = this.#bank.getUint8(RISK_HEADER.state);
    const reason = GATE_REASONS.indexOf(this.reason);
    const stranded = this.#bank.getUint8(RISK_HEADER.stranded);
    const before = this.#bank.getUint8(RISK_HEADER.announcedState);
    const isTold = before === state + 1 && this.#bank.getUint8(RISK_HEADER.announcedReason) === reason;
    const isKept = this.#bank.getUint8(RISK_HEADER.announcedStranded) === stranded;
    if (isTold && isKept) return true;
    if (!this.canRecord) return false;
    if (!isTold) this.#record(before === 0 ? undefined : RISK_STATES[before - 1]);
    if (!isKept || this.state === 'halted' || before === HALTED + 1) this.#keep(stranded === 1);
    const bank = this.memory.begin();
    bank.setUint8(RISK_HEADER.announcedState, state + 1);
    bank.setUint8(RISK_HEADER.announcedReason, reason);
    bank.setUint8(RISK_HEADER.announcedStranded, stranded);
    this.memory.commit();
    return true;
  }

  #initialise(leftAtStart: HaltState | undefined): void {
    const bank = this.memory.begin();
    bank.setUint8(RISK_HEADER.isInitialised, 1);
    bank.setUint8(RISK_HEADER.state, RISK_STATES.indexOf('paused'));
    bank.setUint8(RISK_HEADER.condition, 1);
    bank.setUint8(RISK_HEADER.conditionReason, GATE_REASONS.indexOf('starting'));
    if (leftAtStart?.stranded) this.#move(bank, 'exposure.stranded', leftAtStart);
    if (leftAtStart?.halted) this.#haltIn(bank, leftAtStart.reason, leftAtStart);
    this.memory.commit();
  }

  /** What could not be sold is a person's to look at: until then nothing new is begun, or nothing at all, by the settings. */
  #strand(bank: DataView, plan: number): void {
    const words = { by: 'risk', text: `plan ${plan} left exposure behind` };
    this.#move(bank, 'exposure.stranded', words);
    if (this.#context.config.trading.stranded === 'halt') this.#haltIn(bank, 'stranded_exposure', words);
  }

  #haltIn(bank: DataView, reason: GateReason, words: Words): void {
    if (stateIn(bank) === 'halted') return;
    bank.setUint8(RISK_HEADER.haltReason, GATE_REASONS.indexOf(reason));
    bump(bank, RISK_HEADER.halts);
    this.#move(bank, 'halt', words);
  }

  #move(bank: DataView, type: RiskEventType, words?: Words): void {
    const from = riskMachine.resolveState({
      value: stateIn(bank),
      context: {
        condition: bank.getUint8(RISK_HEADER.condition) === 1,
        stranded: bank.getUint8(RISK_HEADER.stranded) === 1,
      },
    });
    const [next] = transition(riskMachine, from, { type });
    if (next.value === 'paused' && from.value !== 'paused') bump(bank, RISK_HEADER.pauses);
    bank.setUint8(RISK_HEADER.state, RISK_STATES.indexOf(next.value));
    bank.setUint8(RISK_HEADER.condition, next.context.condition ? 1 : 0);
    bank.setUint8(RISK_HEADER.stranded, next.context.stranded ? 1 : 0);
    if (words !== undefined) writeWords(bank, words);
  }

  #commit(bank: DataView): void {
    // Closing comes before the commit, opening after it: a death between the two leaves the gate on the safe side.
    if (stateIn(bank) !== 'active') this.#closeOrOpen(bank);
    this.memory.commit();
    this.#closeOrOpen(bank);
    this.announce();
  }

  #closeOrOpen(bank: DataView): void {
    const { gate } = this.#context;
    const state = stateIn(bank);
    const reason = reasonIn(bank);
    if (gate.risk.state !== state || gate.risk.reason !== reason) gate.setRisk(state, reason);
  }

  #record(before: RiskState | undefined): void {
    const { records, log } = this.#context;
    const { state, reason } = this;
    const { by, text } = state === 'paused' ? { by: 'risk', text: this.#conditionText } : this.words;
    const isHalt = state === 'halted';
    const change = `${before ?? 'start'} > ${state} (${reason})`;
    records.tryAudit('gate_changed', {
      severity: isHalt ? 2 : state === 'active' ? 0 : 1,
      a: GATE_STATES.indexOf(state),
      b: GATE_REASONS.indexOf(reason),
      text: text === '' ? change : `${change}: ${text}`,
    });
    log(isHalt ? 'error' : 'info', 'gate_changed', change, { state, reason, text });
    if (isHalt) records.tryAudit('halted', { severity: 2, text: `${by}: ${text}` });
    if (before === 'halted') records.tryAudit('resumed', { severity: 1, text: `${by}: ${text}` });
  }

  /** Records what has to hold over a restart of the process. */
  #keep(stranded: boolean): void {
    const { by, text } = this.words;
    const halted = this.state === 'halted';
    this.#context.records.tryState(HALT_KEY, encodeHaltState({ halted, stranded, reason: this.reason, by, text }));
  }
}

const HALTED = RISK_STATES.indexOf('halted');

const stateIn = (bank: DataView): RiskState => RISK_STATES[bank.getUint8(RISK_HEADER.state)] ?? 'halted';

function reasonIn(bank: DataView): GateReason {
  switch (stateIn(bank)) {
    case 'active':
      return 'none';
    case 'paused':
      return GATE_REASONS[bank.getUint8(RISK_HEADER.conditionReason)] ?? 'none';
    case 'reducing':
      return 'stranded_exposure';
    case 'halted':
      return GATE_REASONS[bank.getUint8(RISK_HEADER.haltReason)] ?? 'none';
  }
}

function bump(bank: DataView, field: number): void {
  bank.setFloat64(field, bank.getFloat64(field, true) + 1, true);
}

function writeWords(bank: DataView, { by, text }: Words): void {
  const encode = (length: number) => Buffer.from(JSON.stringify({ by: by.slice(0, 32), text: text.slice(0, length) }));
  const long = encode(120);
  const bytes = long.length <= RISK_HEADER.WORDS_MAX ? long : encode(20); // what JSON escapes grows sixfold at most
  bank.setUint16(RISK_HEADER.wordsLength, bytes.length, true);
  for (const [index, byte] of bytes.entries()) bank.setUint8(RISK_HEADER.words + index, byte);
}

function readWords(bank: DataView): Words {
  const length = bank.getUint16(RISK_HEADER.wordsLength, true);
  if (length === 0) return { by: '', text: '' };
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index++) bytes[index] = bank.getUint8(RISK_HEADER.words + index);
  return JSON.parse(bytes.toString('utf8')) as Words;
}
