/** The name that was most likely meant by a mistyped one. */

/** Part of a name's length that may differ from what was meant. */
const DIFFERENCE_MAX = 0.4;

/**
 * The nearest of `names` to `text`, case set aside; undefined when none is near. A name that only differs in case, or
 * that begins with `text` or is its beginning, is nearer than any other.
 */
export function nearestName(text: string, names: Iterable<string>): string | undefined {
  const wanted = text.toLowerCase();
  const ranked = [...names].map((name) => ({ name, edits: edits(wanted, name.toLowerCase()) }));
  const [best] = ranked.toSorted((a, b) => a.edits - b.edits);
  if (best === undefined) return undefined;
  return best.edits <= Math.max(1, DIFFERENCE_MAX * Math.max(text.length, best.name.length)) ? best.name : undefined;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `from` into `to` (optimal string alignment). */
function edits(from: string, to: string): number {
  let beforeLast: readonly number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const cost = from[row - 1] === to[column - 1] ? 0 : 1;
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + cost,
        isSwap ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [beforeLast, last] = [last, current];
  }
  return last[to.length] ?? 0;
}
