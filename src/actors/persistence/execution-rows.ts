/** Turns what the sequencer records (EXECUTION records) into rows: plans, orders, fills, and what was left behind. */

import type { DuckDBValue } from '@duckdb/node-api';
import { assetIndex, instrumentIndex } from '../../market/instrument.ts';
import {
  EXECUTION,
  EXECUTION_EVENT,
  EXPOSURE_REASONS,
  ORDER_OUTCOMES,
  PLAN_OUTCOMES,
  PLAN_REASONS,
} from '../../messages/execution-message.ts';
import { readAscii } from '../../shared/ascii-field.ts';
import type { RecordNames } from './record-names.ts';
import type { TableBuffer } from './table-buffer.ts';

export const EXECUTION_TABLES = [
  'trades',
  'plan_events',
  'order_events',
  'exposure_changes',
  'dust_changes',
  'expected_balances',
  'taken_over',
  'account_readings',
] as const;

type Buffers = Readonly<Record<(typeof EXECUTION_TABLES)[number], TableBuffer>>;

const SIDES = ['buy', 'sell'] as const;

const ORDER_EVENT_NAMES: Readonly<Record<number, string>> = {
  [EXECUTION_EVENT.ORDER_SENT]: 'sent',
  [EXECUTION_EVENT.ORDER_ACKED]: 'acked',
  [EXECUTION_EVENT.ORDER_UNCERTAIN]: 'uncertain',
  [EXECUTION_EVENT.ORDER_ENDED]: 'ended',
  [EXECUTION_EVENT.ORDER_MISREPORTED]: 'misreported',
  [EXECUTION_EVENT.ORDER_TAKEN_OVER]: 'taken_over',
};

const PLAN_EVENT_NAMES: Readonly<Record<number, string>> = {
  [EXECUTION_EVENT.PLAN_OPENED]: 'opened',
  [EXECUTION_EVENT.PLAN_ENDED]: 'ended',
  [EXECUTION_EVENT.PLAN_REFUSED]: 'refused',
};

export class ExecutionRows {
  readonly #buffers: Buffers;
  readonly #names: RecordNames;

  constructor(buffers: Buffers, names: RecordNames) {
    this.#buffers = buffers;
    this.#names = names;
  }

  /** Adds the row of the record at `offset`. `head`: boot, source and number of the record, and when it happened. */
  add(head: readonly DuckDBValue[], view: DataView, offset: number): void {
    const common = [
      ...head,
      whole(view, offset + EXECUTION.plan),
      whole(view, offset + EXECUTION.executionSeq),
      whole(view, offset + EXECUTION.seq),
    ];
    const event = view.getUint8(offset + EXECUTION.event);
    switch (event) {
      case EXECUTION_EVENT.FILL:
        this.#addTrade(common, view, offset);
        break;
      case EXECUTION_EVENT.EXPOSURE:
        this.#addExposure(common, view, offset);
        break;
      case EXECUTION_EVENT.DUST:
        this.#buffers.dust_changes.add(...common, runMs(view, offset), ...this.#amount(view, offset));
        break;
      case EXECUTION_EVENT.BALANCE:
        this.#buffers.expected_balances.add(...common, runMs(view, offset), ...this.#amount(view, offset));
        break;
      case EXECUTION_EVENT.TAKEN_OVER:
        this.#buffers.taken_over.add(
          ...common,
          runMs(view, offset),
          ...this.#amount(view, offset),
          view.getBigInt64(offset + EXECUTION.exposureUnits, true),
          view.getBigInt64(offset + EXECUTION.dustUnits, true),
        );
        break;
      case EXECUTION_EVENT.READING:
        this.#buffers.account_readings.add(...common, runMs(view, offset), amountOf(view, offset));
        break;
      default: {
        const name = ORDER_EVENT_NAMES[event];
        if (name === undefined) this.#addPlanEvent(common, event, view, offset);
        else this.#addOrderEvent(common, name, view, offset);
      }
    }
  }

  #addTrade(common: readonly DuckDBValue[], view: DataView, offset: number): void {
    const { index, instrument } = this.#instrument(view, offset);
    this.#buffers.trades.add(
      ...common,
      view.getUint8(offset + EXECUTION.leg),
      view.getUint8(offset + EXECUTION.attempt),
      this.#names.symbol(index),
      sideOf(view, offset),
      view.getBigInt64(offset + EXECUTION.priceTicks, true),
      view.getBigInt64(offset + EXECUTION.limitTicks, true),
      instrument?.pricePrecision ?? null,
      view.getBigInt64(offset + EXECUTION.qtyLots, true),
      view.getBigInt64(offset + EXECUTION.qtyWantedLots, true),
      instrument?.qtyPrecision ?? null,
      ...this.#costAndFee(view, offset),
      runMs(view, offset),
      clOrdIdOf(view, offset),
      venueOrderIdOf(view, offset),
      readAscii(view, offset + EXECUTION.execId, EXECUTION.EXEC_ID_BYTES),
      ...this.#moved(view, offset, EXECUTION.spentUnits, EXECUTION.spentAsset),
      ...this.#moved(view, offset, EXECUTION.receivedUnits, EXECUTION.receivedAsset),
    );
  }

  #addPlanEvent(common: readonly DuckDBValue[], event: number, view: DataView, offset: number): void {
    const start = this.#names.asset(assetIndex(view.getUint16(offset + EXECUTION.startAsset, true)));
    this.#buffers.plan_events.add(
      ...common,
      view.getUint16(offset + EXECUTION.ordinal, true),
      PLAN_EVENT_NAMES[event] ?? `unknown ${event}`,
      nameOf(PLAN_OUTCOMES, view.getUint8(offset + EXECUTION.outcome)),
      nameOf(PLAN_REASONS, view.getUint16(offset + EXECUTION.reason, true)),
      view.getUint8(offset + EXECUTION.attempt),
      start.id,
      start.decimals,
      view.getBigInt64(offset + EXECUTION.startUnits, true),
      view.getBigInt64(offset + EXECUTION.endUnits, true),
      view.getBigInt64(offset + EXECUTION.profitUnits, true),
      runMs(view, offset),
      view.getBigInt64(offset + EXECUTION.markUnits, true),
    );
  }

  #addOrderEvent(common: readonly DuckDBValue[], name: string, view: DataView, offset: number): void {
    const { index, instrument } = this.#instrument(view, offset);
    this.#buffers.order_events.add(
      ...common,
      runMs(view, offset),
      name,
      nameOf(ORDER_OUTCOMES, view.getUint8(offset + EXECUTION.orderOutcome)),
      clOrdIdOf(view, offset),
      venueOrderIdOf(view, offset),
      view.getUint8(offset + EXECUTION.leg),
      view.getUint8(offset + EXECUTION.attempt),
      this.#names.symbol(index),
      sideOf(view, offset),
      view.getBigInt64(offset + EXECUTION.limitTicks, true),
      instrument?.pricePrecision ?? null,
      view.getBigInt64(offset + EXECUTION.qtyWantedLots, true),
      view.getBigInt64(offset + EXECUTION.qtyLots, true),
      instrument?.qtyPrecision ?? null,
      ...this.#costAndFee(view, offset),
    );
  }

  #addExposure(common: readonly DuckDBValue[], view: DataView, offset: number): void {
    this.#buffers.exposure_changes.add(
      ...common,
      runMs(view, offset),
      nameOf(EXPOSURE_REASONS, view.getUint8(offset + EXECUTION.exposureReason)),
      ...this.#amount(view, offset),
    );
  }

  /** The instrument a record trades, in the scale it was written in. */
  #instrument(view: DataView, offset: number) {
    const index = instrumentIndex(view.getUint32(offset + EXECUTION.instrument, true));
    return { index, instrument: this.#names.asOf(index, view.getFloat64(offset + EXECUTION.instrumentsSeq, true)) };
  }

  #costAndFee(view: DataView, offset: number): readonly DuckDBValue[] {
    const quote = this.#names.asset(this.#instrument(view, offset).instrument?.quote);
    const fee = this.#names.asset(assetIndex(view.getUint16(offset + EXECUTION.feeAsset, true)));
    return [
      view.getBigInt64(offset + EXECUTION.costUnits, true),
      quote.id,
      quote.decimals,
      view.getBigInt64(offset + EXECUTION.feeUnits, true),
      fee.id,
      fee.decimals,
    ];
  }

  #moved(view: DataView, offset: number, unitsField: number, assetField: number): readonly DuckDBValue[] {
    const { id, decimals } = this.#names.asset(assetIndex(view.getUint16(offset + assetField, true)));
    return [view.getBigInt64(offset + unitsField, true), id, decimals];
  }

  #amount(view: DataView, offset: number): readonly DuckDBValue[] {
    const { id, decimals } = this.#names.asset(assetIndex(view.getUint16(offset + EXECUTION.startAsset, true)));
    return [id, decimals, amountOf(view, offset)];
  }
}

const amountOf = (view: DataView, offset: number): bigint => view.getBigInt64(offset + EXECUTION.amountUnits, true);
const sideOf = (view: DataView, offset: number): string => SIDES[view.getUint8(offset + EXECUTION.side)] ?? 'unknown';
const runMs = (view: DataView, offset: number): bigint => whole(view, offset + EXECUTION.runMs);

const clOrdIdOf = (view: DataView, offset: number): string =>
  readAscii(view, offset + EXECUTION.clOrdId, EXECUTION.CL_ORD_ID_BYTES);
const venueOrderIdOf = (view: DataView, offset: number): string =>
  readAscii(view, offset + EXECUTION.venueOrderId, EXECUTION.VENUE_ORDER_ID_BYTES);

export const nameOf = (names: readonly string[], code: number): string => names[code] ?? `unknown ${code}`;

/** A count that travels as a double: sequences, positions, numbers of plans. */
export function whole(view: DataView, offset: number): bigint {
  const value = view.getFloat64(offset, true);
  return Number.isSafeInteger(value) ? BigInt(value) : -1n;
}
