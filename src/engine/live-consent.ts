/**
 * The three yeses without which nothing starts that can trade with real money: the settings', the operator's, the key's.
 * Each one that is missing is an error of its own that says what to do.
 */

import { arbitradeError } from '../platform/errors.ts';
import type { Config } from '../settings/config.ts';
import type { ApiKey } from '../settings/secrets-file.ts';
import type { KeyReport } from '../venues/venue.ts';

/** First yes: the settings mean it, and bound what can be lost. @throws LIVE_NOT_ENABLED, LIVE_UNLIMITED, CONFIG_INVALID. */
export function requireEnabled({ mode, live, strategy, trading, risk, persistence }: Config): void {
  if (mode !== 'live') throw arbitradeError('LIVE_NOT_ENABLED', 'mode', mode);
  if (!live.real_orders) throw arbitradeError('LIVE_NOT_ENABLED', 'live.real_orders', live.real_orders);
  const { start_assets: assets } = strategy;
  if (assets.length === 0) {
    throw arbitradeError(
      'CONFIG_INVALID',
      'strategy.start_assets',
      'the assets that live trading may start from',
      assets,
    );
  }
  if (persistence.database === ':memory:') {
    const expected = 'a file: what was traded must outlive the process';
    throw arbitradeError('CONFIG_INVALID', 'persistence.database', expected, persistence.database);
  }
  requireLimits('trading.order_max', trading.order_max, assets);
  requireLimits('risk.loss_max', risk.loss_max, assets);
}

function requireLimits(setting: string, limits: Readonly<Record<string, string>>, assets: readonly string[]): void {
  const without = assets.find((asset) => !Object.hasOwn(limits, asset));
  if (without !== undefined) throw arbitradeError('LIVE_UNLIMITED', setting, without);
}

/** Second yes: the operator names the key, so that a wrong file does not trade a wrong account. @throws LIVE_NOT_CONFIRMED. */
export function requireConfirmed({ name }: ApiKey, named: string | undefined): void {
  if (named === undefined) throw arbitradeError('LIVE_NOT_CONFIRMED', 'no key was named');
  if (named !== name) throw arbitradeError('LIVE_NOT_CONFIRMED', 'venue.secrets_file holds a key of another name');
}

/**
 * Third yes: the key can trade, cannot withdraw, and is the one that the venue has under this name.
 * @throws KEY_REFUSED.
 */
export function requireFit({ name }: ApiKey, report: KeyReport): void {
  const isOther = report.name !== '' && report.name !== name;
  const reasons = [...(isOther ? ['the venue has this key under another name'] : []), ...report.changesNeeded];
  if (reasons.length > 0) throw arbitradeError('KEY_REFUSED', name, reasons.join('; '));
}
