/** The fault catalogue at the points where the trading side and its private sessions ask what goes wrong. */

import type { OrderRecord, TradeRecord } from '../exchange/exchange-types.ts';
import { errorsAt, errorText } from './error-catalogue.ts';
import type { FaultDraws, FaultPlan } from './fault-plan.ts';
import type {
  FrameFault,
  MatchFault,
  PrivateFrame,
  RequestFault,
  TradingFaults,
  TradingRequest,
} from './trading-faults.ts';

/** Long after any deadline that an order has unless it says otherwise (5 s). */
const LATE_MS = 8_000;
/** Enough for everything that happens in the same turn to be sent first. */
const AFTERWARDS_MS = 40;
const BALANCE_LATE_MS = 3_000;
const PPM = 1_000_000;
/** Number of the connection that stands for all of REST. */
const REST = 0;
/** How deep a side is gone by a fault. */
const GONE_BPS = 100n;
/** What the account did this long ago is what an order on the opposite side reverses. */
const UNWIND_WITHIN_MS = 60_000;
const UNWIND_REFUSAL = 'EOrder:Insufficient funds';
const ADDING = ['add_order', 'batch_add', 'edit_order', 'AddOrder', 'AddOrderBatch', 'EditOrder'];

interface LastTrade {
  readonly side: string;
  readonly atMs: number;
}

/** What is to happen on a connection at its next frames. */
interface ConnectionState {
  readonly draws: FaultDraws;
  /** Cut at the next frame. */
  isDoomed: boolean;
  /** What the answer to the order being sent says instead. */
  lie: string | undefined;
}

export class CatalogueFaults implements TradingFaults {
  readonly #plan: FaultPlan;
  readonly #wallMs: () => number;
  readonly #own: FaultDraws;
  readonly #connections = new Map<number, ConnectionState>();
  readonly #lastTrades = new Map<string, LastTrade>();
  /** Orders whose executions are sent after the answer that they are cancelled. */
  readonly #lateOrders = new Set<string>();

  constructor(plan: FaultPlan, own: FaultDraws, wallMs: () => number) {
    this.#plan = plan;
    this.#own = own;
    this.#wallMs = wallMs;
  }

  onRequest(request: TradingRequest): RequestFault | undefined {
    const { connection, method, symbol } = request;
    const state = this.#connection(connection);
    if (request.via === 'socket') {
      const token = this.#tokenFault(state.draws);
      if (token !== undefined) return token;
    }
    if (!ADDING.includes(method)) return undefined;
    if (request.via === 'socket' && state.draws.strikes('disconnect-before-order', symbol))
      return { kind: 'disconnect' };
    return this.#refusal(request, state);
  }

  onFrame(frame: PrivateFrame): FrameFault | undefined {
    const state = this.#connection(frame.connection);
    if (state.isDoomed) return { kind: 'disconnect' };
    switch (frame.content.kind) {
      case 'reply':
        return ADDING.includes(frame.content.method)
          ? this.#onAnswer(frame.connection, frame.content.orderId)
          : undefined;
      case 'execution':
        return frame.content.step === 'snapshot' ? undefined : this.#onExecution(state, frame.content);
      case 'balance':
        if (frame.content.type === 'snapshot') return undefined;
        return state.draws.strikes('balance-late') ? { kind: 'delay', ms: BALANCE_LATE_MS } : undefined;
      default:
        return frame.content satisfies never;
    }
  }

  onMatch({ pair, timeInForce }: OrderRecord): MatchFault | undefined {
    const faults = this.#own;
    if (faults.strikes('price-runs-away', pair.symbol)) return { goneBps: GONE_BPS };
    const isImmediate = timeInForce === 'ioc' || timeInForce === 'fok';
    if (isImmediate && faults.strikes('ioc-unfilled', pair.symbol)) return { fillPpm: 0n };
    if (!faults.strikes('partial-then-cancel', pair.symbol)) return undefined;
    return { fillPpm: BigInt(1 + faults.choose('partial-then-cancel', PPM - 1)) };
  }

  onCancel(order: OrderRecord): bigint | undefined {
    if (!this.#own.strikes('fill-after-cancel', order.pair.symbol)) return undefined;
    this.#lateOrders.add(order.id);
    return BigInt(PPM / 2 + this.#own.choose('fill-after-cancel', PPM / 2)); // never all: something is left to cancel
  }

  /** A trade of an account: an order on the opposite side would reverse it. */
  noteTrade({ order, atMs }: TradeRecord): void {
    this.#lastTrades.set(`${order.account} ${order.pair.symbol}`, { side: order.side, atMs });
  }

  #tokenFault(draws: FaultDraws): RequestFault | undefined {
    const named = draws.errorAt('token', this.#wallMs());
    if (named !== undefined) return { kind: 'refuse', error: named.text, revokesToken: true };
    if (!draws.strikes('token-expired')) return undefined;
    return { kind: 'refuse', error: 'EAPI:Invalid token', revokesToken: true };
  }

  #refusal({ account, symbol, side }: TradingRequest, state: ConnectionState): RequestFault | undefined {
    const { draws } = state;
    if (draws.strikes('order-rate-limited', symbol)) return { kind: 'refuse', error: 'EOrder:Rate limit exceeded' };
    if (this.#turnsBack(account, symbol, side) && draws.strikes('unwind-refused', symbol)) {
      return { kind: 'refuse', error: UNWIND_REFUSAL };
    }
    const error = draws.errorAt('order', this.#wallMs(), symbol);
    if (error === undefined) return draws.strikes('order-late', symbol) ? { kind: 'delay', ms: LATE_MS } : undefined;
    if (!error.isDoubtful) return { kind: 'refuse', error: error.text };
    state.lie = error.text;
    return undefined;
  }

  #turnsBack(account: string, symbol: string | undefined, side: string | undefined): boolean {
    const last = this.#lastTrades.get(`${account} ${symbol}`);
    return last !== undefined && last.side !== side && this.#wallMs() - last.atMs < UNWIND_WITHIN_MS;
  }

  /** @param orderId undefined when the order was refused. */
  #onAnswer(connection: number, orderId: string | undefined): FrameFault | undefined {
    const state = this.#connection(connection);
    const { draws, lie } = state;
    state.lie = undefined;
    if (orderId === undefined) return undefined;
    if (lie !== undefined) return { kind: 'error', error: lie };
    if (draws.strikes('taken-with-error')) return { kind: 'error', error: this.#doubtfulError(draws) };
    if (connection === REST) return undefined; // its answers get lost by faults of their own
    if (draws.strikes('disconnect-before-ack')) return { kind: 'disconnect' };
    if (draws.strikes('ack-lost')) return { kind: 'drop' };
    if (draws.strikes('ack-late')) return { kind: 'delay', ms: LATE_MS };
    if (draws.strikes('ack-after-fill')) return { kind: 'delay', ms: AFTERWARDS_MS };
    if (draws.strikes('disconnect-after-ack')) state.isDoomed = true;
    return undefined;
  }

  #doubtfulError(draws: FaultDraws): string {
    const doubtful = errorsAt('order').filter(({ isDoubtful }) => isDoubtful);
    const chosen = doubtful[draws.choose('taken-with-error', doubtful.length)];
    return chosen === undefined ? 'EService:Unavailable' : errorText(chosen, this.#wallMs());
  }

  #onExecution(
    state: ConnectionState,
    { step, orderId }: { readonly step: string; readonly orderId: string | undefined },
  ): FrameFault | undefined {
    const { draws } = state;
    if (orderId !== undefined && this.#lateOrders.has(orderId)) {
      if (step === 'canceled' || step === 'filled') this.#lateOrders.delete(orderId);
      return { kind: 'delay', ms: AFTERWARDS_MS };
    }
    if (step === 'trade' && draws.strikes('disconnect-before-fill')) return { kind: 'disconnect' };
    if (draws.strikes('private-half-open')) return { kind: 'half-open' };
    if (draws.strikes('private-silent')) return { kind: 'silence' };
    if (draws.strikes('execution-gap')) return { kind: 'drop' };
    if (draws.strikes('execution-reorder')) return { kind: 'swap' };
    if (draws.strikes('execution-duplicate')) return { kind: 'duplicate' };
    if (step === 'trade' && draws.strikes('disconnect-after-fill')) state.isDoomed = true;
    return undefined;
  }

  #connection(number: number): ConnectionState {
    const known = this.#connections.get(number);
    if (known !== undefined) return known;
    const draws = number === REST ? this.#own : this.#plan.forConnection(number);
    const made: ConnectionState = { draws, isDoomed: false, lie: undefined };
    this.#connections.set(number, made);
    return made;
  }
}
