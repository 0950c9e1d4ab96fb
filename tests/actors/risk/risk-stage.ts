/** Risk alone on a virtual clock; the test plays everybody else, and the file system. */

import { expect } from 'vitest';
import { createRisk } from '../../../src/actors/risk/actor.ts';
import { type AssetIndex, assetIndex } from '../../../src/market/instrument.ts';
import {
  EXECUTION,
  EXECUTION_EVENT,
  EXPOSURE_REASONS,
  type ExposureReason,
  ORDER_OUTCOMES,
  type OrderOutcome,
  PLAN_OUTCOMES,
  type PlanOutcome,
} from '../../../src/messages/execution-message.ts';
import { SYSTEM_STATUSES } from '../../../src/messages/market-messages.ts';
import { NO_INSTRUMENT, PORTFOLIO, RECORD_KIND, STATE } from '../../../src/messages/record-messages.ts';
import type { Units } from '../../../src/money/money.ts';
import type { RiskStatus } from '../../../src/runtime/control-calls.ts';
import { ACTOR_IDS } from '../../../src/runtime/counter-names.ts';
import { Counters } from '../../../src/runtime/memory/counters.ts';
import type { RingProducer } from '../../../src/runtime/memory/ring.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import { readText } from '../../../src/runtime/records/record-writer.ts';
import type { RunOptions } from '../../../src/runtime/run-options.ts';
import type { Mode } from '../../../src/settings/config.ts';
import { ACCOUNT_STATES, type AccountState } from '../../../src/trading/account-state.ts';
import { decodeCauses, type StoredCause } from '../../../src/trading/stored-causes.ts';
import { BTC_USD as LISTED_BTC_USD } from '../../support/btc-usd.ts';
import { createTestContext, readAudit } from '../../support/test-context.ts';

export const USD = assetIndex(0);
export const BTC = assetIndex(1);
const ASSETS = [
  { index: USD, id: 'USD', precision: 4 },
  { index: BTC, id: 'BTC', precision: 10 },
];

/** The only pair. */
const BTC_USD = { ...LISTED_BTC_USD, base: BTC, quote: USD };

interface StageOptions {
  readonly risk?: object;
  readonly paper?: object;
  readonly limits?: object;
  readonly trading?: object;
  readonly mode?: Mode;
  /** Wall time at the start, ms. */
  readonly wallMs?: number;
  /** False: the venue lists its assets when the test calls `list`. */
  readonly isListed?: boolean;
  readonly options?: RunOptions;
}

export function stageRisk({
  risk,
  paper,
  limits,
  trading,
  mode = 'paper',
  wallMs,
  options,
  isListed = true,
}: StageOptions = {}) {
  const stage = createTestContext('risk', {
    ...(wallMs === undefined ? {} : { wallStartNs: BigInt(wallMs) * 1_000_000n }),
    config: { mode, risk: risk ?? {}, paper: paper ?? {}, limits: limits ?? {}, trading: trading ?? {} },
    ...(options === undefined ? {} : { options }),
  });
  const list = () =>
    openTable(stage.memory, 'instrument_log', 'feed').append({ assets: ASSETS, instruments: [BTC_USD] });
  const table = openTable(stage.memory, 'book_table', 'book');
  if (isListed) list();
  const gate = openTable(stage.memory, 'trading_gate', 'supervisor');
  gate.setSupervisor('active', 'none');
  const files = new Set<string>();
  const database = new Map<string, string>();
  const deps = { fileExists: (path: string) => files.has(path) };
  let actor = createRisk(stage.context, deps);
  const executions = stage.producer('executions');
  const records = stage.consumer('risk_records');
  const feed = new Counters(stage.memory.counters, 'feed');
  const book = new Counters(stage.memory.counters, 'book');
  const beat = (ids: readonly string[] = ACTOR_IDS) => {
    for (const id of ACTOR_IDS.filter((other) => ids.includes(other))) {
      const counters = new Counters(stage.memory.counters, id);
      counters.set(counters.at('heartbeat_ns'), stage.clock.nowNs());
    }
  };
  const frame = () => feed.set(feed.at('last_frame_ns'), stage.clock.nowNs());
  const allIsWell = () => {
    beat();
    frame();
    feed.set(feed.at('system_status'), SYSTEM_STATUSES.indexOf('online'));
    book.set(book.at('books_valid'), 1);
  };
  stage.clock.advanceTo(1e9);
  allIsWell();
  return {
    ...stage,
    gate,
    table,
    list,
    files,
    feed,
    book,
    beat,
    frame,
    executions,
    get actor() {
      return actor;
    },
    start: () => actor.onStart(),
    succeed: () => {
      actor = createRisk(stage.successor(), deps);
      actor.onStart();
    },
    /** Lets `ms` pass with frames and heartbeats coming, and risk looking. */
    pass: (ms: number) => {
      stage.clock.advanceTo(stage.clock.nowNs() + ms * 1e6);
      allIsWell();
      actor.onTimer?.();
    },
    /** Lets `ms` pass in silence. */
    silence: (ms: number) => {
      stage.clock.advanceTo(stage.clock.nowNs() + ms * 1e6);
      actor.onTimer?.();
    },
    run: () => {
      while (actor.doWork() > 0);
    },
    call: (name: 'halt' | 'drain' | 'resume', reason: string, by = 'ana') => actor.control[name](reason, by),
    status: () => actor.control.status() as RiskStatus & { assets: Record<string, object> },
    taken: () => {
      const taken = takeRecords(records);
      for (const [key, value] of taken.states) database.set(key, value);
      return taken;
    },
    /** What a process that starts now would find in the database. */
    kept: (): StoredCause[] => {
      for (const [key, value] of takeRecords(records).states) database.set(key, value);
      return decodeCauses([...database].map(([key, value]) => ({ key, value, atMs: 0 })));
    },
    /** The causes as the status lists them. */
    causes: () =>
      actor.control.status().causes.map(({ effect, reason, by, text }) => `${effect} ${reason} ${by}: ${text}`),
    account: (state: AccountState) => {
      const counters = new Counters(stage.memory.counters, 'sequencer');
      counters.set(counters.at('account_state'), ACCOUNT_STATES.indexOf(state));
    },
    now: () => `${gate.risk.state} ${gate.risk.reason}`,
  };
}

function takeRecords(ring: ReturnType<ReturnType<typeof createTestContext>['consumer']>) {
  const audits: string[] = [];
  const states: [string, string][] = [];
  const portfolio: Record<string, bigint | number>[] = [];
  ring.drain((view, at) => {
    const kind = view.getUint8(at);
    if (kind === RECORD_KIND.AUDIT) {
      const { event, text } = readAudit(view, at);
      audits.push(`${event} ${text}`);
    } else if (kind === RECORD_KIND.STATE) {
      const key = readText(view, at + STATE.key, view.getUint16(at + STATE.keyLength, true));
      states.push([key, readText(view, at + STATE.value, view.getUint16(at + STATE.valueLength, true))]);
    } else if (kind === RECORD_KIND.PORTFOLIO) {
      portfolio.push({
        snapshot: view.getFloat64(at + PORTFOLIO.snapshot, true),
        asset: view.getUint16(at + PORTFOLIO.asset, true),
        balance: view.getBigInt64(at + PORTFOLIO.balanceUnits, true),
        reserved: view.getBigInt64(at + PORTFOLIO.reservedUnits, true),
        realised: view.getBigInt64(at + PORTFOLIO.realisedUnits, true),
        drawdown: view.getBigInt64(at + PORTFOLIO.drawdownUnits, true),
      });
    }
  }, ring.capacity);
  return { audits, states, portfolio };
}

/** Plays the sequencer: executions with their own numbers. */
export function sequencer(ring: RingProducer) {
  let seq = 0;
  let runMs = 0;
  const put = (plan: number, event: number, fill: (view: DataView, at: number) => void, number = ++seq) => {
    expect(ring.tryClaim(1)).toBe(true);
    const at = ring.offset(0);
    for (let byte = 0; byte < EXECUTION.SIZE; byte++) ring.view.setUint8(at + byte, 0);
    ring.view.setUint8(at + EXECUTION.kind, RECORD_KIND.EXECUTION);
    ring.view.setUint8(at + EXECUTION.event, event);
    ring.view.setFloat64(at + EXECUTION.plan, plan, true);
    ring.view.setFloat64(at + EXECUTION.runMs, runMs, true);
    ring.view.setFloat64(at + EXECUTION.executionSeq, number, true);
    fill(ring.view, at);
    ring.publish(1);
    return number;
  };
  const amount = (event: number, asset: AssetIndex, units: Units, reason: ExposureReason = 'none') =>
    put(0, event, (view, at) => {
      view.setUint8(at + EXECUTION.exposureReason, EXPOSURE_REASONS.indexOf(reason));
      view.setUint16(at + EXECUTION.startAsset, asset, true);
      view.setBigInt64(at + EXECUTION.amountUnits, units, true);
    });
  return {
    /** What follows is of plans of another run. */
    ofRun: (ms: number) => {
      runMs = ms;
    },
    /** The account was compared up to a time of the venue's. */
    reading: (venueMs: number, stampNs: number) =>
      put(0, EXECUTION_EVENT.READING, (view, at) => {
        view.setBigInt64(at + EXECUTION.amountUnits, BigInt(venueMs), true);
        view.setFloat64(at + EXECUTION.stampNs, stampNs, true);
      }),
    takenOver: (asset: AssetIndex, balance: bigint, exposure: bigint, dust: bigint) =>
      put(0, EXECUTION_EVENT.TAKEN_OVER, (view, at) => {
        view.setUint16(at + EXECUTION.startAsset, asset, true);
        view.setBigInt64(at + EXECUTION.amountUnits, balance, true);
        view.setBigInt64(at + EXECUTION.exposureUnits, exposure, true);
        view.setBigInt64(at + EXECUTION.dustUnits, dust, true);
      }),
    orderTakenOver: (plan: number) => put(plan, EXECUTION_EVENT.ORDER_TAKEN_OVER, () => {}),
    exposure: (asset: AssetIndex, units: Units, reason?: ExposureReason) =>
      amount(EXECUTION_EVENT.EXPOSURE, asset, units, reason),
    dust: (asset: AssetIndex, units: Units) => amount(EXECUTION_EVENT.DUST, asset, units),
    balance: (asset: AssetIndex, units: Units) => amount(EXECUTION_EVENT.BALANCE, asset, units),
    orderSent: (plan: number) => put(plan, EXECUTION_EVENT.ORDER_SENT, () => {}),
    orderUncertain: (plan: number) => put(plan, EXECUTION_EVENT.ORDER_UNCERTAIN, () => {}),
    orderEnded: (plan: number, outcome: OrderOutcome) =>
      put(plan, EXECUTION_EVENT.ORDER_ENDED, (view, at) => {
        view.setUint8(at + EXECUTION.orderOutcome, ORDER_OUTCOMES.indexOf(outcome));
      }),
    misreported: (plan: number) => put(plan, EXECUTION_EVENT.ORDER_MISREPORTED, () => {}),
    opened: (plan: number, start: bigint) =>
      put(plan, EXECUTION_EVENT.PLAN_OPENED, (view, at) => {
        for (const leg of [1, 2, 3]) view.setUint32(at + EXECUTION.legInstruments + leg * 4, NO_INSTRUMENT, true);
        view.setUint16(at + EXECUTION.startAsset, USD, true);
        view.setBigInt64(at + EXECUTION.startUnits, start, true);
      }),
    fill: (
      plan: number,
      spentAsset: AssetIndex,
      spent: bigint,
      receivedAsset: AssetIndex,
      received: bigint,
      [feeAsset, fee] = [receivedAsset, 0n],
    ) =>
      put(plan, EXECUTION_EVENT.FILL, (view, at) => {
        view.setUint16(at + EXECUTION.spentAsset, spentAsset, true);
        view.setBigInt64(at + EXECUTION.spentUnits, spent, true);
        view.setUint16(at + EXECUTION.receivedAsset, receivedAsset, true);
        view.setBigInt64(at + EXECUTION.receivedUnits, received, true);
        view.setUint16(at + EXECUTION.feeAsset, feeAsset, true);
        view.setBigInt64(at + EXECUTION.feeUnits, fee, true);
      }),
    ended: (plan: number, profit: bigint, outcome: PlanOutcome = 'completed', number?: number, mark = 0n) =>
      put(
        plan,
        EXECUTION_EVENT.PLAN_ENDED,
        (view, at) => {
          view.setUint16(at + EXECUTION.startAsset, USD, true);
          view.setBigInt64(at + EXECUTION.profitUnits, profit, true);
          view.setBigInt64(at + EXECUTION.markUnits, mark, true);
          view.setUint8(at + EXECUTION.outcome, PLAN_OUTCOMES.indexOf(outcome));
        },
        number,
      ),
  };
}
