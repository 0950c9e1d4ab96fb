import { describe, expect, test } from 'vitest';
import { SpendableFunds } from '../../../src/actors/sequencer/account/spendable-funds.ts';
import { createFundsTableMemory, FundsTable } from '../../../src/market/funds-table.ts';
import { type AssetIndex, assetIndex, InstrumentDirectory } from '../../../src/market/instrument.ts';
import { INT64_MAX, units } from '../../../src/money/money.ts';

function stageOf(...balances: bigint[]) {
  const memory = createFundsTableMemory(4);
  const directory = new InstrumentDirectory();
  directory.apply({
    assets: balances.map((_, index) => ({ index: assetIndex(index), id: `A${index}`, precision: 4 })),
    instruments: [],
  });
  const account = { isTrading: true, available: (asset: AssetIndex) => units(balances[asset] ?? 0n) };
  const told = new SpendableFunds(new FundsTable(memory), account, { directory });
  const read = new FundsTable(memory);
  return { account, balances, told, seen: () => balances.map((_, asset) => read.of(assetIndex(asset))) };
}

describe('what is reported of the account’s funds', () => {
  test('nothing before it is reconciled, and then everything at once', () => {
    const { account, told, seen } = stageOf(5n, 0n, 7n);
    account.isTrading = false;
    told.publishAll();
    told.publishHeld();
    expect(seen()).toEqual([undefined, undefined, undefined]);
    account.isTrading = true;
    told.publishAll();
    expect(seen()).toEqual([5n, 0n, 7n]);
  });

  test('what is held at once, what is new when all are gone through; what is owed is nothing to spend', () => {
    const { balances, told, seen } = stageOf(5n, 0n, 7n);
    told.publishAll();
    balances.splice(0, 3, 4n, 3n, -7n);
    told.publishHeld();
    expect(seen()).toEqual([4n, 0n, 0n]);
    told.publishAll();
    expect(seen()).toEqual([4n, 3n, 0n]);
  });

  test('while the account is being read again what was reported last stands, and goes on with the fills', () => {
    const { account, balances, told, seen } = stageOf(5n, 1n);
    told.publishAll();
    account.isTrading = false;
    balances[0] = 2n;
    told.publishAll();
    expect(seen()).toEqual([2n, 1n]);
  });

  test('more than 64 bits is reported as the most that they hold', () => {
    const { told, seen } = stageOf(2n ** 80n);
    told.publishAll();
    expect(seen()).toEqual([INT64_MAX]);
  });
});
