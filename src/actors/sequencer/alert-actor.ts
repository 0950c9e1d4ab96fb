/**
 * The sequencer of the mode `alert`: an opportunity that would be traded is announced, and that is all. There is no route
 * from here to a venue. What is announced has passed the same re-check as a plan; the paper account stands for the
 * real one.
 */

import { assetSpent, edgeOf, spellEdges } from '../../market/asset-graph.ts';
import { type AssetIndex, assetIndex } from '../../market/instrument.ts';
import { divideDown, formatDecimal, NO_UNITS } from '../../money/money.ts';
import type { MonotonicNs } from '../../platform/time.ts';
import type { Actor, ActorContext, ActorFactory } from '../../runtime/actor.ts';
import type { ControlCalls } from '../../runtime/control-calls.ts';
import { PreTradeLimits } from '../../trading/pre-trade-limits.ts';
import { venueNamed } from '../../venues/registry.ts';
import { revalidate, revalidationLimits, type Standing } from './decisions/revalidation.ts';
import { recordAudit, recordRefused } from './journal/execution-events.ts';
import { Journal } from './journal/journal.ts';
import { countUp, openSequencerMemory, SEQUENCER_HEADER } from './journal/sequencer-memory.ts';
import { NewestBooks } from './model/newest-books.ts';
import { type Opportunity, readOpportunity } from './model/opportunity.ts';
import { availableUnits } from './paper/inventory.ts';

/** Opportunities taken in one turn at most. */
const BATCH = 32;
const BPS = 10_000n;
/** Decimals of an edge in the announcement. */
const EDGE_DECIMALS = 2;

export const createAlert: ActorFactory<'sequencer'> = (context) => new Alert(context);

class Alert implements Actor {
  readonly id = 'sequencer';
  /** No plan is ever opened, and there is no account. */
  readonly control: ControlCalls['sequencer'] = {
    drain: () => 0,
    flatten: () => ({ refused: 'in the mode alert there is no account', offers: [], kept: [] }),
  };
  readonly #context: ActorContext<'sequencer'>;
  readonly #opportunities;
  readonly #journal: Journal;
  readonly #books: NewestBooks;
  readonly #limits;
  readonly #preTradeLimits: PreTradeLimits;
  readonly #counter;
  /** When a cycle was last announced, by its spelling. */
  readonly #announcedNs = new Map<string, number>();

  constructor(context: ActorContext<'sequencer'>) {
    this.#context = context;
    const { config, counters, ownMemory, producer, records } = context;
    this.#opportunities = context.consumer('opportunities');
    this.#journal = new Journal(openSequencerMemory(ownMemory, config), producer('executions'), records);
    this.#books = new NewestBooks(context.bookTable, context.instrumentLog, venueNamed(config.venue.name).legs);
    this.#limits = revalidationLimits(config);
    this.#preTradeLimits = new PreTradeLimits({
      config,
      gate: context.gate,
      clock: context.clock,
      planBounds: () => undefined,
      outUnits: () => NO_UNITS,
    });
    this.#counter = {
      received: counters.at('opportunities_received'),
      refused: counters.at('plans_refused'),
      announced: counters.at('opportunities_announced'),
      waited: counters.at('records_waited'),
    };
  }

  onStart(): void {
    this.#journal.noteRun(Math.floor(this.#context.clock.wallMs()));
    this.#show();
  }

  doWork(): number {
    const count = Math.min(this.#opportunities.available(), BATCH);
    for (let index = 0; index < count; index++) {
      if (!this.#journal.ready()) {
        this.#context.counters.add(this.#counter.waited, 1); // they stay on their ring until there is room again
        return index;
      }
      this.#opportunities.markInProgress(0);
      this.#consider(readOpportunity(this.#opportunities.view, this.#opportunities.offset(0)));
      this.#opportunities.advance(1);
    }
    if (count > 0) this.#show();
    return count;
  }

  onStop(): void {
    this.#show();
  }

  #consider(opportunity: Opportunity): void {
    if (this.#wasHandled(opportunity)) return;
    const nowNs = this.#context.clock.nowNs();
    const standing = this.#revalidate(opportunity, nowNs);
    const cycle = this.#spell(opportunity);
    const bank = this.#journal.begin();
    bank.setFloat64(SEQUENCER_HEADER.handledSeq, opportunity.seq, true);
    bank.setFloat64(SEQUENCER_HEADER.handledOrdinal, opportunity.ordinal + 1, true);
    countUp(bank, SEQUENCER_HEADER.received);
    countUp(bank, SEQUENCER_HEADER.refused);
    const when = { nowNs, instrumentsSeq: this.#books.instrumentsSeq };
    const reason = standing.ok ? 'alert_only' : standing.reason;
    recordRefused(this.#journal, opportunity, reason, this.#startAsset(opportunity), when);
    if (standing.ok && this.#isNews(cycle, nowNs)) this.#announce(cycle, opportunity, standing, bank);
    this.#journal.commit();
  }

  #announce(cycle: string, opportunity: Opportunity, standing: Standing, bank: DataView): void {
    countUp(bank, SEQUENCER_HEADER.announced);
    const { startUnits, endUnits } = standing;
    const { id = '?', precision = 0 } = this.#books.directory.assets[standing.startAsset] ?? {};
    const profit = `${formatDecimal(endUnits - startUnits, precision)} ${id}`;
    const netBps = formatDecimal(
      divideDown((endUnits - startUnits) * BPS * 10n ** BigInt(EDGE_DECIMALS), startUnits),
      EDGE_DECIMALS,
    );
    const start = formatDecimal(startUnits, precision);
    const text = `${cycle}: ${start} ${id} would bring ${profit}, ${netBps} bps after fees`;
    recordAudit(this.#journal, 'opportunity_announced', 0, text, opportunity.seq, Number(netBps));
    const fields = { cycle, start, asset: id, profit, netBps, market: opportunity.seq };
    this.#context.log('info', 'opportunity_announced', text, fields);
  }

  /** Whether `cycle` was not announced lately. */
  #isNews(cycle: string, nowNs: MonotonicNs): boolean {
    const lastNs = this.#announcedNs.get(cycle);
    if (lastNs !== undefined && nowNs - lastNs < this.#context.config.alert.repeat_ms * 1e6) return false;
    this.#announcedNs.set(cycle, nowNs);
    return true;
  }

  #revalidate(opportunity: Opportunity, nowNs: MonotonicNs): ReturnType<typeof revalidate> {
    const { config, gate } = this.#context;
    const { directory } = this.#books;
    this.#preTradeLimits.list(this.#books.directory, this.#context.instrumentLog.used);
    const available = (asset: AssetIndex) =>
      availableUnits(asset, config.paper.inventory, this.#journal.current, NO_UNITS, directory);
    const account = { plans: [], available, orderLimits: this.#preTradeLimits, venue: undefined };
    return revalidate(opportunity, { nowNs, gate: gate.state, books: this.#books, ...account }, this.#limits);
  }

  #spell({ legs }: Opportunity): string {
    return spellEdges(
      this.#books.directory,
      legs.map(({ instrument, side }) => edgeOf(instrument, side)),
    );
  }

  #startAsset({ legs }: Opportunity): AssetIndex {
    const [first] = legs;
    const instrument = first && this.#books.directory.instruments[first.instrument];
    return first === undefined || instrument === undefined ? assetIndex(0) : assetSpent(instrument, first.side);
  }

  #wasHandled({ seq, ordinal }: Opportunity): boolean {
    const bank = this.#journal.current;
    const handled = bank.getFloat64(SEQUENCER_HEADER.handledSeq, true);
    return seq < handled || (seq === handled && ordinal < bank.getFloat64(SEQUENCER_HEADER.handledOrdinal, true));
  }

  #show(): void {
    const { counters } = this.#context;
    const bank = this.#journal.current;
    counters.set(this.#counter.received, bank.getFloat64(SEQUENCER_HEADER.received, true));
    counters.set(this.#counter.refused, bank.getFloat64(SEQUENCER_HEADER.refused, true));
    counters.set(this.#counter.announced, bank.getFloat64(SEQUENCER_HEADER.announced, true));
  }
}
