/**
 * What a person asks and is answered about bringing home what is stranded (`arbitrade flatten`). Amounts and prices are
 * plain decimal text, amounts never negative: they pass a socket, and a person reads them.
 */

/** What a person has seen and said yes to: what the loss is measured by is what he saw. */
export interface FlattenAccepted {
  readonly asset: string;
  /** Asset that it comes home to. */
  readonly to: string;
  readonly amount: string;
  /** Price that it was valued at. */
  readonly reference: string;
}

export interface FlattenAsk {
  /** Empty: everything that is exposed. */
  readonly assets: readonly string[];
  /** Undefined: the first of `strategy.start_assets`. */
  readonly to?: string | undefined;
  /** Undefined: `trading.shortfall_loss_max_bps`. */
  readonly lossMaxBps?: number | undefined;
  /** Undefined: a preview, which changes nothing. */
  readonly accepted?: readonly FlattenAccepted[] | undefined;
}

export interface FlattenOffer extends FlattenAccepted {
  /** What becomes of the asset; and the pair, with the side of the orders, over which. */
  readonly side: 'sell' | 'buy';
  readonly pair: string;
  readonly order: 'sell' | 'buy';
  /** What of the amount the books take now within the bound, the average price after the fee, and what that brings or costs. */
  readonly now: string;
  readonly price: string;
  readonly total: string;
  /** What that loses by the reference price, the fee counted in: of the asset it comes home to, and in basis points. */
  readonly loss: string;
  readonly lossBps: string;
  readonly lossMaxBps: number;
  /** No order goes beyond this price. */
  readonly bound: string;
  /** Plan that has begun to do it; undefined in a preview. */
  readonly plan?: number | undefined;
}

export interface FlattenKept {
  readonly asset: string;
  /** With a sign: what is owed is negative. */
  readonly amount: string;
  readonly why: string;
}

export interface FlattenReport {
  /** Why nothing of it can be done now; undefined when it can. */
  readonly refused?: string | undefined;
  readonly offers: readonly FlattenOffer[];
  readonly kept: readonly FlattenKept[];
}
