/** The engine killed with SIGKILL again and again while it trades over the wire, halted by a person now and then. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Chance, seededChance } from '../../src/platform/chance.ts';
import { type StageReport, type StageSettings, TradingStage } from './trading-stage.ts';

export interface KillSettings extends StageSettings {
  readonly kills: number;
  readonly onKill?: (kill: number, orders: number) => void;
}

export interface KillReport extends StageReport {
  readonly kills: number;
  /** Of these, within the first seconds of a run, trading or not. */
  readonly early: number;
}

/** Longest life of one process after it has begun to trade. */
const LIFE_MS = 2_500;
/** Part of the deaths after which the next runs are killed too, while they find out what was left: up to so many in a row. */
const IN_A_ROW = 1 / 2;
const IN_A_ROW_MAX = 3;
/** Longest life of those: reading the database, connecting and recovering take about as long. */
const SHORT_LIFE_MS = 3_000;
/** Longest time between a halt and the death of the process that confirmed it. */
const HALTED_MS = 1_500;
/** Long enough for a process that forgot its halt to show that it has. */
const TEMPTATION_MS = 1_500;

export async function killWhileTrading(settings: KillSettings): Promise<KillReport> {
  const chance = seededChance(settings.seed);
  const stage = await TradingStage.open(settings);
  try {
    let early = 0;
    for (let kill = 1; kill <= settings.kills; kill++) {
      await killOnce(stage, chance);
      settings.onKill?.(kill, stage.orders);
      for (let row = 0; row < IN_A_ROW_MAX && kill < settings.kills && chance.unit() < IN_A_ROW; row++) {
        await killEarly(stage, chance);
        early++;
        settings.onKill?.(++kill, stage.orders);
      }
    }
    const last = stage.start(); // finds out what was left
    await stage.untilReconciled();
    await sleep(3_000);
    await stage.endInPeace(last);
    return { kills: settings.kills, early, ...(await stage.report()) };
  } finally {
    await stage.close();
  }
}

async function killOnce(stage: TradingStage, chance: Chance): Promise<void> {
  const engine = stage.start();
  if (stage.log.isHalted) {
    await stage.untilReconciled();
    await sleep(TEMPTATION_MS);
  }
  await stage.untilOrder(engine);
  await sleep(chance.unit() ** 2 * LIFE_MS);
  if (chance.integer(3) === 0) {
    await stage.halt();
    await sleep(chance.unit() ** 2 * HALTED_MS);
  }
  await stage.kill(engine, chance.integer(4) === 0);
}

/** Whatever the run is at: opening its database, connecting, or recovering what those before it left. */
async function killEarly(stage: TradingStage, chance: Chance): Promise<void> {
  const engine = stage.start();
  await sleep(chance.unit() * SHORT_LIFE_MS);
  if (engine.exitCode === null) await stage.kill(engine, chance.integer(4) === 0);
  // On a busy machine the database process of the one before may take longer than a start waits for it.
  else if (!stage.output.includes('is in use by')) throw new Error(`the engine ended by itself: ${stage.output}`);
}
