import { expect, test } from 'vitest';
import { balanceChanges, fillMovements } from '../../../src/actors/sequencer/model/fill-movements.ts';
import type { AssetIndex } from '../../../src/market/instrument.ts';
import { lots, units } from '../../../src/money/money.ts';
import type { Side } from '../../../src/money/side.ts';
import { DIRECTORY } from './account-stage.ts';
import { BTC, BTC_USD, ETH, USD } from './sequencer-stage.ts';

const PAIR = DIRECTORY.instruments[BTC_USD]!;
/** 0.01 BTC for 500 USD. */
const TRADED = { qtyLots: lots(1_000_000n), costUnits: units(500_0000n), feeUnits: units(7n) };
const changes = (side: Side, feeAsset: AssetIndex) =>
  balanceChanges(fillMovements(PAIR, PAIR, side, DIRECTORY, { ...TRADED, feeAsset }));

test('a fee in the asset received comes off what is received', () => {
  expect(changes(0, BTC)).toEqual([
    [USD, -500_0000n],
    [BTC, 100_000_000n - 7n],
  ]);
  expect(changes(1, USD)).toEqual([
    [BTC, -100_000_000n],
    [USD, 500_0000n - 7n],
  ]);
});

test('a fee in the asset given comes on top of what is given', () => {
  expect(changes(0, USD)).toEqual([
    [USD, -500_0007n],
    [BTC, 100_000_000n],
  ]);
  expect(changes(1, BTC)).toEqual([
    [BTC, -100_000_007n],
    [USD, 500_0000n],
  ]);
});

test('a fee in a third asset is a third change', () => {
  expect(changes(0, ETH)).toEqual([
    [USD, -500_0000n],
    [BTC, 100_000_000n],
    [ETH, -7n],
  ]);
});

test('lots are counted in the scale of their order, whatever the pair has now', () => {
  const now = { ...PAIR, qtyPrecision: PAIR.qtyPrecision - 3 };
  const fill = { ...TRADED, feeAsset: BTC };
  expect(fillMovements(now, PAIR, 0, DIRECTORY, fill)).toEqual(fillMovements(PAIR, PAIR, 0, DIRECTORY, fill));
});
