/** Whether an order may leave now: what the venue lists, what it says of itself, its counters, the pace. */

import {
  type Instrument,
  type InstrumentDirectory,
  type InstrumentIndex,
  isSameScale,
} from '../../../market/instrument.ts';
import type { ApprovedOrder } from '../../../trading/approved-order.ts';
import type { NoRoom } from '../../trading-port.ts';
import type { TradingConnection } from '../private/trading-connection.ts';
import type { KrakenRest } from '../rest/kraken-rest.ts';
import { ADD_POINTS, type TradingCounter } from './trading-counter.ts';

export interface OrderGateDeps {
  readonly directory: InstrumentDirectory;
  readonly rest: Pick<KrakenRest, 'disagreement'>;
  readonly connection: Pick<TradingConnection, 'isReady' | 'isStanding' | 'system' | 'requests'>;
  readonly counter: TradingCounter;
  readonly nowMs: () => number;
  /** An order that was made longer ago does not leave. */
  readonly orderAgeMaxMs: number;
}

export class OrderGate {
  readonly #deps: OrderGateDeps;

  constructor(deps: OrderGateDeps) {
    this.#deps = deps;
  }

  /** What keeps back an order of each of these, all of them at once; undefined: the venue takes them now. */
  whyNoRoom(instruments: readonly InstrumentIndex[]): NoRoom | undefined {
    const { connection, directory, counter, nowMs } = this.#deps;
    if (!connection.isReady) return 'disconnected';
    if (!connection.requests.hasPaceForOrders(instruments.length)) return 'message_pace';
    if (instruments.some((instrument) => directory.instruments[instrument] === undefined)) return 'instrument_unknown';
    const hasRoom = instruments.every((instrument) => {
      const orders = instruments.filter((one) => one === instrument).length;
      return counter.hasRoomToAdd(instrument, orders * ADD_POINTS, nowMs());
    });
    return hasRoom ? undefined : 'no_room';
  }

  /** Why an order may not leave; undefined when it may. */
  whyNot(order: ApprovedOrder, instrument: Instrument): string | undefined {
    return this.#whyNotNow(instrument) ?? whyNotInScale(order, instrument) ?? this.#whyTooOld(order);
  }

  /** It was decided a while ago: the sending thread was stopped since. */
  #whyTooOld({ placedNs }: ApprovedOrder): string | undefined {
    const ageMs = this.#deps.nowMs() - placedNs / 1e6;
    return ageMs > this.#deps.orderAgeMaxMs ? `it was made ${Math.round(ageMs)} ms ago` : undefined;
  }

  /** Whether all that the venue says of these pairs goes together. */
  agreesOn(instruments: readonly InstrumentIndex[]): boolean {
    const { directory, rest } = this.#deps;
    return instruments.every((instrument) => {
      const known = directory.instruments[instrument];
      return known !== undefined && rest.disagreement(known) === undefined;
    });
  }

  #whyNotNow(instrument: Instrument): string | undefined {
    const { connection, rest } = this.#deps;
    if (instrument.status !== 'online') return `${instrument.symbol} is ${instrument.status}`;
    const disagreement = rest.disagreement(instrument);
    if (disagreement !== undefined) return `${instrument.symbol} is not traded: ${disagreement}`;
    if (!connection.isStanding) return 'not connected';
    if (connection.system !== 'online') return `the venue is ${connection.system}`;
    const noRoom = this.whyNoRoom([instrument.index]);
    return noRoom === undefined ? undefined : `the venue takes no order now (${noRoom})`;
  }
}

/** Its ticks and lots would be other amounts. */
function whyNotInScale(order: ApprovedOrder, instrument: Instrument): string | undefined {
  if (isSameScale(order, instrument)) return undefined;
  return `the precision of ${instrument.symbol} has changed since the order was made`;
}
