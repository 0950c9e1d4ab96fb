/** The side of an order. The number is what messages carry, the name what texts and the venue's wire do. */

/** Buys the base asset. */
export const BUY = 0;
/** Sells the base asset. */
export const SELL = 1;
export type Side = typeof BUY | typeof SELL;
export type SideName = 'buy' | 'sell';

export const SIDES: readonly Side[] = [BUY, SELL];

export const sideName = (side: Side): SideName => (side === BUY ? 'buy' : 'sell');

/** The side of that name; undefined for any other text. */
export function sideNamed(name: string): Side | undefined {
  return name === 'buy' ? BUY : name === 'sell' ? SELL : undefined;
}

/** The side that takes back what `side` did. */
export const opposite = (side: Side): Side => (side === BUY ? SELL : BUY);
