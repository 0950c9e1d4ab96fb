/**
 * The sequencer: opportunities in, plans seen to their end, executions out. Paper form: `paper-port.ts` stands where the
 * venue's trading connection will.
 *
 *   opportunities ─▶ re-check ─▶ plan desk ◀──reports── execution port
 *                                   │  └────orders────────▲
 *                                   ▼
 *                      journal ─▶ executions, records
 */
import type { Actor, ActorContext, ActorFactory } from '../../runtime/actor.ts';
import type { CounterName } from '../../shared/counter-names.ts';
import { createAlert } from './alert-actor.ts';
import type { ExecutionPort } from './execution-port.ts';
import { Journal } from './journal.ts';
import { NewestBooks } from './newest-books.ts';
import { readOpportunity } from './opportunity.ts';
import { PaperPort } from './paper-port.ts';
import { PlanDesk } from './plan-desk.ts';
import { openSequencerMemory, SEQUENCER_HEADER } from './sequencer-memory.ts';

/** Opportunities, and reports of orders, taken in one turn at most. */
const BATCH = 32;

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

/** Makes the port that orders go out through. */
export type PortFactory = (context: ActorContext<'sequencer'>, books: NewestBooks) => ExecutionPort;

const paperPort: PortFactory = ({ clock, config, wake }, books) =>
  new PaperPort({ clock, books, latencyMs: config.paper.latency_ms, wake });

export const createActor: ActorFactory<'sequencer'> = (context) =>
  context.config.mode === 'alert' ? createAlert(context) : createSequencer(context, paperPort);

/** The sequencer with its way to the venue handed in. */
export function createSequencer(context: ActorContext<'sequencer'>, makePort: PortFactory): Actor {
  return new Sequencer(context, makePort);
}

class Sequencer implements Actor {
  readonly id = 'sequencer';
  /** Timers wake it when an order comes due. */
  readonly needsEventLoop = true;
  readonly #context: ActorContext<'sequencer'>;
  readonly #opportunities;
  readonly #journal: Journal;
  readonly #port: ExecutionPort;
  readonly #desk: PlanDesk;
  readonly #tallies: readonly (readonly [counter: number, field: number])[];
  readonly #plansActive: number;
  readonly #recordsWaited: number;

  constructor(context: ActorContext<'sequencer'>, makePort: PortFactory) {
    this.#context = context;
    const { config, counters, ownMemory, producer, records } = context;
    this.#opportunities = context.consumer('opportunities');
    this.#journal = new Journal(openSequencerMemory(ownMemory, config), producer('executions'), records);
    const books = new NewestBooks(context.bookTable, context.instrumentLog);
    this.#port = makePort(context, books);
    this.#desk = new PlanDesk({ context, journal: this.#journal, books, port: this.#port });
    this.#tallies = TALLIES.map(([name, field]) => [counters.at(name), field]);
    this.#plansActive = counters.at('plans_active');
    this.#recordsWaited = counters.at('records_waited');
  }

  onStart(): void {
    this.#journal.noteRun(Math.floor(this.#context.clock.wallMs()));
    this.#desk.resume();
    this.#show();
  }

  doWork(): number {
    const handled = this.#takeReports() + this.#takeWaiting() + this.#takeOpportunities();
    if (handled > 0) this.#show();
    return handled;
  }

  onTimer(): void {
    this.#takeWaiting();
    this.#show();
  }

  onStop(): void {
    this.#desk.stop();
    this.#show();
  }

  #takeReports(): number {
    let handled = 0;
    // While a change cannot be recorded, reports stay with the port.
    while (handled < BATCH && this.#journal.ready() && this.#port.poll(this.#onReport, 1) > 0) handled++;
    return handled;
  }

  readonly #onReport = (report: Parameters<PlanDesk['report']>[0]): void => this.#desk.report(report);

  #takeWaiting(): number {
    return this.#desk.isWaiting ? this.#desk.tick() : 0;
  }

  /** One by one: each is decided upon, written down and told before the next is looked at. */
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
