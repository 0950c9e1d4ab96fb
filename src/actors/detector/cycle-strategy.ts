/**
 * The first strategy: cycles of three or four trades that end with more than they began with, after every fee. Floats
 * screen, fractions of integers decide, integers size.
 */

import assert from 'node:assert/strict';
import { type CycleTable, edgesOfCycle, findCycles } from '../../shared/asset-graph.ts';
import { type BookCopy, type BookTable, createBookCopy, VERIFIED_LEVELS } from '../../shared/book-table.ts';
import type { Config } from '../../shared/config.ts';
import { CycleLeg } from '../../shared/cycle-leg.ts';
import { type CycleSize, sizeCycle } from '../../shared/cycle-sizing.ts';
import { cycleTouch, type Fraction, isLess, type LegTouch, leastMultiplier } from '../../shared/cycle-touch.ts';
import type { InstrumentIndex } from '../../shared/instrument.ts';
import { INT64_MAX, parseAmountDown } from '../../shared/money.ts';
import { LEGS_MAX } from '../../shared/opportunity-message.ts';
import { BUY } from '../../shared/side.ts';
import { CycleScreen } from './cycle-screen.ts';
import type { Market } from './market.ts';
import type { Opportunity, OpportunitySize, Strategy } from './strategy.ts';

export class CycleStrategy implements Strategy {
  readonly name = 'cycle';
  readonly #market: Market;
  readonly #bookTable: BookTable;
  readonly #settings: Config['strategy'];
  readonly #inventory: Config['paper']['inventory'];
  /** A cycle is an opportunity when its net multiplier is greater than this. */
  readonly #threshold: Fraction;
  readonly #books: readonly BookCopy[];
  #table: CycleTable;
  #screen: CycleScreen;

  constructor(market: Market, bookTable: BookTable, config: Config) {
    this.#market = market;
    this.#bookTable = bookTable;
    this.#settings = config.strategy;
    this.#inventory = config.paper.inventory;
    this.#threshold = leastMultiplier(config.strategy.min_edge_bps);
    this.#books = Array.from({ length: LEGS_MAX }, () => createBookCopy(VERIFIED_LEVELS));
    this.#table = NO_CYCLES; // until the market is known: see rebuild
    this.#screen = this.#createScreen();
  }

  get cycles(): number {
    return this.#table.count;
  }

  get seen(): Float64Array {
    return this.#screen.seen;
  }

  rebuild(): void {
    this.#table = this.#findCycles();
    this.#screen = this.#createScreen();
  }

  screen(instrument: InstrumentIndex): number {
    this.#screen.screen(instrument);
    return this.#screen.passed;
  }

  decide(index: number, seq: number): Opportunity | undefined {
    const cycle = this.#screen.candidates[index] as number;
    const legs = this.#legsOf(cycle);
    if (legs === undefined) return undefined;
    const touch = cycleTouch(legs);
    if (!isLess(this.#threshold, touch.net)) return undefined;
    return { cycle, legs, touch, size: this.#sizeOf(legs, seq) };
  }

  edgesOf(cycle: number): readonly number[] {
    return edgesOfCycle(this.#table, cycle);
  }

  #findCycles(): CycleTable {
    const { start_assets: startAssets, cycle_length: cycleLength } = this.#settings;
    return findCycles(this.#market.directory, { startAssets, cycleLength });
  }

  #createScreen(): CycleScreen {
    const inFloats = 1 + this.#settings.min_edge_bps / 10_000;
    return new CycleScreen(this.#market, this.#table, { leastMultiplier: inFloats });
  }

  #legsOf(cycle: number): LegTouch[] | undefined {
    const legs: LegTouch[] = [];
    for (const edge of edgesOfCycle(this.#table, cycle)) {
      const terms = this.#market.terms(edge);
      const priceTicks = this.#market.touchPrice(edge);
      if (terms === undefined || priceTicks <= 0n) return undefined;
      legs.push({ terms, priceTicks, qtyLots: this.#market.touchQty(edge) });
    }
    return legs;
  }

  /** The first size that pays, of those that start from an asset we may start from. */
  #sizeOf(legs: readonly LegTouch[], seq: number): OpportunitySize | undefined {
    const ladders = legs.map((leg, index) => this.#ladderOf(leg, index, seq));
    for (const firstLeg of this.#startLegs(legs)) {
      const inOrder = [...ladders.slice(firstLeg), ...ladders.slice(0, firstLeg)];
      const budgetUnits = this.#budgetOf(legs[firstLeg] as LegTouch);
      const size = sizeCycle(inOrder, { budgetUnits, stepsMax: this.#settings.sizing_steps_max });
      if (size !== undefined && fitsMessage(size)) return { ...size, firstLeg };
    }
    return undefined;
  }

  #ladderOf({ terms, priceTicks }: LegTouch, index: number, seq: number): CycleLeg {
    const book = this.#books[index] as BookCopy;
    const found = this.#bookTable.readAsOf(terms.instrument.index, seq, book);
    const ladder = terms.side === BUY ? book.asks : book.bids;
    assert.ok(found && ladder.priceTicks[0] === priceTicks, 'the book table keeps the book that the top came from');
    return new CycleLeg(terms, ladder);
  }

  /**
   * Legs that a size may begin with, in order of preference: by `start_assets` where given, else by the spelling. With
   * an inventory only assets that are held; without start assets and inventory the spelling's start asset alone.
   */
  #startLegs(legs: readonly LegTouch[]): number[] {
    const spends = legs.map(({ terms }) => spentAsset(terms));
    const { start_assets: wanted } = this.#settings;
    const preferred = wanted.length > 0 ? wanted.map((id) => spends.indexOf(id)) : spends.map((_id, index) => index);
    const present = preferred.filter((index) => index !== -1);
    if (this.#isUnlimited) return wanted.length > 0 ? present : present.slice(0, 1);
    return present.filter((index) => Object.hasOwn(this.#inventory, spends[index] as string));
  }

  #budgetOf({ terms }: LegTouch): bigint | undefined {
    if (this.#isUnlimited) return undefined;
    const id = spentAsset(terms);
    const { precision } = terms.side === BUY ? terms.quote : terms.base;
    return parseAmountDown(this.#inventory[id] ?? '0', precision, `paper.inventory.${id}`);
  }

  get #isUnlimited(): boolean {
    return Object.keys(this.#inventory).length === 0;
  }
}

const NO_CYCLES: CycleTable = { count: 0, legCounts: new Uint8Array(0), edges: new Uint32Array(0) };

const spentAsset = ({ side, base, quote }: LegTouch['terms']): string => (side === BUY ? quote.id : base.id);

/** Whether every amount of a size fits a message. What does not is no order either. */
function fitsMessage({ startUnits, endUnits, fills }: CycleSize): boolean {
  const ofLegs = fills.flatMap(({ qtyLots, costUnits, feeUnits }) => [qtyLots, costUnits, feeUnits]);
  return [startUnits, endUnits, ...ofLegs].every((value) => value <= INT64_MAX);
}
