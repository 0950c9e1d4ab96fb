/**
 * The sequencer: opportunities in, plans seen to their end, executions out. What stands behind it is a trading port: a
 * venue's connection, or `paper-port.ts`.
 *
 *   opportunities ─▶ re-check ─▶ plan desk ◀──orders' fates── trading port ──readings──▶ account
 *                                 │  │ └──────approved orders────▲
 *                                 │  └─ may orders leave? what may be spent? ─▶ account
 *                                 ▼
 *                      journal ─▶ executions, records
 */
import type { Actor, ActorContext, ActorFactory, Answering } from '../../runtime/actor.ts';
import type { ControlCalls } from '../../runtime/control-calls.ts';
import type { CounterName } from '../../runtime/counter-names.ts';
import { usesKey } from '../../settings/config.ts';
import { venueNamed } from '../../venues/registry.ts';
import type { TradingEvent, TradingPort } from '../../venues/trading-port.ts';
import type { PlansAtWork } from './account/running-account.ts';
import { SpendableFunds } from './account/spendable-funds.ts';
import { createAlert } from './alert-actor.ts';
import type { ExecutionRoute, ExecutionRouteDeps } from './execution-route.ts';
import { Journal } from './journal/journal.ts';
import { openSequencerMemory, SEQUENCER_HEADER } from './journal/sequencer-memory.ts';
import { NewestBooks } from './model/newest-books.ts';
import { readOpportunity } from './model/opportunity.ts';
import { PaperAccount } from './paper/paper-account.ts';
import { PaperPort } from './paper/paper-port.ts';
import { PlanDesk } from './plans/plan-desk.ts';
import { VENUE } from './venue-route.ts';

/** Opportunities, and events of the port, taken in one turn at most. */
const BATCH = 32;

/** Pause between two turns while the end is awaited. */
const DRAIN_TURN_MS = 5;

/** Counters that show a tally of own memory: they are right after a restart too. */
const TALLIES = [
  ['opportunities_received', SEQUENCER_HEADER.received],
  ['plans_opened', SEQUENCER_HEADER.opened],
  ['plans_refused', SEQUENCER_HEADER.refused],
  ['plans_completed', SEQUENCER_HEADER.completed],
  ['plans_abandoned', SEQUENCER_HEADER.abandoned],
  ['plans_unwound', SEQUENCER_HEADER.unwound],
  ['plans_stranded', SEQUENCER_HEADER.stranded],
  ['fills', SEQUENCER_HEADER.fills],
  ['events_unexpected', SEQUENCER_HEADER.unexpected],
] as const satisfies readonly (readonly [CounterName<'sequencer'>, number])[];

export const PAPER: ExecutionRoute = {
  makePort: ({ context: { clock, config, wake }, books, recall }) =>
    new PaperPort({ clock, books, latencyMs: config.paper.latency_ms, wake, recall }),
  makeAccount: (deps) => new PaperAccount(deps),
};

export const createActor: ActorFactory<'sequencer'> = (context) => {
  const { mode } = context.config;
  if (mode === 'alert') return createAlert(context);
  return createSequencer(context, usesKey(mode) ? VENUE : PAPER);
};

/** The sequencer with its route to a venue handed in. */
export function createSequencer(context: ActorContext<'sequencer'>, route: ExecutionRoute): Answering<'sequencer'> {
  return new Sequencer(context, route);
}

class Sequencer implements Actor {
  readonly id = 'sequencer';
  /** Timers wake it when an order comes due, and sockets when something has arrived. */
  readonly needsEventLoop = true;
  readonly control: ControlCalls['sequencer'] = {
    drain: () => {
      this.#desk.drain();
      return this.#desk.plans.length;
    },
    flatten: (ask) => {
      const report = this.#desk.flattening.flatten(ask);
      this.#show();
      return report;
    },
  };
  readonly #context: ActorContext<'sequencer'>;
  readonly #opportunities;
  readonly #journal: Journal;
  readonly #port: TradingPort;
  readonly #desk: PlanDesk;
  /** In the modes whose account is a venue's. */
  readonly #funds: SpendableFunds | undefined;
  readonly #tallies: readonly (readonly [counter: number, field: number])[];
  readonly #plansActive: number;
  readonly #recordsWaited: number;
  readonly #atEnd: (() => void)[] = [];

  constructor(context: ActorContext<'sequencer'>, route: ExecutionRoute) {
    this.#context = context;
    const { config, counters, ownMemory, producer, records } = context;
    this.#opportunities = context.consumer('opportunities');
    const journal = new Journal(openSequencerMemory(ownMemory, config), producer('executions'), records);
    journal.noteRun(Math.max(1, Math.floor(context.clock.wallMs()))); // 0 says that none is noted
    const books = new NewestBooks(context.bookTable, context.instrumentLog, venueNamed(config.venue.name).legs);
    const recall = (clOrdId: string) => this.#desk.recall(clOrdId);
    const deps: ExecutionRouteDeps = { context, journal, books, recall, atEnd: (run) => this.#atEnd.push(run) };
    const port = route.makePort(deps);
    const makeAccount = (plans: PlansAtWork) => route.makeAccount({ ...deps, port, plans });
    this.#journal = journal;
    this.#port = port;
    this.#desk = new PlanDesk({ context, journal, books, port, makeAccount });
    if (usesKey(config.mode)) this.#funds = new SpendableFunds(context.fundsTable, this.#desk.account, books);
    this.#tallies = TALLIES.map(([name, field]) => [counters.at(name), field]);
    this.#plansActive = counters.at('plans_active');
    this.#recordsWaited = counters.at('records_waited');
  }

  onStart(): void {
    this.#desk.account.start();
    this.#desk.resume();
    this.#show();
  }

  doWork(): number {
    this.#desk.lookAround();
    const handled = this.#takeEvents() + this.#takeWaiting() + this.#takeOpportunities();
    if (handled === 0) return 0;
    this.#funds?.publishHeld();
    this.#show();
    return handled;
  }

  onTimer(): void {
    this.#desk.lookAround();
    this.#port.onTimer();
    this.#takeWaiting();
    this.#funds?.publishAll();
    this.#show();
  }

  waitsFor(): string | undefined {
    return this.#journal.waitsFor;
  }

  /** Nothing leaves any more. What is out is given up; its end is awaited for as long as the account does. */
  onStop(): void | Promise<void> {
    const { account } = this.#desk;
    this.#desk.stop();
    this.#takeAll();
    account.stop();
    this.#takeAll();
    if (!account.isStopped) return new Promise((resolve, reject) => this.#turnUntilStopped(resolve, reject));
    this.#end();
    return undefined;
  }

  #turnUntilStopped(resolve: () => void, reject: (thrown: unknown) => void): void {
    this.#context.clock.after(DRAIN_TURN_MS, () => {
      try {
        this.#port.onTimer();
        this.#takeAll();
        if (this.#desk.account.isStopped) {
          this.#end();
          resolve();
        } else this.#turnUntilStopped(resolve, reject);
      } catch (thrown) {
        reject(thrown);
      }
    });
  }

  #end(): void {
    for (const run of this.#atEnd.splice(0)) run();
    this.#show();
  }

  /** What the port knows is taken, and then every plan is ended that can be. */
  #takeAll(): void {
    while (this.#takeEvents() + this.#takeWaiting() > 0);
  }

  /** One by one: while a change cannot be recorded, events stay with the port, and reports with the desk. */
  #takeEvents(): number {
    let handled = 0;
    while (handled < BATCH && this.#journal.ready() && this.#takeEvent()) handled++;
    return handled;
  }

  #takeEvent(): boolean {
    const { account } = this.#desk;
    if (this.#desk.hasOrderEvents) {
      this.#desk.takeOrderEvent();
      return true;
    }
    if (account.isBooking) return account.tick() > 0;
    return this.#port.poll(this.#onEvent, 1) > 0;
  }

  readonly #onEvent = (event: TradingEvent): void => this.#desk.handle(event);

  #takeWaiting(): number {
    const { account } = this.#desk;
    account.heedHalt();
    if (!this.#journal.ready()) return 0;
    return account.tick() + this.#desk.tick();
  }

  /** One by one: each is decided upon, recorded and reported before the next is looked at. */
  #takeOpportunities(): number {
    const count = Math.min(this.#opportunities.available(), BATCH);
    for (let index = 0; index < count; index++) {
      if (!this.#journal.ready()) {
        this.#context.counters.add(this.#recordsWaited, 1); // they stay on their ring until there is room again
        return index;
      }
      this.#opportunities.markInProgress(0);
      this.#desk.consider(readOpportunity(this.#opportunities.view, this.#opportunities.offset(0)));
      this.#opportunities.advance(1);
    }
    return count;
  }

  #show(): void {
    const { counters } = this.#context;
    const bank = this.#journal.current;
    for (const [counter, field] of this.#tallies) counters.set(counter, bank.getFloat64(field, true));
    counters.set(this.#plansActive, this.#desk.plans.length);
  }
}
