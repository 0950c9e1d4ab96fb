/** Our own records, read off the rings as they come: orders, fills, plans, the two ledgers, expected balances. */

import { instrumentIndex } from '../market/instrument.ts';
import { InstrumentHistory } from '../market/instrument-history.ts';
import type { InstrumentLog } from '../market/instrument-log.ts';
import {
  EXECUTION,
  EXECUTION_EVENT,
  EXPOSURE_REASONS,
  ORDER_OUTCOMES,
  PLAN_OUTCOMES,
  PLAN_REASONS,
} from '../messages/execution-message.ts';
import { RECORD_KIND } from '../messages/record-messages.ts';
import type { SideName } from '../money/side.ts';
import { readText } from '../runtime/records/record-writer.ts';
import {
  DECIMALS,
  type FillReading,
  fine,
  type LedgerAddition,
  type OurOrder,
  type OurPlan,
  type OurReading,
} from './day-readings.ts';
import { NO_TRACE, type Trace } from './trace.ts';

type EventName = keyof typeof EXECUTION_EVENT;
const EVENTS = Object.keys(EXECUTION_EVENT) as EventName[];
const nameOf = (code: number): EventName | undefined => EVENTS.find((name) => EXECUTION_EVENT[name] === code);

/** Collects over any number of processes: each begins with {@link OurRecords.boot}. */
export class OurRecords {
  readonly #orders = new Map<string, OurOrder>();
  readonly #fills: FillReading[] = [];
  readonly #plans = new Map<string, OurPlan>();
  readonly #additions: LedgerAddition[] = [];
  readonly #balances = new Map<string, bigint>();
  /** Events by name, for summaries. */
  readonly counts: Record<string, number> = {};
  #log: InstrumentLog | undefined;
  #history = new InstrumentHistory();
  #position = 0;

  /** A process starts: what comes from now on is counted in the scales of its instrument log. */
  boot(log: InstrumentLog): void {
    this.#log = log;
    this.#history = new InstrumentHistory();
    this.#position = 0;
  }

  take(view: DataView, offset: number, trace: Trace = NO_TRACE): void {
    if (view.getUint8(offset + EXECUTION.kind) !== RECORD_KIND.EXECUTION) return;
    this.#catchUp();
    const name = nameOf(view.getUint8(offset + EXECUTION.event));
    if (name === undefined) throw new Error(`execution event ${view.getUint8(offset + EXECUTION.event)} has no name`);
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    const slot = new Slot(view, offset, this.#history);
    if (trace !== NO_TRACE) trace.add('record', `${name} ${slot}`);
    this.#takeEvent(name, slot);
  }

  reading(): OurReading {
    return {
      orders: this.#orders,
      fills: this.#fills,
      plans: [...this.#plans.values()],
      additions: this.#additions,
      balances: this.#balances,
    };
  }

  #takeEvent(name: EventName, slot: Slot): void {
    switch (name) {
      case 'PLAN_OPENED':
        this.#openPlan(slot);
        break;
      case 'PLAN_ENDED':
        this.#endPlan(slot);
        break;
      case 'ORDER_SENT':
        this.#order(slot).sent++;
        break;
      case 'ORDER_ENDED':
        this.#order(slot).ended = {
          outcome: ORDER_OUTCOMES[slot.u8(EXECUTION.orderOutcome)] ?? 'unknown',
          qty: slot.lots(EXECUTION.qtyLots),
          cost: slot.quoteUnits(EXECUTION.costUnits),
          fee: slot.units(EXECUTION.feeUnits, slot.u16(EXECUTION.feeAsset)),
        };
        break;
      case 'FILL':
        this.#fill(slot);
        break;
      case 'EXPOSURE':
      case 'DUST':
        this.#additions.push({
          kind: name === 'DUST' ? 'dust' : 'exposure',
          asset: slot.asset(EXECUTION.startAsset),
          amount: slot.units(EXECUTION.amountUnits, slot.u16(EXECUTION.startAsset)),
          reason: EXPOSURE_REASONS[slot.u8(EXECUTION.exposureReason)] ?? 'unknown',
          plan: slot.f64(EXECUTION.plan),
          runMs: slot.f64(EXECUTION.runMs),
        });
        break;
      case 'BALANCE':
      case 'TAKEN_OVER':
        this.#balances.set(
          slot.asset(EXECUTION.startAsset),
          slot.units(EXECUTION.amountUnits, slot.u16(EXECUTION.startAsset)),
        );
        break;
      case 'ORDER_TAKEN_OVER':
      case 'ORDER_ACKED':
      case 'ORDER_UNCERTAIN':
        this.#order(slot);
        break;
      case 'PLAN_REFUSED':
        break;
    }
  }

  #plan(slot: Slot): OurPlan {
    const plan = slot.f64(EXECUTION.plan);
    const run = slot.f64(EXECUTION.runMs);
    const key = `${run}/${plan}`;
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const startAsset = slot.asset(EXECUTION.startAsset);
    const counts = { opened: 0, ended: 0, outcome: '', profit: 0n };
    const made = { boot: run, plan, runMs: run, startAsset, isFlattening: false, ...counts };
    this.#plans.set(key, made);
    return made;
  }

  #openPlan(slot: Slot): void {
    const plan = this.#plan(slot);
    plan.opened++;
    plan.isFlattening = PLAN_REASONS[slot.u16(EXECUTION.reason)] === 'flatten';
  }

  #endPlan(slot: Slot): void {
    const plan = this.#plan(slot);
    plan.ended++;
    plan.outcome = PLAN_OUTCOMES[slot.u8(EXECUTION.outcome)] ?? 'unknown';
    plan.profit = slot.units(EXECUTION.profitUnits, slot.u16(EXECUTION.startAsset));
  }

  #order(slot: Slot): OurOrder {
    const clOrdId = slot.text(EXECUTION.clOrdId, EXECUTION.CL_ORD_ID_BYTES);
    const known = this.#orders.get(clOrdId);
    if (known !== undefined) return known;
    const made = {
      clOrdId,
      boot: slot.f64(EXECUTION.runMs),
      symbol: slot.symbol,
      side: slot.side,
      qty: slot.lots(EXECUTION.qtyWantedLots),
      limit: slot.ticks(EXECUTION.limitTicks),
      sent: 0,
      ended: undefined,
    };
    this.#orders.set(clOrdId, made);
    return made;
  }

  #fill(slot: Slot): void {
    const { clOrdId } = this.#order(slot);
    const fill = {
      execId: slot.text(EXECUTION.execId, EXECUTION.EXEC_ID_BYTES),
      clOrdId,
      symbol: slot.symbol,
      side: slot.side,
      qty: slot.lots(EXECUTION.qtyLots),
      price: slot.ticks(EXECUTION.priceTicks),
      cost: slot.quoteUnits(EXECUTION.costUnits),
      fee: slot.units(EXECUTION.feeUnits, slot.u16(EXECUTION.feeAsset)),
      feeAsset: slot.asset(EXECUTION.feeAsset),
    };
    this.#fills.push(fill);
    this.#move(fill, slot.wholeBase(fill.qty));
  }

  /** What is expected moves on with every fill, from where it was last said. */
  #move({ symbol, side, cost, fee, feeAsset }: FillReading, baseMoved: bigint): void {
    const [base = '', quote = ''] = symbol.split('/');
    const moves = [
      [base, baseMoved],
      [quote, side === 'buy' ? -cost : cost],
      [feeAsset, -fee],
    ] as const;
    for (const [asset, change] of moves) {
      if (this.#isExpected) this.#balances.set(asset, (this.#balances.get(asset) ?? 0n) + change);
    }
  }

  /** Before anything was said of balances nothing is expected. */
  get #isExpected(): boolean {
    return this.#balances.size > 0;
  }

  /** Lines are in the log before anything that follows from them is recorded. */
  #catchUp(): void {
    const log = this.#log;
    while (log !== undefined && this.#position < log.used) {
      const line = log.read(this.#position);
      this.#history.apply(line);
      this.#position = line.next;
    }
  }
}

/** One execution record, with its numbers in the scale they were recorded in. */
class Slot {
  readonly #view: DataView;
  readonly #at: number;
  readonly #history: InstrumentHistory;

  constructor(view: DataView, at: number, history: InstrumentHistory) {
    this.#view = view;
    this.#at = at;
    this.#history = history;
  }

  u8(field: number): number {
    return this.#view.getUint8(this.#at + field);
  }

  u16(field: number): number {
    return this.#view.getUint16(this.#at + field, true);
  }

  f64(field: number): number {
    return this.#view.getFloat64(this.#at + field, true);
  }

  text(field: number, bytes: number): string {
    return readText(this.#view, this.#at + field, bytes).replace(/\0+$/, '');
  }

  get side(): SideName {
    return this.u8(EXECUTION.side) === 0 ? 'buy' : 'sell';
  }

  get symbol(): string {
    return this.#instrument.symbol;
  }

  lots(field: number): bigint {
    return fine(this.#i64(field), this.#instrument.qtyPrecision);
  }

  ticks(field: number): bigint {
    return fine(this.#i64(field), this.#instrument.pricePrecision);
  }

  /** What a quantity of the base comes to in the ledger, signed: it has no fractions of its unit, and rounds against us. */
  wholeBase(qty: bigint): bigint {
    const unit = 10n ** BigInt(DECIMALS - this.#asset(this.#instrument.base).precision);
    return this.side === 'buy' ? qty - (qty % unit) : -(qty + ((unit - (qty % unit)) % unit));
  }

  quoteUnits(field: number): bigint {
    return this.units(field, this.#instrument.quote);
  }

  units(field: number, asset: number): bigint {
    return fine(this.#i64(field), this.#asset(asset).precision);
  }

  /** Name of the asset whose index is in `field`. */
  asset(field: number): string {
    return this.#asset(this.u16(field)).id;
  }

  /** Its bytes, and the ids in it as text. */
  toString(): string {
    const ids = [
      this.text(EXECUTION.clOrdId, EXECUTION.CL_ORD_ID_BYTES),
      this.text(EXECUTION.execId, EXECUTION.EXEC_ID_BYTES),
    ];
    const bytes = Buffer.from(this.#view.buffer, this.#view.byteOffset + this.#at, EXECUTION.clOrdId);
    return `plan ${this.f64(EXECUTION.plan)} ${ids.filter((id) => id !== '').join(' ')} ${bytes.toString('hex')}`;
  }

  #i64(field: number): bigint {
    return this.#view.getBigInt64(this.#at + field, true);
  }

  #asset(index: number) {
    const asset = this.#history.directory.assets[index];
    if (asset === undefined) throw new Error(`a record names asset ${index}, which was not announced`);
    return asset;
  }

  get #instrument() {
    const index = instrumentIndex(this.#view.getUint32(this.#at + EXECUTION.instrument, true));
    const instrument = this.#history.asOf(index, this.f64(EXECUTION.instrumentsSeq));
    if (instrument === undefined) throw new Error(`a record names instrument ${index}, which was not announced`);
    return instrument;
  }
}
