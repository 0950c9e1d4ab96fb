import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CollaredLeg, type SizeBounds, sizePlan } from '../../../src/actors/sequencer/decisions/plan-size.ts';
import { assetSpent } from '../../../src/market/asset-graph.ts';
import { executeCycle } from '../../../src/market/cycles/cycle-sizing.ts';
import { type Lots, lots, ticks, units } from '../../../src/money/money.ts';
import { BUY } from '../../../src/money/side.ts';
import { type CycleDraw, cycleDraw, type LegDraw, legsOf } from '../../market/cycles/cycle-fixtures.ts';

const SEED = 20_261_121;

type Bound = bigint | undefined;
interface BoundsDraw {
  readonly lots: readonly Bound[];
  readonly spend: readonly Bound[];
  readonly out: readonly Bound[];
  readonly stock: readonly Bound[];
  readonly isParallel: boolean;
  readonly collar: bigint;
  readonly decided: bigint;
}

/** Few, so that most plans stay orders, and of the size of what they spend. */
const bound = fc.oneof(
  { weight: 9, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.bigInt(-5n, 200n) },
  { weight: 2, arbitrary: fc.bigInt(1_000n, 20_000n) },
);
const boundDraw = fc.array(bound, { minLength: 4, maxLength: 4 });
const boundsDraw: fc.Arbitrary<BoundsDraw> = fc.record({
  lots: boundDraw,
  spend: boundDraw,
  out: boundDraw,
  stock: boundDraw,
  isParallel: fc.boolean(),
  collar: fc.bigInt(0n, 6n),
  decided: fc.bigInt(1n, 120n),
});

/** Every leg goes out at the worst price of its ladder, and `collar` ticks beyond. */
const collaredLegs = (draw: CycleDraw, collar: bigint): CollaredLeg[] =>
  legsOf(draw).map((leg) => {
    const worst = leg.fill(leg.lotsMax).priceTicks;
    return { leg, limitTicks: ticks(leg.terms.side === BUY ? worst + collar : worst - collar) };
  });

const labelled = <A>(bound: Bound, label: (value: bigint) => A): A | undefined =>
  bound === undefined ? undefined : label(bound);

const boundsOf = ({ spend, out, stock, isParallel, ...drawn }: BoundsDraw): SizeBounds => ({
  limits: {
    qtyMaxLots: (instrument) => labelled(drawn.lots[instrument], lots),
    spendMaxUnits: (instrument) => labelled(spend[instrument], units),
    exposureRoomUnits: (instrument) => labelled(out[instrument], units),
  },
  available: (asset) => labelled(stock[asset], units),
  isParallel,
});

/** The same by trying every size from the largest on. */
function bruteForce(collared: readonly CollaredLeg[], drawn: BoundsDraw, decided: bigint) {
  const legs = collared.map(({ leg }) => leg);
  const { qtyIncrement } = legs[0]!.terms.instrument;
  for (let first = decided; first > 0n; first -= qtyIncrement) {
    const executed = executeCycle(legs, lots(first));
    if (executed?.lots.every((lots, index) => isWithin(collared[index]!, lots, index, drawn))) {
      return executed.lots.every((lots, index) => legs[index]!.reachesCostMin(lots, collared[index]!.limitTicks))
        ? executed
        : undefined;
    }
  }
  return undefined;
}

function isWithin(one: CollaredLeg, lots: Lots, index: number, { isParallel, ...drawn }: BoundsDraw): boolean {
  const { instrument, side } = one.leg.terms;
  const isPaidFromStock = index === 0 || isParallel;
  const bounds = [
    drawn.spend[index],
    drawn.out[index],
    isPaidFromStock ? drawn.stock[assetSpent(instrument, side)] : undefined,
  ];
  const spent = one.leg.spentAtLimit(lots, one.limitTicks);
  return lots <= (drawn.lots[index] ?? lots) && bounds.every((bound) => spent <= (bound ?? spent));
}

describe('the size of a plan', () => {
  for (const length of [3, 4] as const) {
    test(`is the largest that is within every limit and the stock, in cycles of ${length}`, () => {
      const seen = { whole: 0, cut: 0, refused: 0 };
      fc.assert(
        fc.property(cycleDraw(length), boundsDraw, (draw, drawn) => {
          const collared = collaredLegs(draw, drawn.collar);
          const first = collared[0]!.leg;
          const { qtyIncrement } = first.terms.instrument;
          const decided = drawn.decided * qtyIncrement < first.lotsMax ? drawn.decided * qtyIncrement : first.lotsMax;
          const size = sizePlan(collared, lots(drawn.decided * qtyIncrement), boundsOf(drawn));
          const best = bruteForce(collared, drawn, decided);
          if (typeof size === 'string') {
            expect(best).toBeUndefined();
            seen.refused++;
          } else {
            expect(size).toEqual(best);
            if (size.lots[0] === decided) seen.whole++;
            else seen.cut++;
          }
        }),
        { numRuns: 6_000, seed: SEED },
      );
      expect(Math.min(seen.whole, seen.cut, seen.refused)).toBeGreaterThan(60);
    });
  }

  test('says what left no order: the stock, a limit, a minimum of the venue, or a book with nothing in the collar', () => {
    const leg = { pricePrecision: 2, qtyPrecision: 0, feePpm: 0, increment: 1n, qtyMin: 10n, costMin: 0n, price: 100n };
    const levels = [{ gap: 0n, qty: 50n }];
    const buy: LegDraw = { ...leg, side: BUY, levels };
    const draw: CycleDraw = { legs: [buy, buy, buy], assetPrecisions: [2, 2, 2] };
    const none = { lots: [], spend: [], out: [], stock: [], isParallel: false, collar: 0n, decided: 50n };
    const sized = (bounds: Partial<BoundsDraw>, decided = 50n) =>
      sizePlan(collaredLegs(draw, 0n), lots(decided), boundsOf({ ...none, ...bounds }));
    expect(sized({})).toMatchObject({ lots: [50n, 50n, 50n] });
    expect(sized({ stock: [719n] })).toBe('no_inventory');
    expect(sized({ stock: [800n], spend: [719n] })).toBe('over_limit');
    expect(sized({ lots: [undefined, undefined, 9n] })).toBe('over_limit');
    expect(sized({ out: [undefined, 0n] })).toBe('over_limit');
    expect(sized({}, 9n)).toBe('below_minimum');
    const empty = collaredLegs({ ...draw, legs: [buy, { ...buy, levels: [{ gap: 0n, qty: 9n }] }, buy] }, 0n);
    expect(sizePlan(empty, lots(50n), boundsOf(none))).toBe('edge_gone');
  });
});
