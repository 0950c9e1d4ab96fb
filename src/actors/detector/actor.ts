/**
 * The detector: takes tops of book in order, screens the cycles that each touches, decides and sizes what passes, and
 * puts opportunities on two rings, to the sequencer and to persistence.
 *
 * Everything it decides follows from the order of messages, so a replay decides the same on any number of threads. What
 * survives it: the last message handled and the instruments taken over (counters), the venue's status (own memory), the
 * books as of that message (book table). A message that a predecessor had half done is done again, without what the
 * newest messages on the two rings show to be out already.
 */

import { type BookCopy, createBookCopy } from '../../market/book-table.ts';
import type { FeeTable } from '../../market/fee-table.ts';
import {
  type Instrument,
  type InstrumentDirectory,
  type InstrumentIndex,
  instrumentIndex,
} from '../../market/instrument.ts';
import { CONTROL, MARKET_KIND, SYSTEM_STATUSES, TOP } from '../../messages/market-messages.ts';
import { OPPORTUNITY } from '../../messages/opportunity-message.ts';
import { RECORD_KIND } from '../../messages/record-messages.ts';
import type { Actor, ActorContext, ActorFactory } from '../../runtime/actor.ts';
import type { Counters } from '../../runtime/memory/counters.ts';
import type { EdgeDistribution } from '../../runtime/memory/edge-distribution.ts';
import { type Histogram, isTimed } from '../../runtime/memory/histogram.ts';
import type { RingConsumer, RingProducer } from '../../runtime/memory/ring.ts';
import { type Opportunity, SEEN, STRATEGY_NAMES, type Strategy } from '../../strategies/strategy.ts';
import { type RunningStrategy, strategiesOf } from '../../strategies/strategy-registry.ts';
import { takerFeesOf } from '../../venues/fee-settings.ts';
import { venueNamed } from '../../venues/registry.ts';
import { Market } from './market-view.ts';
import { type Place, type Trigger, writeOpportunity } from './opportunity-slot.ts';
import { StartFunds } from './start-funds.ts';
import { StrategyView } from './strategy-view.ts';

/** Messages handled in one turn at most. */
const TURN_LIMIT = 256;

const ONLINE = SYSTEM_STATUSES.indexOf('online');

export const createActor: ActorFactory<'detector'> = (context) => new Detector(context);

/** Place of an opportunity in the stream: message, and number within what follows from that message. */
interface Mark {
  readonly seq: number;
  readonly ordinal: number;
}

class Detector implements Actor {
  readonly id = 'detector';
  readonly #context: ActorContext<'detector'>;
  readonly #tops: RingConsumer;
  readonly #opportunities: RingProducer;
  readonly #counters: Counters<'detector'>;
  readonly #at: ReturnType<typeof counterIndices>;
  readonly #decision: Histogram;
  readonly #grossEdge: EdgeDistribution;
  readonly #netEdge: EdgeDistribution;
  /** | venue status code | */
  readonly #own: Float64Array;
  readonly #scratchBook: BookCopy;
  readonly #message = new DataView(new ArrayBuffer(OPPORTUNITY.SIZE));
  readonly #market: Market;
  readonly #strategies: readonly RunningStrategy[];
  /** Candidates of each strategy at the message in hand. */
  readonly #candidates: Uint32Array;
  /** What a predecessor has put out last on each ring. */
  readonly #recorded: Mark;
  readonly #passedOn: Mark;
  #handledSeq: number;
  readonly #fees: FeeTable;
  /** Up to which change the venue's fees were taken over. */
  #feeChanges: number;
  /** The message that had to be left because its records had no room, and how much of it is out. */
  #leftSeq = -1;
  #leftOrdinal = 0;

  constructor(context: ActorContext<'detector'>) {
    this.#context = context;
    this.#tops = context.consumer('tops');
    this.#opportunities = context.producer('opportunities');
    this.#counters = context.counters;
    this.#at = counterIndices(context.counters);
    this.#decision = context.latency('decision');
    this.#grossEdge = context.edges('gross_edge');
    this.#netEdge = context.edges('net_edge');
    this.#own = new Float64Array(context.ownMemory);
    this.#scratchBook = createBookCopy(1); // its touch and its time
    this.#handledSeq = context.counters.get('handled_seq');
    this.#fees = context.feeTable;
    this.#feeChanges = this.#fees.changes;
    const { config, instrumentLog, bookTable, fundsTable } = context;
    const directory = instrumentLog.directory(context.counters.get('instruments_position'));
    this.#market = new Market(config.limits.instruments_max, takerFeesOf(config, this.#fees), directory);
    const { legs } = venueNamed(config.venue.name);
    const startFunds = new StartFunds(config, fundsTable);
    const view = new StrategyView({ tops: this.#market, bookTable, startFunds, legs });
    this.#strategies = strategiesOf(view, config);
    this.#candidates = new Uint32Array(this.#strategies.length);
    this.#recorded = newestMark(context.producer('detector_records'));
    this.#passedOn = newestMark(this.#opportunities);
  }

  onStart(): void {
    this.#restore(this.#handledSeq);
    this.#countCycles();
  }

  doWork(): number {
    const count = Math.min(this.#tops.available(), TURN_LIMIT);
    let handled = 0;
    while (handled < count) {
      this.#tops.markInProgress(handled);
      if (!this.#handle(this.#tops.view, this.#tops.offset(handled))) {
        this.#tops.markInProgress(-1); // waiting is not handling: a death now is not this message's doing
        break;
      }
      handled++;
    }
    if (handled > 0) this.#tops.advance(handled);
    return handled;
  }

  onTimer(): void {
    const { changes } = this.#fees;
    if (changes === this.#feeChanges) return;
    this.#feeChanges = changes;
    this.#market.takeFees();
    this.#rebuild();
    this.#counters.set(this.#at.bestCycle, 0); // the best so far was found with other fees
    for (const at of [this.#at.bestNet, ...this.#at.bestLegs]) this.#counters.set(at, 0);
  }

  onStop(): void {}

  /** Takes the tops over that the book table has for message `seq`. */
  #restore(seq: number): void {
    this.#market.restore(this.#context.bookTable, seq, this.#scratchBook);
    this.#rebuild();
  }

  #rebuild(): void {
    for (const { strategy } of this.#strategies) strategy.rebuild();
  }

  #countCycles(): void {
    const cycles = this.#strategies.reduce((sum, { strategy }) => sum + strategy.cycles, 0);
    this.#counters.set(this.#at.cycles, cycles);
  }

  /** False when the message has to wait: it stays on the ring. */
  #handle(view: DataView, offset: number): boolean {
    const seq = view.getFloat64(offset + TOP.seq, true);
    if (seq <= this.#handledSeq) return true;
    const kind = view.getUint8(offset + TOP.kind);
    if (kind === MARKET_KIND.TOP && !this.#handleTop(view, offset, seq)) return false;
    if (kind === MARKET_KIND.INSTRUMENTS) this.#takeInstruments(view.getFloat64(offset + CONTROL.position, true), seq);
    if (kind === MARKET_KIND.SYSTEM_STATUS) this.#own[0] = view.getUint8(offset + CONTROL.flags);
    this.#handledSeq = seq;
    this.#counters.set(this.#at.handledSeq, seq);
    return true;
  }

  #handleTop(view: DataView, offset: number, seq: number): boolean {
    const isRetry = seq === this.#leftSeq;
    const isChanged = this.#market.takeTop(view, offset) || isRetry;
    if (isChanged) {
      this.#screen(instrumentIndex(view.getUint32(offset + TOP.instrument, true)));
      if (this.#own[0] === ONLINE && !this.#decideAll(view, offset, isRetry)) return false;
    }
    this.#counters.add(this.#at.updates, 1);
    if (isTimed(seq)) this.#decision.recordSince(this.#context.clock, this.#tops.doubles, (offset + TOP.stampNs) >> 3);
    return true;
  }

  #screen(instrument: InstrumentIndex): void {
    for (let index = 0; index < this.#strategies.length; index++) {
      this.#candidates[index] = (this.#strategies[index] as RunningStrategy).strategy.screen(instrument);
    }
  }

  #noteSeen(index: number): void {
    const { strategy, exactEvaluationsMax } = this.#strategies[index] as RunningStrategy;
    const { seen } = strategy;
    const candidates = this.#candidates[index] as number;
    this.#counters.add(this.#at.evaluations, seen[SEEN.EVALUATED] as number);
    this.#counters.add(this.#at.candidates, candidates);
    if (candidates > exactEvaluationsMax) this.#counters.add(this.#at.overBudget, candidates - exactEvaluationsMax);
    if ((seen[SEEN.BEST_CYCLE] as number) === -1) return;
    this.#grossEdge.recordFrom(seen, SEEN.BEST_GROSS);
    this.#netEdge.recordFrom(seen, SEEN.BEST_NET);
    if (this.#counters.isBelow(this.#at.bestNet, seen, SEEN.BEST_NET)) this.#noteBest(strategy);
  }

  #noteBest(strategy: Strategy): void {
    const { seen } = strategy;
    const cycle = seen[SEEN.BEST_CYCLE] as number;
    const edges = strategy.edgesOf(cycle);
    this.#counters.set(this.#at.bestNet, seen[SEEN.BEST_NET] as number);
    this.#counters.set(this.#at.bestGross, seen[SEEN.BEST_GROSS] as number);
    this.#counters.set(this.#at.bestCycle, cycle + 1);
    this.#at.bestLegs.forEach((at, leg) => {
      this.#counters.set(at, leg < edges.length ? (edges[leg] as number) + 1 : 0);
    });
  }

  /** False when there was no room for a record. What is out already stays out, and is not put out again. */
  #decideAll(view: DataView, offset: number, isRetry: boolean): boolean {
    let found = 0;
    for (let index = 0; index < this.#strategies.length; index++) {
      if (!isRetry) this.#noteSeen(index);
      found += this.#candidates[index] as number;
    }
    return found === 0 || this.#decideFound(view, offset, isRetry);
  }

  #decideFound(view: DataView, offset: number, isRetry: boolean): boolean {
    const seq = view.getFloat64(offset + TOP.seq, true);
    const trigger = this.#triggerOf(view, offset, seq);
    const skip = isRetry ? this.#leftOrdinal : 0;
    let ordinal = 0;
    for (const [index, { strategy, exactEvaluationsMax }] of this.#strategies.entries()) {
      const decided = Math.min(this.#candidates[index] as number, exactEvaluationsMax);
      for (let candidate = 0; candidate < decided; candidate++) {
        const opportunity = strategy.decide(candidate, seq);
        if (opportunity === undefined) continue;
        const place = { strategy: STRATEGY_NAMES.indexOf(strategy.name), ordinal };
        if (ordinal >= skip && !this.#putOut(trigger, opportunity, place)) return this.#leave(seq, ordinal);
        ordinal++;
      }
    }
    return true;
  }

  #leave(seq: number, ordinal: number): false {
    if (seq !== this.#leftSeq) this.#counters.add(this.#at.recordsWaited, 1);
    this.#leftSeq = seq;
    this.#leftOrdinal = ordinal;
    return false;
  }

  #putOut(trigger: Trigger, opportunity: Opportunity, place: Place): boolean {
    const { ordinal } = place;
    const { records } = this.#context;
    const isRecorded = isOut(trigger.seq, ordinal, this.#recorded);
    if (!isRecorded && !records.hasRoom(1)) return false;
    writeOpportunity(this.#message, 0, trigger, opportunity, place);
    const number = isRecorded ? records.seq : records.seq + 1;
    this.#message.setFloat64(OPPORTUNITY.recordSeq, number, true);
    if (opportunity.size !== undefined && !isOut(trigger.seq, ordinal, this.#passedOn)) this.#passOn();
    if (!isRecorded) this.#record(opportunity);
    return true;
  }

  #passOn(): void {
    if (!this.#opportunities.tryClaim(1)) {
      this.#counters.add(this.#at.refused, 1);
      return;
    }
    copyMessage(this.#message, this.#opportunities.view, this.#opportunities.offset(0));
    this.#opportunities.publish(1);
  }

  #record({ size }: Opportunity): void {
    this.#context.records.tryWrite(RECORD_KIND.OPPORTUNITY, (view, offset) => copyMessage(this.#message, view, offset));
    this.#counters.add(this.#at.opportunities, 1);
    if (size !== undefined) this.#counters.add(this.#at.sized, 1);
  }

  #triggerOf(view: DataView, offset: number, seq: number): Trigger {
    const instrument = instrumentIndex(view.getUint32(offset + TOP.instrument, true));
    const book = this.#scratchBook;
    const wallNs = this.#context.bookTable.readAsOf(instrument, seq, book) ? book.wallNs : 0n;
    return {
      instrument,
      seq,
      recvIndex: view.getFloat64(offset + TOP.recvIndex, true),
      stampNs: view.getFloat64(offset + TOP.stampNs, true),
      wallNs,
    };
  }

  #takeInstruments(position: number, seq: number): void {
    if (position < this.#counters.value(this.#at.instrumentsPosition)) {
      this.#restore(seq); // a predecessor has taken it over, and died before the tops that it voids were forgotten
      return;
    }
    const { changes, next } = this.#context.instrumentLog.read(position);
    const { directory } = this.#market;
    const needsRebuild = changes.instruments.some((changed) => changesGraph(directory, changed));
    directory.apply(changes);
    this.#market.takeInstruments(changes.instruments);
    if (needsRebuild) {
      this.#rebuild();
      this.#counters.set(this.#at.bestCycle, 0); // the number means another cycle now; its legs stay
    }
    this.#countCycles();
    this.#counters.set(this.#at.instrumentsPosition, next);
  }
}

function counterIndices(counters: Counters<'detector'>) {
  return {
    updates: counters.at('updates'),
    evaluations: counters.at('evaluations'),
    candidates: counters.at('candidates'),
    overBudget: counters.at('candidates_over_budget'),
    opportunities: counters.at('opportunities'),
    sized: counters.at('opportunities_sized'),
    refused: counters.at('opportunities_refused'),
    cycles: counters.at('cycles'),
    bestCycle: counters.at('best_cycle'),
    bestLegs: (['best_leg_1', 'best_leg_2', 'best_leg_3', 'best_leg_4'] as const).map((name) => counters.at(name)),
    bestGross: counters.at('best_gross_multiplier'),
    bestNet: counters.at('best_net_multiplier'),
    handledSeq: counters.at('handled_seq'),
    instrumentsPosition: counters.at('instruments_position'),
    recordsWaited: counters.at('records_waited'),
  };
}

/** Whether a changed instrument makes or breaks cycles, or voids a top that the strategy knows. */
function changesGraph(directory: InstrumentDirectory, changed: Instrument): boolean {
  const known = directory.instruments[changed.index];
  if (known === undefined) return true;
  const decisive = ['status', 'base', 'quote', 'pricePrecision', 'qtyPrecision'] as const;
  return decisive.some((field) => known[field] !== changed[field]);
}

/** The detector writes nothing but opportunities on its rings, so the newest message on one is the newest of these. */
function newestMark(ring: RingProducer): Mark {
  const offset = ring.newestOffset();
  if (offset === -1) return { seq: 0, ordinal: 0 };
  return {
    seq: ring.view.getFloat64(offset + OPPORTUNITY.seq, true),
    ordinal: ring.view.getUint16(offset + OPPORTUNITY.ordinal, true),
  };
}

function isOut(seq: number, ordinal: number, newest: Mark): boolean {
  return seq < newest.seq || (seq === newest.seq && ordinal <= newest.ordinal);
}

function copyMessage(from: DataView, to: DataView, offset: number): void {
  for (let at = 0; at < OPPORTUNITY.SIZE; at += 4) to.setInt32(offset + at, from.getInt32(at, true), true);
}
