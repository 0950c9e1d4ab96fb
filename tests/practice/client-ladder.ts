/** The ladders of a client's book: prices and quantities as they were spelled. Written from the venue's guide alone. */

/** `old` with `changes` applied (a quantity of 0 deletes), sorted best first, cut to `depth`. `order`: 1 for asks, -1 for bids. */
export function changedSide(
  old: ReadonlyMap<string, string>,
  changes: readonly (readonly [price: string, qty: string, ...rest: unknown[]])[],
  depth: number,
  order: 1 | -1,
): Map<string, string> {
  const next = new Map(old);
  for (const [price, qty] of changes) {
    if (Number(qty) === 0) next.delete(price);
    else next.set(price, qty);
  }
  return new Map([...next].sort(([a], [b]) => order * (Number(a) - Number(b))).slice(0, depth));
}

/** What the checksum is over: the digits of the best ten levels, without point and leading zeros. */
export function bestDigits(levels: ReadonlyMap<string, string>): string {
  const digits = (text: string) => text.replace('.', '').replace(/^0+/, '');
  return [...levels]
    .slice(0, 10)
    .map(([price, qty]) => digits(price) + digits(qty))
    .join('');
}
