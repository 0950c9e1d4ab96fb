/**
 * Where something can be made to go wrong on the trading side. The exchange asks at these points; what is answered, how
 * often and under which name is the fault catalogue's. Undefined, the usual answer, means that nothing happens.
 */
import type { ExecutionKind, OrderRecord } from '../exchange/exchange-types.ts';

/** A request of a private socket or of REST, before anything of it is done. */
export interface TradingRequest {
  readonly account: string;
  readonly via: 'socket' | 'rest';
  /** Number of the connection, from 1; 0 for REST. */
  readonly connection: number;
  /** Socket method (`add_order`) or REST name (`AddOrder`). */
  readonly method: string;
  readonly symbol: string | undefined;
  readonly side: string | undefined;
}

export type RequestFault =
  /** Refused with this text; nothing is done. `revokesToken`: the request's token is good for nothing from now on. */
  | { readonly kind: 'refuse'; readonly error: string; readonly revokesToken?: boolean }
  /** The engine gets to it only then: its deadline may be over. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** It never arrives, and is never answered. */
  | { readonly kind: 'lose' }
  /** It never arrives: the connection ends first. */
  | { readonly kind: 'disconnect' };

/** A frame being sent to a private client. */
export interface PrivateFrame {
  readonly account: string;
  readonly connection: number;
  readonly content: /** `orderId` of an order that was taken. */
    | { readonly kind: 'reply'; readonly method: string; readonly orderId: string | undefined }
    | { readonly kind: 'execution'; readonly step: ExecutionKind | 'snapshot'; readonly orderId: string | undefined }
    | { readonly kind: 'balance'; readonly type: 'snapshot' | 'update' };
}

export type FrameFault =
  | { readonly kind: 'drop' }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Leaves after its successor on the same connection. */
  | { readonly kind: 'swap' }
  /** The connection ends instead; what it was about has happened. */
  | { readonly kind: 'disconnect' }
  /** The connection stays and says nothing any more. */
  | { readonly kind: 'half-open' }
  /** The channels of the connection say nothing any more; answers and heartbeats go on. */
  | { readonly kind: 'silence' }
  /** A reply that says this error instead, although what was asked has been done. */
  | { readonly kind: 'error'; readonly error: string };

/** What happens to an order that the engine is about to match. */
export interface MatchFault {
  /** What the market has on the other side within this many basis points of its best vanishes first. */
  readonly goneBps?: bigint;
  /** Parts per million of what would fill at once that may; the order is canceled then. 0: nothing fills. */
  readonly fillPpm?: bigint;
}

export interface TradingFaults {
  onRequest(request: TradingRequest): RequestFault | undefined;
  onFrame(frame: PrivateFrame): FrameFault | undefined;
  onMatch(order: OrderRecord): MatchFault | undefined;
  /** An open order is about to be canceled on request: parts per million of its rest that the market fills first. */
  onCancel(order: OrderRecord): bigint | undefined;
}

/** An exchange without faults. */
export const NO_TRADING_FAULTS: TradingFaults = {
  onRequest: () => undefined,
  onFrame: () => undefined,
  onMatch: () => undefined,
  onCancel: () => undefined,
};
