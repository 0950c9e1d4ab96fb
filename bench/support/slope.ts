/** How fast something grows, and how sure that is. */

export interface Slope {
  /** Units of y per unit of x. */
  readonly perUnit: number;
  /** Standard error of that. */
  readonly error: number;
}

/**
 * Least-squares slope of `ys` over `xs`. Neighbouring samples of memory are much alike, which would make the error look
 * smaller than it is; so the line is laid through the means of `blocks` equal stretches.
 */
export function slopeOf(xs: readonly number[], ys: readonly number[], blocks = 20): Slope {
  const count = Math.min(blocks, xs.length);
  const cut = (values: readonly number[], block: number) =>
    mean(values.slice(Math.floor((block * values.length) / count), Math.floor(((block + 1) * values.length) / count)));
  const points = Array.from({ length: count }, (_, block) => ({ x: cut(xs, block), y: cut(ys, block) }));
  const middle = { x: mean(points.map(({ x }) => x)), y: mean(points.map(({ y }) => y)) };
  const spread = sum(points.map(({ x }) => (x - middle.x) ** 2));
  const perUnit = sum(points.map(({ x, y }) => (x - middle.x) * (y - middle.y))) / spread;
  const residuals = sum(points.map(({ x, y }) => (y - middle.y - perUnit * (x - middle.x)) ** 2));
  return { perUnit, error: Math.sqrt(residuals / (count - 2) / spread) };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
