/**
 * What does it cost to detect over Kraken's whole list of pairs, update by update?
 *
 *   bench ──tops ring──▶ detector (its whole turn: ring, market, screen, counters, histogram)
 *
 * Prices follow one value per asset with a little noise, so nothing pays at real fees: what is timed is what happens
 * almost always. The same updates go through a naive loop over cycle objects, which is the comparison and the check.
 */

import assert from 'node:assert/strict';
import { getHeapStatistics } from 'node:v8';
import { createActor } from '../src/actors/detector/actor.ts';
import { Market } from '../src/actors/detector/market-view.ts';
import { edgeOf, edgesOfCycle, findCycles, instrumentOfEdge } from '../src/market/asset-graph.ts';
import { createFeeTableMemory, FeeTable } from '../src/market/fee-table.ts';
import { takerFee } from '../src/market/fees.ts';
import { type InstrumentDirectory, type InstrumentIndex, instrumentIndex } from '../src/market/instrument.ts';
import { CONTROL, MARKET_KIND, SYSTEM_STATUSES, TOP, TOP_FLAG } from '../src/messages/market-messages.ts';
import { writeInt64 } from '../src/money/int64.ts';
import { BUY, SELL } from '../src/money/side.ts';
import { type Chance, seededChance } from '../src/platform/chance.ts';
import { systemClock } from '../src/platform/clock.ts';
import type { Actor } from '../src/runtime/actor.ts';
import { ACTOR_IDS } from '../src/runtime/counter-names.ts';
import type { RingProducer } from '../src/runtime/memory/ring.ts';
import { createSharedMemory, openContext, openProducer, type Placement } from '../src/runtime/memory/shared-memory.ts';
import { openTable } from '../src/runtime/memory/shared-tables.ts';
import { checkConfig } from '../src/settings/read-config.ts';
import { CycleScreen } from '../src/strategies/cycle/cycle-screen.ts';
import { topologyOf } from '../src/topology.ts';
import { feeSettingsOf, takerFeesOf } from '../src/venues/fee-settings.ts';
import { krakenPairs } from '../tests/support/asset-pairs.ts';
import { heapAfterCollection } from '../tests/support/heap.ts';
import { alternate, type Bench, type BenchRow, nowNs, quantiles } from './harness.ts';

const SEED = 42;
const BAR_NS = 5_000;
const PRICE_DECIMALS = 11;

interface Update {
  readonly instrument: InstrumentIndex;
  readonly bidTicks: number;
  readonly askTicks: number;
}

/** For the heap to stop growing. */
const ROUNDS_MAX = 50;

const bench: Bench = {
  name: 'detection',
  question: 'What does detection cost per update, over all 1,096 Kraken pairs?',
  run: async ({ quick }) => {
    const rows: BenchRow[] = [];
    for (const cycleLength of quick ? ([3] as const) : ([3, 4] as const)) {
      const stage = new Stage(cycleLength);
      const updates = (quick ? 2_000 : 200_000) / (cycleLength === 4 ? 10 : 1);
      const hubs = stage.busiest(10);
      const eurUsd = stage.directory.instrumentNamed('EUR/USD')?.index ?? 0;
      const what = `cycles of ${cycleLength === 3 ? '3' : '3 and 4'}`;
      rows.push(stage.measure(`${what}, any pair`, updates, stage.online));
      rows.push(stage.measure(`${what}, the ten busiest pairs`, updates, hubs));
      rows.push(
        stage.measure(`${what}, EUR/USD (${stage.cyclesOf(instrumentIndex(eurUsd))} directed cycles)`, updates, [
          eurUsd,
        ]),
      );
      if (cycleLength === 3) rows.push(stage.measureAllocation(quick ? 60_000 : 200_000));
      if (cycleLength === 3) rows.push(await treeAgainstScan(quick ? 500 : 20_000));
    }
    return rows;
  },
};
export default bench;

class Stage {
  readonly directory: InstrumentDirectory = finePairs();
  readonly online: readonly number[];
  readonly #detector: Actor;
  readonly #tops: RingProducer;
  readonly #context;
  readonly #naive: NaiveDetector;
  readonly #chance: Chance = seededChance(SEED);
  readonly #values: readonly number[];
  /** The bar is for triangles. */
  readonly #cycleLength: 3 | 4;
  #seq = 0;

  constructor(cycleLength: 3 | 4) {
    this.#cycleLength = cycleLength;
    const config = checkConfig({ strategy: { cycle_length: cycleLength } });
    const placement = Object.fromEntries(ACTOR_IDS.map((id) => [id, 0])) as Placement;
    const memory = createSharedMemory(topologyOf(config), placement);
    const services = { config, clock: systemClock, chance: this.#chance, log: () => {}, options: {} };
    this.#context = openContext(memory, 'detector', services);
    this.#tops = openProducer(memory, 'tops', 'book');
    this.#naive = new NaiveDetector(this.directory, feeSettingsOf(config), cycleLength);
    this.#values = this.directory.assets.map(() => Math.exp(this.#chance.unit() * 8));
    this.online = this.directory.instruments.filter(({ status }) => status === 'online').map(({ index }) => index);
    this.#detector = createActor(this.#context);
    void this.#detector.onStart();
    this.#control(MARKET_KIND.SYSTEM_STATUS, SYSTEM_STATUSES.indexOf('online'), 0);
    const { assets, instruments } = this.directory;
    this.#control(
      MARKET_KIND.INSTRUMENTS,
      0,
      openTable(memory, 'instrument_log', 'feed').append({ assets, instruments }),
    );
    for (const instrument of this.online) this.#apply(this.#draw(instrument));
  }

  cyclesOf(instrument: InstrumentIndex): number {
    return this.#naive.cyclesOf(instrument);
  }

  busiest(count: number): readonly number[] {
    return [...this.online]
      .sort((a, b) => this.cyclesOf(instrumentIndex(b)) - this.cyclesOf(instrumentIndex(a)))
      .slice(0, count);
  }

  /** Times every update on its own, through the detector and through the naive loop, and compares what they found. */
  measure(what: string, count: number, instruments: readonly number[]): BenchRow {
    const updates = this.#drawMany(count, instruments);
    this.#play(updates.slice(0, Math.min(count, 20_000))); // until it is compiled
    const before = this.#context.counters.get('evaluations');
    const { detectorNs, naiveNs, naiveEvaluations } = this.#play(updates);
    assert.equal(this.#context.counters.get('evaluations') - before, naiveEvaluations, 'bench: same cycles evaluated');
    const best = this.#context.counters.get('best_net_multiplier');
    assert.ok(Math.abs(best / this.#naive.best - 1) < 1e-12, `bench: best ${best}, naive ${this.#naive.best}`);
    assert.equal(this.#context.counters.get('candidates'), 0, 'bench: nothing pays at these fees');
    const timed = quantiles(detectorNs);
    const naive = quantiles(naiveNs);
    return {
      what,
      ...timed,
      ratio: { value: naive.p50Ns / timed.p50Ns, to: `naive loop, p50 ${Math.round(naive.p50Ns)} ns` },
      ...(this.#cycleLength === 3 ? { bar: { text: '≤ 5 µs p99', held: timed.p99Ns <= BAR_NS } } : {}),
    };
  }

  /**
   * Bytes of heap that the detector leaves per update. Code that is not yet optimised makes objects, and on a busy machine
   * the compiler waits for its turn: rounds go on until it has had one.
   */
  measureAllocation(count: number): BenchRow {
    const updates = this.#drawMany(count, this.online);
    let perUpdate = Number.POSITIVE_INFINITY;
    let rounds = 0;
    for (; rounds < ROUNDS_MAX && perUpdate >= 1; rounds++) perUpdate = this.#heapGrowth(updates) / count;
    assert.ok(perUpdate < 1, `bench: ${perUpdate} bytes are allocated per update`);
    return {
      what: 'heap growth, any pair',
      figure: `${perUpdate.toFixed(3)} bytes/update`,
      note: `what reading the heap makes included; round ${rounds}`,
    };
  }

  /** What the detector makes of as many updates as its ring holds, time after time; what pushing them makes is left out. */
  #heapGrowth(updates: readonly Update[]): number {
    heapAfterCollection(); // none happens within the round then: it would hide what was made
    let grown = 0;
    for (let from = 0; from < updates.length; from += this.#tops.capacity) {
      for (const update of updates.slice(from, from + this.#tops.capacity)) this.#push(update);
      const before = getHeapStatistics().used_heap_size;
      while (this.#detector.doWork() > 0);
      grown += getHeapStatistics().used_heap_size - before;
    }
    return grown;
  }

  /** First the detector, then the naive loop, so that neither works from caches the other has filled. */
  #play(updates: readonly Update[]) {
    const detectorNs = new Float64Array(updates.length);
    const naiveNs = new Float64Array(updates.length);
    for (let index = 0; index < updates.length; index++) {
      this.#push(updates[index] as Update);
      const start = nowNs();
      this.#detector.doWork();
      detectorNs[index] = nowNs() - start;
    }
    let naiveEvaluations = 0;
    for (let index = 0; index < updates.length; index++) {
      const start = nowNs();
      naiveEvaluations += this.#naive.update(updates[index] as Update);
      naiveNs[index] = nowNs() - start;
    }
    return { detectorNs, naiveNs, naiveEvaluations };
  }

  #apply(update: Update): void {
    this.#push(update);
    this.#detector.doWork();
    this.#naive.update(update);
  }

  #drawMany(count: number, instruments: readonly number[]): Update[] {
    return Array.from({ length: count }, () => {
      return this.#draw(instruments[this.#chance.integer(instruments.length)] as number);
    });
  }

  /** Near the ratio of the two assets' values, up to a few hundredths of a percent to either side. */
  #draw(index: number): Update {
    const { base, quote } = this.directory.instruments[index] ?? { base: 0, quote: 0 };
    const middle = ((this.#values[base] as number) / (this.#values[quote] as number)) * 10 ** PRICE_DECIMALS;
    const bidTicks = Math.round(middle * (0.9998 + this.#chance.unit() * 2e-4));
    return {
      instrument: instrumentIndex(index),
      bidTicks,
      askTicks: bidTicks + 1 + Math.round(middle * this.#chance.unit() * 2e-4),
    };
  }

  #push({ instrument, bidTicks, askTicks }: Update): void {
    const { view, offset } = this.#claim(MARKET_KIND.TOP);
    view.setUint8(offset + TOP.flags, TOP_FLAG.VALID);
    view.setUint32(offset + TOP.instrument, instrument, true);
    view.setFloat64(offset + TOP.stampNs, systemClock.nowNs(), true);
    writeInt64(view, offset + TOP.bidPriceTicks, bidTicks);
    writeInt64(view, offset + TOP.bidQtyLots, 1_000_000);
    writeInt64(view, offset + TOP.askPriceTicks, askTicks);
    writeInt64(view, offset + TOP.askQtyLots, 1_000_000);
    this.#tops.publish(1);
  }

  #control(kind: number, flags: number, position: number): void {
    const { view, offset } = this.#claim(kind);
    view.setUint8(offset + CONTROL.flags, flags);
    view.setFloat64(offset + CONTROL.position, position, true);
    this.#tops.publish(1);
    this.#detector.doWork();
  }

  #claim(kind: number): { view: DataView; offset: number } {
    assert.ok(this.#tops.tryClaim(1), 'bench: the ring has room');
    const offset = this.#tops.offset(0);
    this.#tops.view.setUint8(offset + TOP.kind, kind);
    this.#seq++;
    this.#tops.view.setFloat64(offset + TOP.seq, this.#seq, true);
    return { view: this.#tops.view, offset };
  }
}

/** One screening of EUR/USD with its tournament tree, against multiplying out its 900 cycles from flat arrays. */
async function treeAgainstScan(rounds: number): Promise<BenchRow> {
  const directory = finePairs();
  const market = new Market(2_048, takerFeesOf(checkConfig({}), new FeeTable(createFeeTableMemory(2_048))), directory);
  market.rates.fill(0.99);
  market.rates[market.ONE_EDGE] = 1;
  const table = findCycles(directory, { startAssets: [], cycleLength: 3 });
  const eurUsd = directory.instrumentNamed('EUR/USD')?.index ?? 0;
  const nsOf = (screen: CycleScreen) => () => {
    const start = nowNs();
    for (let round = 0; round < rounds; round++) {
      market.rates[edgeOf(instrumentIndex(eurUsd), BUY)] = 0.99 + (round % 100) * 1e-6;
      screen.screen(instrumentIndex(eurUsd));
    }
    return (nowNs() - start) / rounds;
  };
  const tree = new CycleScreen(market, table, { leastMultiplier: 1 });
  const scan = new CycleScreen(market, table, { leastMultiplier: 1, busyFrom: Number.POSITIVE_INFINITY });
  const { a, b } = await alternate(9, nsOf(tree), nsOf(scan));
  assert.deepEqual(tree.seen, scan.seen, 'bench: tree and scan see the same');
  const ratio = { value: b / a, to: `scanning flat arrays, ${Math.round(b)} ns` };
  return { what: 'screen alone, EUR/USD, with its tree', p50Ns: a, ratio };
}

/** Kraken's pairs with prices fine enough that rounding makes no cycle pay. */
function finePairs(): InstrumentDirectory {
  const directory = krakenPairs();
  const instruments = directory.instruments.map((pair) => ({ ...pair, pricePrecision: PRICE_DECIMALS }));
  directory.apply({ assets: [], instruments });
  return directory;
}

/** The obvious way: a list of cycle objects per instrument, multiplied out at every update. */
class NaiveDetector {
  best = 0;
  readonly #cycles: { readonly edges: readonly number[] }[][];
  readonly #rates: number[] = [];
  readonly #last: Update[] = [];
  readonly #kept: readonly number[];

  constructor(directory: InstrumentDirectory, fees: Parameters<typeof takerFee>[0], cycleLength: 3 | 4) {
    this.#kept = directory.instruments.map(({ symbol }) => 1 - takerFee(fees, symbol) / 1e6);
    this.#cycles = directory.instruments.map(() => []);
    const table = findCycles(directory, { startAssets: [], cycleLength });
    for (let cycle = 0; cycle < table.count; cycle++) {
      const edges = edgesOfCycle(table, cycle);
      for (const edge of edges) this.#cycles[instrumentOfEdge(edge)]?.push({ edges });
    }
  }

  cyclesOf(instrument: InstrumentIndex): number {
    return this.#cycles[instrument]?.length ?? 0;
  }

  /** @returns directed cycles that were complete. */
  update({ instrument, bidTicks, askTicks }: Update): number {
    const last = this.#last[instrument];
    if (last?.bidTicks === bidTicks && last.askTicks === askTicks) return 0; // says nothing new
    this.#last[instrument] = { instrument, bidTicks, askTicks };
    const scale = 10 ** PRICE_DECIMALS;
    const kept = this.#kept[instrument] as number;
    this.#rates[edgeOf(instrument, BUY)] = (kept * scale) / askTicks;
    this.#rates[edgeOf(instrument, SELL)] = (kept * bidTicks) / scale;
    let complete = 0;
    for (const { edges } of this.#cycles[instrument] ?? []) {
      const multiplier = edges.reduce((product, edge) => product * (this.#rates[edge] ?? 0), 1);
      if (multiplier > 0) complete++;
      if (multiplier > this.best) this.best = multiplier;
    }
    return complete;
  }
}
