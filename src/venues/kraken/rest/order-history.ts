/**
 * What became of orders, asked of REST: the rows of the orders, then their trades, then the ledger where only that knows
 * the fee. An order is reported whole or not at all.
 *
 * `consolidate_taker=false` in every question: otherwise fills of one taker order come merged under another id than the
 * socket gave them (protocol reference 3.3).
 */
import { z } from 'zod';
import type { InstrumentDirectory, OrderScale } from '../../../market/instrument.ts';
import type { OrderReading } from '../../trading-port.ts';
import type { VenueNames } from '../wire/venue-names.ts';
import { ask, type Done, readResult } from './checked-answer.ts';
import {
  type ById,
  isFilled,
  isOpen,
  isOwn,
  LEDGER_ROW,
  type LedgerRow,
  msOf,
  ORDER_ROW,
  type OrderFacts,
  type OrderRow,
  orderReading,
  paysFeeInBase,
  TRADE_ROW,
  type TradeRow,
} from './order-rows.ts';
import { failed } from './rest-answer.ts';
import type { RestClient, RestParams } from './rest-client.ts';
import { readPages } from './rest-pages.ts';

/** Ids in one question: 50 by one text, 20 by recorded use (reference 3.3). */
const IDS_MAX = 20;
const WHOLE = { trades: 'true', consolidate_taker: 'false' } as const;
/** Start and end of a list are whole seconds, and whether they are included is not said. */
const SLACK_MS = 2_000;

const OPEN = z.object({ open: z.record(z.string().max(64), ORDER_ROW) });
const ORDERS = z.record(z.string().max(64), ORDER_ROW);
const TRADES = z.record(z.string().max(64), TRADE_ROW);

/** An order that is asked after, and the scale it was made in; undefined: reported in the present one. */
export interface AskedOrder {
  readonly clOrdId: string;
  readonly venueOrderId: string | undefined;
  readonly scale: OrderScale | undefined;
}

export interface EndedQuestion {
  /** The venue's time. */
  readonly sinceMs: number;
  readonly isNewestOnly: boolean;
  /** Called with the number of rows read, of one list after the other. */
  readonly onProgress: (rows: number) => void;
}

/** What a list of closed orders is asked with, beside its parameters. */
type ClosedQuestion = { readonly params: RestParams } & Partial<Omit<EndedQuestion, 'sinceMs'>>;

interface Completion {
  readonly scale?: OrderScale | undefined;
  readonly onProgress?: ((rows: number) => void) | undefined;
}

export class OrderHistory {
  readonly #client: RestClient;
  readonly #names: VenueNames;
  readonly #directory: InstrumentDirectory;

  constructor(client: RestClient, names: VenueNames, directory: InstrumentDirectory) {
    this.#client = client;
    this.#names = names;
    this.#directory = directory;
  }

  /** Every open order of the account. */
  open(done: Done<OrderReading[]>): void {
    ask(this.#client, 'OpenOrders', { trades: 'true' }, OPEN, (result) => {
      if (result.ok) this.#complete(result.value.open, done);
      else done(result);
    });
  }

  /** Every order of the account that ended since a time of the venue, or the newest fifty of them. */
  endedSince({ sinceMs, isNewestOnly, onProgress }: EndedQuestion, done: Done<OrderReading[]>): void {
    const params = { ...WHOLE, closetime: 'close', start: secondsBefore(sinceMs) };
    this.#closed({ params, isNewestOnly, onProgress }, (result) => {
      if (!result.ok) done(result);
      else
        this.#complete(
          only(result.value, (row) => endedMs(row) >= sinceMs),
          done,
          { onProgress },
        );
    });
  }

  /**
   * One order, undefined when the venue knows none. By the venue's id when there is one, else among the open orders and
   * then among the ended ones: one that ends between the two questions was in the first answer.
   */
  one(asked: AskedOrder, done: Done<OrderReading | undefined>): void {
    const { clOrdId, venueOrderId } = asked;
    const take: Done<ById<OrderRow>> = (result) => this.#takeOne(asked, result, done);
    if (venueOrderId === undefined) {
      this.#byClOrdId(clOrdId, take);
      return;
    }
    ask(this.#client, 'QueryOrders', { txid: venueOrderId, ...WHOLE }, ORDERS, (result) => {
      const isUnknown = result.ok ? !Object.hasOwn(result.value, venueOrderId) : result.failure.topic === 'not_open';
      if (isUnknown) this.#byClOrdId(clOrdId, take);
      else
        take(
          readResult(result, (rows) =>
            named(
              only(rows, (_row, id) => id === venueOrderId),
              clOrdId,
            ),
          ),
        );
    });
  }

  #byClOrdId(clOrdId: string, done: Done<ById<OrderRow>>): void {
    // A venue that does not know the parameter answers with every order: the id decides, not the question.
    const own = (rows: ById<OrderRow>) => only(rows, (row) => row.cl_ord_id === clOrdId);
    const params = { cl_ord_id: clOrdId, trades: 'true' };
    ask(this.#client, 'OpenOrders', params, OPEN, (open) => {
      const found = readResult(open, (answer) => own(answer.open));
      if (!found.ok || Object.keys(found.value).length > 0) done(found);
      else this.#closed({ params: { ...WHOLE, ...params } }, (closed) => done(readResult(closed, own)));
    });
  }

  #takeOne(
    { clOrdId, scale }: AskedOrder,
    result: Parameters<Done<ById<OrderRow>>>[0],
    done: Done<OrderReading | undefined>,
  ): void {
    if (!result.ok) {
      done(result);
      return;
    }
    const count = Object.keys(result.value).length;
    if (count > 1) done(failed('unknown', 'unreadable', `${count} orders have the id ${clOrdId}`, 'never'));
    else this.#complete(result.value, (read) => done(readResult(read, ([order]) => order)), { scale });
  }

  #closed({ params, isNewestOnly = false, onProgress = ignore }: ClosedQuestion, done: Done<ById<OrderRow>>): void {
    const timeOf = (row: OrderRow) => endedMs(row) / 1_000;
    const list = { endpoint: 'ClosedOrders', params, key: 'closed', row: ORDER_ROW, timeOf } as const;
    readPages(this.#client, { ...list, isNewestOnly, onProgress }, done);
  }

  /** Adds trades and ledger rows to orders. */
  #complete(orders: ById<OrderRow>, done: Done<OrderReading[]>, { scale, onProgress = ignore }: Completion = {}): void {
    const filled = Object.values(orders).filter((row) => isFilled(row) && isOwn(row));
    this.#trades(orders, filled, onProgress, (trades) => {
      if (!trades.ok) {
        done(trades);
        return;
      }
      this.#ledger(filled, trades.value, onProgress, (ledger) =>
        done(readResult(ledger, (rows) => this.#readings(orders, { trades: trades.value, ledger: rows, scale }))),
      );
    });
  }

  #readings(orders: ById<OrderRow>, facts: OrderFacts): OrderReading[] {
    const read = ([id, row]: [string, OrderRow]) => orderReading(id, row, facts, this.#names, this.#directory);
    return Object.entries(orders).map(read);
  }

  /** Few fills: by their ids. Many, or ids unknown: everything the account traded in that time. */
  #trades(
    orders: ById<OrderRow>,
    filled: readonly OrderRow[],
    onProgress: (rows: number) => void,
    done: Done<ById<TradeRow>>,
  ): void {
    const ids = filled.flatMap((row) => row.trades ?? []);
    if (filled.length === 0) done({ ok: true, value: {} });
    else if (filled.every(({ trades }) => (trades ?? []).length > 0) && ids.length <= IDS_MAX) {
      ask(this.#client, 'QueryTrades', { txid: ids.join(','), consolidate_taker: 'false' }, TRADES, done);
    } else {
      const params = { ...window(filled), consolidate_taker: 'false' };
      const timeOf = ({ time }: TradeRow) => Number(time);
      const list = { endpoint: 'TradesHistory', params, key: 'trades', row: TRADE_ROW, timeOf } as const;
      readPages(this.#client, { ...list, onProgress }, (result) =>
        done(readResult(result, (trades) => only(trades, ({ ordertxid }) => Object.hasOwn(orders, ordertxid)))),
      );
    }
  }

  #ledger(
    filled: readonly OrderRow[],
    trades: ById<TradeRow>,
    onProgress: (rows: number) => void,
    done: Done<readonly LedgerRow[]>,
  ): void {
    if (!filled.some(paysFeeInBase)) {
      done({ ok: true, value: [] });
      return;
    }
    const params = { ...window(filled), type: 'trade' };
    const timeOf = ({ time }: LedgerRow) => Number(time);
    const list = { endpoint: 'Ledgers', params, key: 'ledger', row: LEDGER_ROW, timeOf } as const;
    readPages(this.#client, { ...list, onProgress }, (result) =>
      done(readResult(result, (rows) => Object.values(rows).filter(({ refid }) => Object.hasOwn(trades, refid)))),
    );
  }
}

/** The time in which orders traded: from the first that was made to the last that ended, or to now. */
function window(orders: readonly OrderRow[]): RestParams {
  const start = secondsBefore(Math.min(...orders.map(({ opentm }) => msOf(opentm))));
  if (orders.some(isOpen)) return { start };
  const endMs = Math.max(...orders.map(endedMs));
  return { start, end: String(Math.ceil((endMs + SLACK_MS) / 1_000)) };
}

/** When it ended, by the venue's clock. */
const endedMs = ({ closetm, opentm }: OrderRow): number => msOf(closetm ?? opentm);

const ignore = (): void => undefined;

function secondsBefore(ms: number): string {
  return String(Math.max(0, Math.floor((ms - SLACK_MS) / 1_000)));
}

/**
 * The venue need not repeat our id in a row that it was asked for by its own; without it the order would not be ours.
 * @throws RangeError when the row has another.
 */
function named(rows: ById<OrderRow>, clOrdId: string): ById<OrderRow> {
  const name = ([id, row]: [string, OrderRow]) => {
    if ((row.cl_ord_id ?? clOrdId) !== clOrdId) throw new RangeError(`order ${id} is ${row.cl_ord_id}, not ${clOrdId}`);
    return [id, { ...row, cl_ord_id: clOrdId }] as const;
  };
  return Object.fromEntries(Object.entries(rows).map(name));
}

function only<R>(rows: ById<R>, isWanted: (row: R, id: string) => boolean): ById<R> {
  return Object.fromEntries(Object.entries(rows).filter(([id, row]) => isWanted(row, id)));
}
