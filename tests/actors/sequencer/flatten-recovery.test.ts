/** The whole process is killed on the way home, with any part of its records in the database; another run finds out. */
import { beforeAll, expect, test } from 'vitest';
import { AccountDesk } from '../../../src/actors/sequencer/account/account-desk.ts';
import { NO_LOTS, plus } from '../../../src/money/money.ts';
import type { ApprovedOrder } from '../../../src/trading/approved-order.ts';
import { FakeExchange, ScriptedPort, WALL_MS } from './account-stage.ts';
import { recoveryStage } from './recovery-stage.ts';
import { BTC, stageSequencer } from './sequencer-stage.ts';
import { changeEnds, openTradingDatabase, type TradingDatabase } from './trading-database.ts';

let database: TradingDatabase;
let recovery: ReturnType<typeof recoveryStage>;
beforeAll(async () => {
  database = await openTradingDatabase();
  recovery = recoveryStage(database);
});

/** Parts of its orders, in hundredths, that the exchange fills, one after another: 0.15 BTC are stranded, and come home. */
const FILLED = [100n, 0n, 40n, 0n, 50n, 100n];

/** The way to the exchange, which trades at once; the answer comes with the next turn. */
class TradingPortOfTest extends ScriptedPort {
  readonly sent: ApprovedOrder[] = [];
  readonly #now: () => number;

  constructor(exchange: FakeExchange, now: () => number) {
    super(exchange, now);
    this.#now = now;
  }

  override send(order: ApprovedOrder): void {
    const part = FILLED[this.sent.length] ?? 100n;
    this.sent.push(order);
    const { clOrdId, instrument, side, qtyLots, limitTicks } = order;
    this.exchange.trade(clOrdId, instrument, side, qtyLots, (qtyLots * part) / 100n, limitTicks, this.#now());
    const venueOrderId = `O${clOrdId}`;
    this.tell({ type: 'order.acked', clOrdId, venueOrderId });
    const { fills } = this.exchange.find(clOrdId)!;
    for (const fill of fills) this.tell({ type: 'order.filled', clOrdId, venueOrderId, fill });
    const filledLots = fills.reduce((sum, fill) => plus(sum, fill.qtyLots), NO_LOTS);
    this.tell({ type: 'order.ended', clOrdId, venueOrderId, filledLots, reason: 'done' });
  }
}

/** Steps of 5 ms; from step `deaf` on nothing is committed any more, and at step `end` everything is gone. */
function live(deaf: number, end: number) {
  const exchange = new FakeExchange();
  let port: TradingPortOfTest | undefined;
  const stage = stageSequencer({
    wallStartNs: BigInt(WALL_MS) * 1_000_000n,
    strategy: { start_assets: ['USD'] },
    trading: { slippage_bps: 0, shortfall: 'hold', shortfall_attempts_max: 5, patience_ms: 400 },
    way: {
      makePort: ({ context: { clock } }) => {
        port = new TradingPortOfTest(exchange, () => clock.wallMs());
        return port;
      },
      makeAccount: (deps) => new AccountDesk({ ...deps, stored: undefined }),
    },
  });
  const committed: Uint8Array[] = [];
  for (let step = 0; step < end; step++) {
    if (step === 8) stage.send(stage.opportunity());
    if (step === 16) {
      const { offers } = stage.flatten();
      expect(offers, 'something is stranded').toHaveLength(1);
      stage.flatten({ accepted: offers });
    }
    stage.pass(5);
    stage.told();
    if (step < deaf) committed.push(...stage.recordBytes());
  }
  const pending = stage.recordBytes();
  return { exchange, stage, sent: port!.sent, committed, pending, exposed: stage.exposed() };
}

/** From the preview on, to the end of the plan. */
const FIRST = 15;
const STEPS = 72;

test('undisturbed, everything comes home', () => {
  const { sent, exposed, exchange, stage } = live(STEPS, STEPS);
  expect(sent.length).toBe(FILLED.length);
  expect(exposed).toEqual([0n, 0n, 0n]);
  expect(stage.counter('plans_active')).toBe(0);
  const kept = exchange.balances.get(BTC)! - new FakeExchange().balances.get(BTC)!;
  expect(kept, 'less than a lot is dust').toBeGreaterThanOrEqual(0n);
  expect(kept).toBeLessThan(100n);
});

test('killed at any time with any part of its records committed, nothing is lost, doubled or left naked', async () => {
  let kills = 0;
  let halfway = 0;
  for (let deaf = FIRST; deaf < STEPS; deaf += 3) {
    for (const end of new Set([deaf, deaf + 1, deaf + 4, deaf + 14, STEPS])) {
      if (end > STEPS) continue;
      const killed = live(deaf, end);
      const ends = changeEnds(killed.pending);
      for (const more of new Set([0, ends[Math.floor(ends.length / 2)]!, ends.at(-1)!])) {
        const { exchange } = live(deaf, end); // an exchange of its own for each
        const records = [...killed.committed, ...killed.pending.slice(0, more)];
        const what = `nothing committed after step ${deaf} but ${more} of ${killed.pending.length} records, killed after step ${end}`;
        await database.clear();
        await database.addRun(WALL_MS, records);
        const { stage, wallMs } = await recovery.nextRun(1, exchange);
        await database.addRun(wallMs, stage.recordBytes());
        await recovery.expectNothingLost(exchange, stage, what);
        // Whatever was sold came out of the ledger: no one takes it for the profit of a plan that began with it.
        const starts = await database.query('SELECT DISTINCT start_asset AS asset FROM plan_events');
        expect(starts, what).toEqual([{ asset: 'USD' }]);
        const exposed = stage.exposed(BTC);
        if (exposed > 0n && exposed < 1_500_000_000n - 4_000_000n) halfway++;
        kills++;
      }
    }
  }
  console.log(`flatten: ${kills} kills survived, ${halfway} of them half-way home`);
  expect(kills).toBeGreaterThan(100);
  expect(halfway).toBeGreaterThan(10);
}, 120_000);
