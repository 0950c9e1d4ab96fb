/**
 * An order of a plan: what was asked for, what is known of it, and what of it is booked. Kept in the plan's slot, so that
 * a successor knows of every order that can be out. Its ticks and lots stay in the scale it was made in.
 */

import {
  type AssetIndex,
  assetIndex,
  type InstrumentIndex,
  instrumentIndex,
  type OrderScale,
} from '../../../market/instrument.ts';
import { EXECUTION } from '../../../messages/execution-message.ts';
import { type Lots, lots, type Ticks, ticks, type Units, units } from '../../../money/money.ts';
import type { Side } from '../../../money/side.ts';
import { type MonotonicNs, monotonicNs } from '../../../platform/time.ts';
import { writeAmount } from '../../../shared/amount-field.ts';
import { readAscii, writeAscii } from '../../../shared/ascii-field.ts';
import { encodeClientOrderId } from '../../../trading/client-order-id.ts';
import { ORDER_STATES, type OrderState } from './order-machine.ts';

/** Totals of all fills that are booked. */
export interface Booked {
  qtyLots: Lots;
  costUnits: Units;
  feeUnits: Units;
  /** Of the newest fill; the fees of one order are all taken in the same asset. */
  feeAsset: AssetIndex;
}

export interface Order extends OrderScale {
  readonly clOrdId: string;
  /** Orders of the plan before this one. */
  readonly attempt: number;
  /** Leg that the order trades, or the leg whose asset it takes home by another route. */
  readonly position: number;
  readonly instrument: InstrumentIndex;
  readonly side: Side;
  /** Places in the plan's holdings of the asset given and of the one taken; 0 is the start asset. */
  readonly gives: number;
  readonly takes: number;
  readonly qtyLots: Lots;
  readonly limitTicks: Ticks;
  /** Most that may be spent, in units of the asset given. */
  readonly fundsUnits: Units;
  readonly feePpm: number;
  /** Monotonic, when it was decided. */
  readonly placedNs: MonotonicNs;
  /** It closes out what is left over. */
  readonly isClosing: boolean;
  /** It goes against the direction of the cycle, or around it. */
  readonly isReversing: boolean;
  state: OrderState;
  /** The venue has shown that it has the order; and that is recorded. */
  seen: boolean;
  ackRecorded: boolean;
  booked: Booked;
  /** Empty until the venue named it. */
  venueOrderId: string;
  /** How often it was asked after without an answer that settles it, and when (monotonic) it is asked again. */
  lookups: number;
  lookupDueNs: MonotonicNs;
  /** How often in a row the venue did not know it any more, though it had it. */
  denials: number;
}

const ORDER = {
  attempt: 0, // u16
  isThere: 2, // u8
  state: 3, // u8, index into ORDER_STATES
  position: 4, // u8 from here on
  side: 5,
  gives: 6,
  takes: 7,
  isClosing: 8,
  isReversing: 9,
  seen: 10,
  ackRecorded: 11,
  feeAsset: 12, // u16
  lookups: 14, // u16
  instrument: 16, // u32
  feePpm: 20, // u32
  qty: 24, // i64 from here on
  limit: 32,
  funds: 40,
  bookedQty: 48,
  bookedCost: 56,
  bookedFee: 64,
  placedNs: 72, // f64
  lookupDueNs: 80, // f64
  venueOrderId: 88,
  pricePrecision: 112, // u8 from here on
  qtyPrecision: 113,
  denials: 114,
  SIZE: 120,
} as const;

export const ORDER_SLOT_BYTES = ORDER.SIZE;

/** Reads the order in the slot at `at`; undefined when the slot is empty. */
export function readOrder(view: DataView, at: number, runMs: number, plan: number): Order | undefined {
  if (view.getUint8(at + ORDER.isThere) === 0) return undefined;
  const flag = (field: number) => view.getUint8(at + field) === 1;
  const int64 = (field: number) => view.getBigInt64(at + field, true);
  const position = view.getUint8(at + ORDER.position);
  const attempt = view.getUint16(at + ORDER.attempt, true);
  return {
    clOrdId: encodeClientOrderId({ runMs, plan, leg: position, attempt }),
    attempt,
    position,
    instrument: instrumentIndex(view.getUint32(at + ORDER.instrument, true)),
    side: flag(ORDER.side) ? 1 : 0,
    gives: view.getUint8(at + ORDER.gives),
    takes: view.getUint8(at + ORDER.takes),
    qtyLots: lots(int64(ORDER.qty)),
    limitTicks: ticks(int64(ORDER.limit)),
    pricePrecision: view.getUint8(at + ORDER.pricePrecision),
    qtyPrecision: view.getUint8(at + ORDER.qtyPrecision),
    fundsUnits: units(int64(ORDER.funds)),
    feePpm: view.getUint32(at + ORDER.feePpm, true),
    placedNs: monotonicNs(view.getFloat64(at + ORDER.placedNs, true)),
    isClosing: flag(ORDER.isClosing),
    isReversing: flag(ORDER.isReversing),
    state: ORDER_STATES[view.getUint8(at + ORDER.state)] ?? 'uncertain',
    seen: flag(ORDER.seen),
    ackRecorded: flag(ORDER.ackRecorded),
    booked: {
      qtyLots: lots(int64(ORDER.bookedQty)),
      costUnits: units(int64(ORDER.bookedCost)),
      feeUnits: units(int64(ORDER.bookedFee)),
      feeAsset: assetIndex(view.getUint16(at + ORDER.feeAsset, true)),
    },
    venueOrderId: readAscii(view, at + ORDER.venueOrderId, EXECUTION.VENUE_ORDER_ID_BYTES),
    lookups: view.getUint16(at + ORDER.lookups, true),
    lookupDueNs: monotonicNs(view.getFloat64(at + ORDER.lookupDueNs, true)),
    denials: view.getUint8(at + ORDER.denials),
  };
}

/** Writes `order` into the slot at `at`; undefined empties it. */
export function writeOrder(view: DataView, at: number, order: Order | undefined): void {
  view.setUint8(at + ORDER.isThere, order === undefined ? 0 : 1);
  if (order === undefined) return;
  const byte = (field: number, value: number | boolean) => view.setUint8(at + field, Number(value));
  const int64 = (field: number, value: bigint) => writeAmount(view, at + field, value);
  view.setUint16(at + ORDER.attempt, order.attempt, true);
  byte(ORDER.state, ORDER_STATES.indexOf(order.state));
  byte(ORDER.position, order.position);
  byte(ORDER.side, order.side);
  byte(ORDER.gives, order.gives);
  byte(ORDER.takes, order.takes);
  byte(ORDER.isClosing, order.isClosing);
  byte(ORDER.isReversing, order.isReversing);
  byte(ORDER.seen, order.seen);
  byte(ORDER.ackRecorded, order.ackRecorded);
  byte(ORDER.pricePrecision, order.pricePrecision);
  byte(ORDER.qtyPrecision, order.qtyPrecision);
  byte(ORDER.denials, order.denials);
  view.setUint16(at + ORDER.feeAsset, order.booked.feeAsset, true);
  view.setUint16(at + ORDER.lookups, order.lookups, true);
  view.setUint32(at + ORDER.instrument, order.instrument, true);
  view.setUint32(at + ORDER.feePpm, order.feePpm, true);
  int64(ORDER.qty, order.qtyLots);
  int64(ORDER.limit, order.limitTicks);
  int64(ORDER.funds, order.fundsUnits);
  int64(ORDER.bookedQty, order.booked.qtyLots);
  int64(ORDER.bookedCost, order.booked.costUnits);
  int64(ORDER.bookedFee, order.booked.feeUnits);
  view.setFloat64(at + ORDER.placedNs, order.placedNs, true);
  view.setFloat64(at + ORDER.lookupDueNs, order.lookupDueNs, true);
  writeAscii(view, at + ORDER.venueOrderId, order.venueOrderId, EXECUTION.VENUE_ORDER_ID_BYTES);
}
