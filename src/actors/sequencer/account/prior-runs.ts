/** What earlier runs left in the books of the account, by the assets that the venue lists now. Pure. */
import type { AssetIndex, InstrumentDirectory } from '../../../market/instrument.ts';
import type { StoredAmount, StoredTrading } from '../../../trading/stored-trading.ts';
import { storedUnits } from './interrupted-plans.ts';

export interface PriorRuns {
  readonly asset: AssetIndex;
  /** Units; exposure and dust are signed. */
  readonly balance: bigint;
  readonly exposure: bigint;
  readonly dust: bigint;
}

/** @returns an entry for each asset with an amount, by its index; and the names that the venue does not list. */
export function leftBehind(
  { balances, exposure, dust }: StoredTrading,
  directory: InstrumentDirectory,
): { readonly left: readonly PriorRuns[]; readonly unlisted: readonly string[] } {
  const of = (amounts: readonly StoredAmount[]) => new Map(amounts.map(({ asset, amount }) => [asset, amount]));
  const columns = { balances: of(balances), exposure: of(exposure), dust: of(dust) };
  const names = new Set(Object.values(columns).flatMap((column) => [...column.keys()]));
  const left: PriorRuns[] = [];
  const unlisted: string[] = [];
  for (const name of names) {
    const found = directory.assetNamed(name);
    if (found === undefined) {
      unlisted.push(name);
      continue;
    }
    const units = (column: ReadonlyMap<string, string>) => storedUnits(column.get(name) ?? '0', found.precision);
    const { index: asset } = found;
    left.push({
      asset,
      balance: units(columns.balances),
      exposure: units(columns.exposure),
      dust: units(columns.dust),
    });
  }
  return { left: left.sort((one, other) => one.asset - other.asset), unlisted };
}
