/** Limits of the settings that name an asset which the venue does not list: a limit that limits nothing. */

import type { InstrumentDirectory } from '../market/instrument.ts';
import type { Config } from '../settings/config.ts';

type Amounts = Readonly<Record<string, string>>;

/** Paths of the settings among `sections` that cannot be applied, such as `risk.loss_max.USDT`. */
export function unlistedLimits(sections: Readonly<Record<string, Amounts>>, directory: InstrumentDirectory): string[] {
  return Object.entries(sections).flatMap(([section, amounts]) =>
    Object.keys(amounts)
      .filter((name) => directory.assetNamed(name) === undefined)
      .map((name) => `${section}.${name}`),
  );
}

/** Every section of limits by asset. */
export const limitSections = ({ risk, trading }: Pick<Config, 'risk' | 'trading'>): Record<string, Amounts> => ({
  'risk.loss_max': risk.loss_max,
  'risk.loss_hourly_max': risk.loss_hourly_max,
  'risk.loss_daily_max': risk.loss_daily_max,
  'risk.drawdown_max': risk.drawdown_max,
  'trading.order_max': trading.order_max,
  'trading.exposure_max': trading.exposure_max,
});
