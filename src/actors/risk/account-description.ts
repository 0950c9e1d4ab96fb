/** The account as risk keeps it, as text for status answers: orders by what became of them, and each asset. */

import type { AssetIndex, InstrumentDirectory } from '../../market/instrument.ts';
import { worthOf } from '../../market/worth.ts';
import { formatDecimal, type Units } from '../../money/money.ts';
import type { ActorContext } from '../../runtime/actor.ts';
import type { PortfolioLine } from './portfolio-snapshot.ts';
import { RISK_HEADER } from './risk-memory.ts';

type Context = Pick<ActorContext<'risk'>, 'config' | 'bookTable'>;

export function describeAccount(
  bank: DataView,
  lines: readonly PortfolioLine[],
  directory: InstrumentDirectory,
  context: Context,
): { readonly orders: object; readonly assets: object } {
  const assets = lines.map((line) => [line.name, { ...amountsOf(line), ...describeWorth(line, directory, context) }]);
  return { orders: orderCounts(bank), assets: Object.fromEntries(assets) };
}

export function describeHolding(
  { asset, units }: { readonly asset: AssetIndex; readonly units: Units },
  { assets }: Pick<InstrumentDirectory, 'assets'>,
): string {
  const { id, precision } = assets[asset] ?? { id: `#${asset}`, precision: 0 };
  return `${formatDecimal(units, precision)} ${id}`;
}

function orderCounts(bank: DataView): object {
  const count = (field: number) => bank.getFloat64(field, true);
  return {
    sent: count(RISK_HEADER.ordersSent),
    out: count(RISK_HEADER.ordersOut),
    uncertain: count(RISK_HEADER.ordersUncertain),
    refused: count(RISK_HEADER.ordersRefused),
    absent: count(RISK_HEADER.ordersAbsent),
  };
}

function amountsOf(line: PortfolioLine): object {
  const amountText = (units: Units) => formatDecimal(units, line.precision);
  return {
    balance: amountText(line.balanceUnits),
    reserved: amountText(line.reservedUnits),
    realised: amountText(line.realisedUnits),
    drawdown: amountText(line.drawdownUnits),
    exposure: amountText(line.exposureUnits),
    dust: amountText(line.dustUnits),
  };
}

/** What balance and exposure are worth of the asset that trading starts from first, where a book says so. */
function describeWorth(
  { asset, balanceUnits, exposureUnits }: PortfolioLine,
  directory: InstrumentDirectory,
  { bookTable, config }: Context,
): object {
  const into = directory.assetNamed(config.strategy.start_assets[0] ?? 'USD');
  const held = directory.assets[asset];
  if (into === undefined || held === undefined) return {};
  const amountText = (units: Units) => {
    const worth = worthOf(units, held, into, directory, bookTable);
    return worth === undefined ? undefined : `${formatDecimal(worth, into.precision)} ${into.id}`;
  };
  return { balanceWorth: amountText(balanceUnits), exposureWorth: amountText(exposureUnits) };
}
