/** One portfolio snapshot: a record per asset that is held, was traded or is configured, all under one number. */

import type { AssetIndex, InstrumentDirectory } from '../../market/instrument.ts';
import { PORTFOLIO, RECORD_KIND } from '../../messages/record-messages.ts';
import { minus, parseAmountDown, plus, type Units, units } from '../../money/money.ts';
import type { RecordWriter } from '../../runtime/records/record-writer.ts';
import { type Config, usesKey } from '../../settings/config.ts';
import { writeAmount } from '../../shared/amount-field.ts';
import { reservedUnits } from './open-plans.ts';
import { accountUnits, ofAsset } from './risk-ledger.ts';
import { ASSET_ENTRY } from './risk-memory.ts';

export interface PortfolioLine {
  readonly asset: AssetIndex;
  readonly name: string;
  readonly precision: number;
  /** What the account holds. On paper, without a configured inventory: what was gained or spent since the start. */
  readonly balanceUnits: Units;
  readonly reservedUnits: Units;
  readonly realisedUnits: Units;
  readonly drawdownUnits: Units;
  readonly exposureUnits: Units;
  readonly dustUnits: Units;
}

/** The lines of a snapshot of `bank`, in the order of the assets. */
export function portfolioLines(bank: DataView, config: Config, directory: InstrumentDirectory): PortfolioLine[] {
  const inventory = usesKey(config.mode) ? {} : config.paper.inventory; // with a key the account says what it holds
  return directory.assets.flatMap(({ index: asset, id: name, precision }) => {
    if (asset >= config.limits.assets_max) return [];
    const configured = Object.hasOwn(inventory, name) ? inventory[name] : undefined;
    const position = ofAsset(bank, asset, ASSET_ENTRY.positionUnits);
    const realised = ofAsset(bank, asset, ASSET_ENTRY.realisedUnits);
    const drawdownUnits = minus(ofAsset(bank, asset, ASSET_ENTRY.peakUnits), realised);
    const reserved = reservedUnits(bank, asset);
    const exposureUnits = ofAsset(bank, asset, ASSET_ENTRY.exposureUnits);
    const dustUnits = ofAsset(bank, asset, ASSET_ENTRY.dustUnits);
    const account = accountUnits(bank, asset);
    const amounts = [position, realised, drawdownUnits, reserved, exposureUnits, dustUnits, account ?? 0n];
    if (configured === undefined && amounts.every((amount) => amount === 0n)) return [];
    const initial = units(configured === undefined ? 0n : parseAmountDown(configured, precision, name));
    return {
      asset,
      name,
      precision,
      balanceUnits: account ?? plus(initial, position),
      reservedUnits: reserved,
      realisedUnits: realised,
      drawdownUnits,
      exposureUnits,
      dustUnits,
    };
  });
}

/** Writes `lines` as snapshot `number`. False, and nothing written, when they do not fit the ring now. */
export function recordPortfolio(records: RecordWriter, number: number, lines: readonly PortfolioLine[]): boolean {
  if (!records.hasRoom(lines.length)) return false;
  for (const line of lines) {
    records.tryWrite(RECORD_KIND.PORTFOLIO, (view, offset) => {
      view.setUint16(offset + PORTFOLIO.asset, line.asset, true);
      view.setFloat64(offset + PORTFOLIO.snapshot, number, true);
      writeAmount(view, offset + PORTFOLIO.balanceUnits, line.balanceUnits);
      writeAmount(view, offset + PORTFOLIO.reservedUnits, line.reservedUnits);
      writeAmount(view, offset + PORTFOLIO.realisedUnits, line.realisedUnits);
      writeAmount(view, offset + PORTFOLIO.drawdownUnits, line.drawdownUnits);
      writeAmount(view, offset + PORTFOLIO.exposureUnits, line.exposureUnits);
      writeAmount(view, offset + PORTFOLIO.dustUnits, line.dustUnits);
    });
  }
  return true;
}
