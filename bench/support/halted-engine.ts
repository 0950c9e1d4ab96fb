/** The engine left to trade over the wire for some time, halted and resumed at random moments, and never killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Chance, seededChance } from '../../src/platform/chance.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type StageReport, type StageSettings, TradingStage } from './trading-stage.ts';

export interface HaltSettings extends StageSettings {
  /** How long it trades, from its first order on. */
  readonly forMs: number;
  /** Longest time from one halt to the next. */
  readonly everyMs: number;
  readonly onHalt?: (halts: number, orders: number) => void;
}

/** Longest time that it is left halted. */
const HALTED_MS = 3_000;

export async function haltWhileTrading(settings: HaltSettings): Promise<StageReport> {
  const chance = seededChance(settings.seed);
  const stage = await TradingStage.open(settings);
  try {
    const engine = stage.start();
    await stage.untilOrder(engine);
    const endNs = systemClock.nowNs() + settings.forMs * 1e6;
    while (systemClock.nowNs() < endNs) {
      await haltOnce(stage, chance, settings.everyMs);
      settings.onHalt?.(stage.log.halts, stage.orders);
      await stage.untilResumed(); // with faults it may be long until the next order
    }
    await stage.endInPeace(engine);
    return await stage.report();
  } finally {
    await stage.close();
  }
}

async function haltOnce(stage: TradingStage, chance: Chance, everyMs: number): Promise<void> {
  await sleep(chance.unit() * everyMs);
  await stage.halt();
  await sleep(chance.unit() * HALTED_MS);
}
