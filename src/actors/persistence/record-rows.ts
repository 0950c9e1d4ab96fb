/**
 * Turns records, as they lie on the rings, into rows of the tables of `migrations/`. Names come from the directory, the
 * decimals of prices and quantities from what they were when the record was made.
 */

import { DuckDBTimestampNanosecondsValue, type DuckDBValue } from '@duckdb/node-api';
import { assetIndex, instrumentIndex } from '../../market/instrument.ts';
import type { InstrumentHistory } from '../../market/instrument-history.ts';
import { LEG, LEGS_MAX, OPPORTUNITY } from '../../messages/opportunity-message.ts';
import { AUDIT, NO_INSTRUMENT, PORTFOLIO, RECORD_KIND, STATE } from '../../messages/record-messages.ts';
import type { SideName } from '../../money/side.ts';
import { reasonOf } from '../../platform/errors.ts';
import { AUDIT_EVENTS } from '../../runtime/records/audit-events.ts';
import { readText } from '../../runtime/records/record-writer.ts';
import { EXECUTION_TABLES, ExecutionRows, nameOf, whole } from './execution-rows.ts';
import { type NamedAsset, RecordNames } from './record-names.ts';
import { TableBuffer } from './table-buffer.ts';

export const TABLES = [
  'opportunities',
  'opportunity_legs',
  ...EXECUTION_TABLES,
  'portfolio_snapshots',
  'audit_events',
  'state_changes',
] as const;
export type TableName = (typeof TABLES)[number];

const SEVERITIES = ['info', 'warning', 'error'] as const;
/** What every row begins with. */
type RowHead = readonly [boot: bigint, source: string, recordSeq: bigint];

export class RecordRows {
  readonly buffers: Readonly<Record<TableName, TableBuffer>>;
  readonly #boot: bigint;
  readonly #names: RecordNames;
  readonly #executions: ExecutionRows;

  constructor(boot: number, instruments: InstrumentHistory) {
    this.#boot = BigInt(boot);
    this.#names = new RecordNames(instruments);
    this.buffers = Object.fromEntries(TABLES.map((table) => [table, new TableBuffer(table)])) as Record<
      TableName,
      TableBuffer
    >;
    this.#executions = new ExecutionRows(this.buffers, this.#names);
  }

  /** Rows held, of all tables. */
  get rows(): number {
    return TABLES.reduce((sum, table) => sum + this.buffers[table].rows, 0);
  }

  clear(): void {
    for (const table of TABLES) this.buffers[table].clear();
  }

  /**
   * Adds the rows of the record at `offset`. One that cannot be read becomes an audit row: its number is not lost, and it
   * cannot keep those behind it from the database.
   */
  add(source: string, view: DataView, offset: number): void {
    const head: RowHead = [this.#boot, source, whole(view, offset + AUDIT.recordSeq)];
    const at = new DuckDBTimestampNanosecondsValue(view.getBigInt64(offset + AUDIT.wallNs, true));
    const kind = view.getUint8(offset + AUDIT.kind);
    try {
      this.#addKind(kind, head, at, view, offset); // throws before it has added a row, or not at all
    } catch (thrown) {
      this.#addUnreadable(head, at, kind, `record of kind ${kind}: ${reasonOf(thrown)}`);
    }
  }

  #addKind(kind: number, head: RowHead, at: DuckDBValue, view: DataView, offset: number): void {
    switch (kind) {
      case RECORD_KIND.OPPORTUNITY:
        this.#addOpportunity(head, at, view, offset);
        break;
      case RECORD_KIND.EXECUTION:
        this.#executions.add([...head, at], view, offset);
        break;
      case RECORD_KIND.PORTFOLIO:
        this.#addPortfolio(head, at, view, offset);
        break;
      case RECORD_KIND.AUDIT:
        this.#addAudit(head, at, view, offset);
        break;
      case RECORD_KIND.STATE:
        this.#addState(head, at, view, offset);
        break;
      default:
        this.#addUnreadable(
          head,
          at,
          kind,
          `record of unknown kind ${kind}: writer and database are of different builds`,
        );
    }
  }

  #addOpportunity(head: RowHead, at: DuckDBValue, view: DataView, offset: number): void {
    const sized = view.getUint8(offset + OPPORTUNITY.sized) !== 0;
    const legCount = view.getUint8(offset + OPPORTUNITY.legCount);
    if (legCount > LEGS_MAX) throw new RangeError(`an opportunity of ${legCount} legs`);
    const start = this.#names.asset(assetIndex(view.getUint16(offset + OPPORTUNITY.startAsset, true)));
    const legs: Leg[] = [];
    const seq = view.getFloat64(offset + OPPORTUNITY.seq, true);
    for (let leg = 0; leg < legCount; leg++)
      legs.push(this.#leg(view, offset + OPPORTUNITY.legs + leg * LEG.SIZE, seq));
    const sizeAsset = legs.find((leg) => leg.turn === 0)?.spends;
    this.buffers.opportunities.add(
      ...head,
      at,
      whole(view, offset + OPPORTUNITY.seq),
      view.getUint16(offset + OPPORTUNITY.ordinal, true),
      whole(view, offset + OPPORTUNITY.recvIndex),
      this.#names.symbol(instrumentIndex(view.getUint32(offset + OPPORTUNITY.instrument, true))),
      view.getUint8(offset + OPPORTUNITY.strategy),
      BigInt(view.getUint32(offset + OPPORTUNITY.cycle, true)),
      legs.map((leg) => `${leg.symbol}:${leg.side}`).join('>'),
      start.id,
      start.decimals,
      view.getBigInt64(offset + OPPORTUNITY.touchStartUnits, true),
      view.getFloat64(offset + OPPORTUNITY.grossMultiplier, true),
      view.getFloat64(offset + OPPORTUNITY.netMultiplier, true),
      sized,
      sized ? (sizeAsset?.id ?? null) : null,
      sized ? (sizeAsset?.decimals ?? null) : null,
      sized ? view.getBigInt64(offset + OPPORTUNITY.startUnits, true) : null,
      sized ? view.getBigInt64(offset + OPPORTUNITY.endUnits, true) : null,
    );
    legs.forEach((leg, index) => {
      this.buffers.opportunity_legs.add(...head, index, leg.turn, leg.symbol, leg.side, ...leg.rest);
    });
  }

  #leg(view: DataView, offset: number, seq: number): Leg {
    const index = instrumentIndex(view.getUint16(offset + LEG.instrument, true));
    const instrument = this.#names.asOf(index, seq);
    const sell = view.getUint8(offset + LEG.side) !== 0;
    const base = this.#names.asset(instrument?.base);
    const quote = this.#names.asset(instrument?.quote);
    const received = sell ? quote : base;
    return {
      symbol: this.#names.symbol(index),
      side: sell ? 'sell' : 'buy',
      turn: view.getUint8(offset + LEG.turn),
      spends: sell ? base : quote,
      rest: [
        BigInt(view.getUint32(offset + LEG.feePpm, true)),
        view.getBigInt64(offset + LEG.priceTicks, true),
        instrument?.pricePrecision ?? null,
        view.getBigInt64(offset + LEG.qtyLots, true),
        instrument?.qtyPrecision ?? null,
        view.getBigInt64(offset + LEG.costUnits, true),
        quote.id,
        quote.decimals,
        view.getBigInt64(offset + LEG.feeUnits, true),
        received.id,
        received.decimals,
      ],
    };
  }

  #addPortfolio(head: RowHead, at: DuckDBValue, view: DataView, offset: number): void {
    const asset = this.#names.asset(assetIndex(view.getUint16(offset + PORTFOLIO.asset, true)));
    this.buffers.portfolio_snapshots.add(
      ...head,
      at,
      whole(view, offset + PORTFOLIO.snapshot),
      asset.id,
      asset.decimals,
      view.getBigInt64(offset + PORTFOLIO.balanceUnits, true),
      view.getBigInt64(offset + PORTFOLIO.reservedUnits, true),
      view.getBigInt64(offset + PORTFOLIO.realisedUnits, true),
      view.getBigInt64(offset + PORTFOLIO.drawdownUnits, true),
      view.getBigInt64(offset + PORTFOLIO.exposureUnits, true),
      view.getBigInt64(offset + PORTFOLIO.dustUnits, true),
    );
  }

  #addAudit(head: RowHead, at: DuckDBValue, view: DataView, offset: number): void {
    const instrument = instrumentIndex(view.getUint32(offset + AUDIT.instrument, true));
    this.buffers.audit_events.add(
      ...head,
      at,
      nameOf(SEVERITIES, view.getUint8(offset + AUDIT.severity)),
      nameOf(AUDIT_EVENTS, view.getUint16(offset + AUDIT.event, true)),
      instrument === NO_INSTRUMENT ? null : this.#names.symbol(instrument),
      view.getFloat64(offset + AUDIT.a, true),
      view.getFloat64(offset + AUDIT.b, true),
      boundedText(view, offset + AUDIT.text, view.getUint16(offset + AUDIT.textLength, true), AUDIT.TEXT_MAX),
    );
  }

  #addState(head: RowHead, at: DuckDBValue, view: DataView, offset: number): void {
    this.buffers.state_changes.add(
      ...head,
      at,
      boundedText(view, offset + STATE.key, view.getUint16(offset + STATE.keyLength, true), STATE.KEY_MAX),
      boundedText(view, offset + STATE.value, view.getUint16(offset + STATE.valueLength, true), STATE.VALUE_MAX),
    );
  }

  #addUnreadable(head: RowHead, at: DuckDBValue, kind: number, text: string): void {
    this.buffers.audit_events.add(...head, at, 'error', 'record_unreadable', null, kind, 0, text);
  }
}

interface Leg {
  readonly symbol: string;
  readonly side: SideName;
  readonly turn: number;
  readonly spends: NamedAsset;
  /** The further columns of `opportunity_legs`. */
  readonly rest: readonly DuckDBValue[];
}

function boundedText(view: DataView, offset: number, length: number, bytesMax: number): string {
  return readText(view, offset, Math.min(length, bytesMax));
}
