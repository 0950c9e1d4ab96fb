/** Opens accounts as the settings describe them: every mistake in them is the user's and is refused before the start. */

import { parseDecimal } from '../../../money/money.ts';
import { arbitradeError } from '../../../platform/errors.ts';
import type { ExchangeIds } from '../exchange-ids.ts';
import type { AccountSettings } from '../exchange-types.ts';
import type { AssetRules } from '../pair-rules.ts';
import { TIER_LIMITS } from '../rate-counter.ts';
import { AccountRecord } from './account-record.ts';

/**
 * @param assets those that the exchange knows, by code.
 * @throws OPTION_INVALID, DECIMAL_INVALID, DECIMAL_DOES_NOT_FIT.
 */
export function openAccount(
  settings: AccountSettings,
  assets: ReadonlyMap<string, AssetRules>,
  ids: ExchangeIds,
  nowMs: number,
): AccountRecord {
  const { name, rateTier, balances } = settings;
  if (name === '') throw arbitradeError('OPTION_INVALID', 'account', 'a name', name);
  if (!Object.hasOwn(TIER_LIMITS, rateTier)) {
    throw arbitradeError(
      'OPTION_INVALID',
      `account ${name}`,
      `a tier of ${Object.keys(TIER_LIMITS).join(', ')}`,
      rateTier,
    );
  }
  const state = new AccountRecord(settings);
  for (const [id, text] of Object.entries(balances)) {
    const asset = assets.get(id);
    if (asset === undefined) {
      throw arbitradeError('OPTION_INVALID', `account ${name}`, `assets of ${[...assets.keys()].join(', ')}`, id);
    }
    const amount = parseDecimal(text, asset.decimals, `balance of ${id} of account ${name}`);
    if (amount < 0n) throw arbitradeError('OPTION_INVALID', `account ${name}`, 'a balance from 0', text);
    const refId = ids.next('D');
    state.money.post({ id: ids.next('L'), refId, type: 'deposit', asset, amount, fee: 0n, atMs: nowMs });
  }
  return state;
}
