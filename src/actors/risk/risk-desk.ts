/**
 * Risk's decisions and their consequences, in this order: the machine moves, the gate is written (it must close
 * before anything else can go wrong), the change is committed to own memory, and then it is recorded. What was committed
 * but not yet recorded when the actor died is recorded by its successor.
 */

import { transition } from 'xstate';
import { assetIndex, type InstrumentDirectory } from '../../market/instrument.ts';
import { EXECUTION } from '../../messages/execution-message.ts';
import { units } from '../../money/money.ts';
import type { ActorContext } from '../../runtime/actor.ts';
import type { DoubleBufferedState } from '../../runtime/memory/double-buffered-state.ts';
import { usesKey } from '../../settings/config.ts';
import { isLatched } from '../../trading/gate-cause.ts';
import type { StoredCause } from '../../trading/stored-causes.ts';
import type { StoredLosses } from '../../trading/stored-losses.ts';
import type { GateReason } from '../../trading/trading-gate.ts';
import { aheadOfVenueMs, type Clocks, carryLosses, hasToCarry, hasUntimed } from './carried-losses.ts';
import {
  addCause,
  clearLatched,
  type HeldCause,
  hasEffect,
  heldCauses,
  initialiseCauses,
  type NewCause,
  restoreCause,
  sameCause,
  setConditions,
} from './gate-causes.ts';
import { addToWindows } from './loss-windows.ts';
import { markPlans, openPlans } from './open-plans.ts';
import type { Condition } from './pause-conditions.ts';
import { RiskAnnouncer } from './risk-announcer.ts';
import { bookExecution, resultUnits } from './risk-ledger.ts';
import { type AssetLimit, findBreach, restartCounting, type StreakLimits } from './risk-limits.ts';
import { RISK_STATES, type RiskEventType, type RiskState, riskMachine } from './risk-machine.ts';
import { openRiskMemory, RISK_HEADER } from './risk-memory.ts';
import { type ResumeAnswer, writeResume } from './risk-resume.ts';

/** Which event of the machine a cause is. */
const EVENT_OF = {
  halted: 'halt',
  paused: 'condition.raised',
  reducing: 'exposure.stranded',
  draining: 'drain',
} as const satisfies Record<HeldCause['effect'], RiskEventType>;

export class RiskDesk {
  readonly memory: DoubleBufferedState;
  readonly #context: ActorContext<'risk'>;
  readonly #announcer: RiskAnnouncer;

  constructor(context: ActorContext<'risk'>) {
    this.#context = context;
    this.memory = openRiskMemory(context.ownMemory, context.config);
    this.#announcer = new RiskAnnouncer(context, this.memory);
  }

  get #bank(): DataView {
    return this.memory.current;
  }

  get state(): RiskState {
    return stateIn(this.#bank);
  }

  /** The most serious reason why the state is not `active`. */
  get reason(): GateReason {
    return reasonIn(this.#bank);
  }

  /** Every reason why the state is not `active`, most serious first. */
  get causes(): readonly HeldCause[] {
    return heldCauses(this.#bank);
  }

  /** Those that wait for a person. */
  get latched(): readonly HeldCause[] {
    return this.causes.filter(isLatched);
  }

  /** Takes up the predecessor's state, or begins: with what the last process left, else paused until the first look. */
  start(leftAtStart: readonly StoredCause[]): void {
    if (this.#bank.getUint8(RISK_HEADER.isInitialised) === 0) this.#initialise(leftAtStart);
    this.#closeOrOpen(this.#bank);
    this.announce();
  }

  /** Books the executions `indices` of a ring's slots, and halts when a limit is broken. */
  book(
    slots: DataView,
    offsets: Iterable<number>,
    limits: readonly AssetLimit[],
    streaks: StreakLimits,
    directory: InstrumentDirectory,
  ): void {
    const bank = this.memory.begin();
    for (const offset of offsets) {
      const asset = assetIndex(slots.getUint16(offset + EXECUTION.startAsset, true));
      const before = resultUnits(bank, asset);
      const { stranded, misreported } = bookExecution(bank, slots, offset);
      addToWindows(bank, asset, units(resultUnits(bank, asset) - before), this.#context.clock.wallMs());
      const plan = slots.getFloat64(offset + EXECUTION.plan, true);
      if (stranded) this.#strand(bank, plan);
      if (misreported)
        this.#addIn(bank, { effect: 'halted', by: 'risk', reason: 'venue_misreport', text: describeMisreport(plan) });
    }
    markPlans(bank, directory, this.#context.bookTable);
    this.#haltBeyond(bank, limits, streaks);
    this.#commit(bank);
  }

  /** Takes over what earlier runs have lost, and halts when that alone breaks a limit. */
  carry(
    stored: StoredLosses,
    limits: readonly AssetLimit[],
    streaks: StreakLimits,
    directory: InstrumentDirectory,
  ): void {
    const clocks = this.#clocks();
    if (!hasToCarry(this.#bank, stored, directory, clocks)) return;
    const bank = this.memory.begin();
    carryLosses(bank, stored, directory, clocks);
    this.#haltBeyond(bank, limits, streaks);
    this.#commit(bank);
  }

  /** Whether it is not known yet what of the losses of earlier runs lies within this hour and day. */
  hasUntimed(stored: StoredLosses, directory: InstrumentDirectory): boolean {
    return hasUntimed(this.#bank, stored, directory);
  }

  /** Without an account there is no venue's time: our clock is all that losses were timed by. */
  #clocks(): Clocks {
    const { clock, config } = this.#context;
    const nowMs = clock.wallMs();
    const aheadMs = usesKey(config.mode) ? aheadOfVenueMs(this.#bank, nowMs, clock.nowNs()) : 0;
    return { nowMs, aheadMs };
  }

  /** Values the plans at work anew, and halts when what they have lost so far breaks a limit. */
  mark(limits: readonly AssetLimit[], streaks: StreakLimits, directory: InstrumentDirectory): void {
    if (openPlans(this.#bank) === 0) return;
    const bank = this.memory.begin();
    markPlans(bank, directory, this.#context.bookTable);
    this.#haltBeyond(bank, limits, streaks);
    this.#commit(bank);
  }

  /** Pauses for `conditions`, most serious first, or lets trading go on when there is none. */
  setConditions(conditions: readonly Condition[]): void {
    const held = this.causes.filter((cause) => !isLatched(cause));
    const isTheSame = ({ reason, text }: Condition, index: number): boolean =>
      held[index]?.reason === reason && held[index]?.text === text;
    if (held.length === conditions.length && conditions.every(isTheSame)) return;
    const bank = this.memory.begin();
    setConditions(bank, conditions, this.#context.clock.wallMs());
    this.#move(bank, conditions.length === 0 ? 'condition.cleared' : 'condition.raised');
    this.#commit(bank);
  }

  /** Adds a cause that waits for a person. One of risk's own that holds already stays as it is. */
  add(cause: NewCause): void {
    if (cause.reason !== 'operator' && sameCause(this.#bank, cause) !== undefined) return;
    const bank = this.memory.begin();
    this.#addIn(bank, cause);
    this.#commit(bank);
  }

  /** A person answers every cause that waits for one; whether that is allowed has been asked before. Limits count from here. */
  resume(answer: ResumeAnswer): void {
    const bank = this.memory.begin();
    restartCounting(bank, this.#context.config.limits.assets_max);
    bump(bank, RISK_HEADER.resumes);
    writeResume(bank, answer, this.#context.clock.wallMs());
    clearLatched(bank);
    this.#move(bank, 'resume');
    this.#commit(bank);
  }

  /** Whether there is room to record a change of state, and of `causes` causes. */
  canRecord(causes = 0): boolean {
    return this.#announcer.hasRoom(causes);
  }

  /** Records what is not recorded yet. False while the ring has no room for all of it. */
  announce(): boolean {
    return this.#announcer.announce(this.state, this.reason);
  }

  #initialise(leftAtStart: readonly StoredCause[]): void {
    const bank = this.memory.begin();
    bank.setUint8(RISK_HEADER.isInitialised, 1);
    bank.setUint8(RISK_HEADER.state, RISK_STATES.indexOf('paused'));
    initialiseCauses(bank);
    for (const cause of leftAtStart.toSorted(
      (a, b) => (a.slot ?? Number.POSITIVE_INFINITY) - (b.slot ?? Number.POSITIVE_INFINITY),
    )) {
      restoreCause(bank, cause);
      if (cause.slot === undefined) bank.setUint8(RISK_HEADER.hasSingleHalt, 1);
      this.#move(bank, EVENT_OF[cause.effect]);
    }
    const starting = { reason: 'starting', text: 'the conditions were not checked yet' } as const;
    setConditions(bank, [starting], this.#context.clock.wallMs());
    this.memory.commit();
  }

  /** What could not be sold is a person's to look at: until then nothing new is begun, or nothing at all, by the settings. */
  #strand(bank: DataView, plan: number): void {
    const text = plan === 0 ? 'a fill came after its plan had ended' : `plan ${plan} left exposure behind`;
    const cause = { reason: 'stranded_exposure', by: 'risk', text } as const;
    this.#addIn(bank, { effect: 'reducing', ...cause });
    if (this.#context.config.trading.stranded === 'halt') this.#addIn(bank, { effect: 'halted', ...cause });
  }

  #haltBeyond(bank: DataView, limits: readonly AssetLimit[], streaks: StreakLimits): void {
    const breach = findBreach(bank, limits, streaks, this.#context.clock.wallMs());
    if (breach !== undefined) this.#addIn(bank, { effect: 'halted', by: 'risk', ...breach });
  }

  #addIn(bank: DataView, cause: NewCause): void {
    if (cause.effect === 'halted' && stateIn(bank) !== 'halted') bump(bank, RISK_HEADER.halts);
    addCause(bank, cause, this.#context.clock.wallMs());
    this.#move(bank, EVENT_OF[cause.effect]);
  }

  #move(bank: DataView, type: RiskEventType): void {
    const value = stateIn(bank);
    const context = {
      condition: hasEffect(bank, 'paused'),
      stranded: hasEffect(bank, 'reducing'),
      draining: hasEffect(bank, 'draining'),
    };
    const [next] = transition(riskMachine, riskMachine.resolveState({ value, context }), { type });
    if (next.value === 'paused' && value !== 'paused') bump(bank, RISK_HEADER.pauses);
    bank.setUint8(RISK_HEADER.state, RISK_STATES.indexOf(next.value));
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
}

const describeMisreport = (plan: number): string =>
  `the venue said of an order of plan ${plan} what cannot be true (venue_misreport in the log): compare the account by hand`;

const stateIn = (bank: DataView): RiskState => RISK_STATES[bank.getUint8(RISK_HEADER.state)] ?? 'halted';

function reasonIn(bank: DataView): GateReason {
  const state = stateIn(bank);
  if (state === 'active') return 'none';
  return heldCauses(bank).find(({ effect }) => effect === state)?.reason ?? 'none';
}

function bump(bank: DataView, field: number): void {
  bank.setFloat64(field, bank.getFloat64(field, true) + 1, true);
}
