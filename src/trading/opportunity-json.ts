/**
 * An opportunity as people and programs read it: one JSON line of an opportunities file. Money is decimal text, exact;
 * multipliers are ratios, numbers that read back as the double they are kept as. Keys stand in a fixed order.
 *
 *   {recvIndex, ns, symbol, cycle, startAsset, grossMultiplier, netMultiplier, touchStartQty,
 *    size: {asset, startQty, endQty, profit} | null, legs: [{symbol, side, price, qty, cost, fee}]}
 *
 * `startAsset` and `touchStartQty` belong to the spelling of `cycle`; a size may start from any asset of it, `size.asset`.
 * When `size` is null no order that pays can be made of the edge: a leg's price is then the touch, the rest of it null.
 */

import { formatDecimal, minus, type Units } from '../money/money.ts';
import type { SideName } from '../money/side.ts';

/** An amount, in units of 10^-`decimals`. */
export interface Amount {
  readonly units: Units;
  readonly decimals: number;
}

export interface OpportunityLeg {
  readonly symbol: string;
  readonly side: SideName;
  /** Worst price that the quantity reaches into; the touch when no size was found. */
  readonly price: Amount;
  /** 0 when no size was found, as `cost` and `fee`. */
  readonly qty: Amount;
  /** In the quote asset, before the fee. */
  readonly cost: Amount;
  /** In the asset received. */
  readonly fee: Amount;
}

export interface Opportunity {
  /** Received frame it follows from, from 0. */
  readonly recvIndex: bigint;
  /** When that frame was received, nanoseconds since 1970. */
  readonly ns: bigint;
  /** Instrument whose change triggered it. */
  readonly symbol: string;
  /** Legs in trading order, beginning with the alphabetically first symbol: `BTC/USD:buy>ETH/BTC:buy>ETH/USD:sell`. */
  readonly cycle: string;
  /** Asset that this spelling begins with. */
  readonly startAsset: string;
  readonly grossMultiplier: number;
  readonly netMultiplier: number;
  /** The most of `startAsset` that the touch takes. */
  readonly touchStart: Amount;
  /** What would be traded, from whichever asset pays best; null when no order that pays can be made of it. */
  readonly size: { readonly asset: string; readonly start: Amount; readonly end: Amount } | null;
  /** In the order of `cycle`. */
  readonly legs: readonly OpportunityLeg[];
}

/** The line, without its end. The same opportunity always gives the same bytes. */
export function opportunityJson(opportunity: Opportunity): string {
  const { recvIndex, ns, symbol, cycle, startAsset, grossMultiplier, netMultiplier, touchStart, size } = opportunity;
  return JSON.stringify({
    recvIndex: Number(recvIndex),
    ns: ns.toString(), // beyond 2^53: as text, as in captures
    symbol,
    cycle,
    startAsset,
    grossMultiplier,
    netMultiplier,
    touchStartQty: textOf(touchStart),
    size: sizeOf(opportunity),
    legs: opportunity.legs.map(({ symbol, side, price, qty, cost, fee }) => ({
      symbol,
      side,
      price: textOf(price),
      qty: size === null ? null : textOf(qty),
      cost: size === null ? null : textOf(cost),
      fee: size === null ? null : textOf(fee),
    })),
  });
}

function sizeOf({ size }: Opportunity): object | null {
  if (size === null) return null;
  const { asset, start, end } = size;
  const profit = { units: minus(end.units, start.units), decimals: end.decimals };
  return { asset, startQty: textOf(start), endQty: textOf(end), profit: textOf(profit) };
}

const textOf = ({ units, decimals }: Amount): string => formatDecimal(units, decimals);
