/**
 * What a plan is expected to bring, held against what the practice exchange's ledger makes of it. Every moment of the made
 * market lasts: a plan that begins and ends within one meets the books it was sized on, and nothing can slip.
 */
import { expect, test } from 'vitest';
import { EXECUTION, PLAN_OUTCOMES } from '../../src/messages/execution-message.ts';
import type { VirtualClock } from '../../src/platform/clock.ts';
import type { MarketTape } from '../../src/practice/market/market-tape.ts';
import { simulateDay } from '../../src/simulation/simulated-day.ts';
import type { Trace } from '../../src/simulation/trace.ts';

const DAYS = 32;
const FIRST_SEED = 4_100;
/** Longer than a plan of three legs takes at the slowest connection that is drawn. */
const MOMENT_MS = 5_000;

function inMoments(made: MarketTape): MarketTape {
  const opening = made.symbols.length;
  const events = made.events.map((event, index) => ({
    ...event,
    offsetMs: Math.max(0, index - opening + 1) * MOMENT_MS,
  }));
  return { ...made, events, lengthMs: events.length * MOMENT_MS };
}

interface PlanSeen {
  readonly openedMs: number;
  readonly expectedUnits: bigint;
  /** It took up what others had left: its orders are others than were expected, by what that comes to. */
  sweeps?: boolean;
  /** A book that it trades may have been asked for anew meanwhile. */
  isDisturbed?: boolean;
  endedMs?: number;
  outcome?: string;
  profitUnits?: bigint;
  markUnits?: bigint;
}

class PlansSeen implements Trace {
  readonly plans = new Map<string, PlanSeen>();
  readonly #clock: VirtualClock;
  isOver = false;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  add(kind: string, text: string): void {
    if (kind === 'day') this.isOver = true; // what is at work is wound up from here on
    if (this.isOver) return;
    // A book that was silent for long is asked for anew: meanwhile nothing is sold into it.
    if (kind === 'log' && text.includes('book_invalid'))
      for (const plan of this.plans.values()) plan.isDisturbed ||= plan.endedMs === undefined;
    const record = /^(PLAN_OPENED|PLAN_ENDED|DUST) plan (\S+) .*?([0-9a-f]{40,})$/.exec(text);
    if (kind !== 'record' || record === null) return;
    const [, event, plan, hex] = record as unknown as [string, string, string, string];
    const bytes = Buffer.from(hex, 'hex');
    const units = (field: number) => bytes.readBigInt64LE(field);
    const nowMs = this.#clock.nowNs() / 1e6;
    if (event === 'PLAN_OPENED') {
      this.plans.set(plan, { openedMs: nowMs, expectedUnits: units(EXECUTION.profitUnits) });
      return;
    }
    const seen = this.plans.get(plan)!;
    if (event === 'DUST') {
      if (units(EXECUTION.amountUnits) < 0n) seen.sweeps = true;
      return;
    }
    seen.endedMs = nowMs;
    seen.outcome = PLAN_OUTCOMES[bytes.readUInt8(EXECUTION.outcome)] ?? '?';
    seen.profitUnits = units(EXECUTION.profitUnits);
    seen.markUnits = units(EXECUTION.markUnits);
  }
}

test('a plan that nothing slipped in brings what was expected, to the last unit of the ledger', async () => {
  const wrong: string[] = [];
  let compared = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + DAYS; seed++) {
    let seen: PlansSeen | undefined;
    const makeTrace = (clock: VirtualClock) => {
      seen = new PlansSeen(clock);
      return seen;
    };
    const day = await simulateDay({ seed, plans: 6, faults: [] }, { market: inMoments, makeTrace });
    expect(day.violations).toEqual([]);
    for (const [id, plan] of seen?.plans ?? []) {
      const { openedMs, endedMs, expectedUnits, profitUnits, markUnits, outcome, sweeps, isDisturbed } = plan;
      const isOfOneMoment =
        endedMs !== undefined && Math.floor(openedMs / MOMENT_MS) === Math.floor(endedMs / MOMENT_MS);
      if (!isOfOneMoment || isDisturbed) continue;
      compared++;
      const text = `seed ${seed}, plan ${id} ${outcome}${sweeps ? ' (sweeps)' : ''}: expected ${expectedUnits}, came to ${profitUnits}`;
      // What was taken up is valued at the books, rounded against us.
      const isNoLess = profitUnits! >= expectedUnits || profitUnits! + markUnits! >= expectedUnits;
      const isRight = sweeps ? isNoLess : profitUnits === expectedUnits;
      if (outcome !== 'completed' || !isRight) wrong.push(text);
    }
  }
  expect(wrong).toEqual([]);
  expect(compared).toBeGreaterThan(DAYS);
}, 300_000);
