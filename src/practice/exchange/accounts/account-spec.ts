/** Who may trade on the practice exchange: accounts, their keys, their tiers and what they hold, from a file or made up. */
import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { parsePercent } from '../../../money/money.ts';
import { type Chance, secretBytes, seededChance } from '../../../platform/chance.ts';
import { arbitradeError, reasonOf } from '../../../platform/errors.ts';
import type { AccountSettings, RateTier } from '../exchange-types.ts';

/** What a key may be allowed to do, by the venue's names (protocol reference 3.3). */
export const PERMISSIONS = [
  'query-funds',
  'add-funds',
  'withdraw-funds',
  'earn-funds',
  'query-open-trades',
  'query-closed-trades',
  'modify-trades',
  'close-trades',
  'query-ledger',
  'export-data',
  'create-ws-token',
  'add-withdraw-address',
  'update-withdraw-address',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** What a key has that nothing is said of: all that trading needs, and nothing that moves money out. */
export const TRADING_PERMISSIONS: readonly Permission[] = [
  'query-funds',
  'query-open-trades',
  'query-closed-trades',
  'modify-trades',
  'close-trades',
  'query-ledger',
  'create-ws-token',
];

/** Verification level: it decides the rate limits, not the fees (protocol reference 4). */
const RATE_TIERS = ['starter', 'intermediate', 'pro'] as const satisfies readonly RateTier[];

/** An account that can be reached from outside, with a key. */
export interface AccountSpec extends AccountSettings {
  readonly key: string;
  /** Base64 of 64 bytes. */
  readonly secret: string;
  /** Tier of the fee schedule, 1 (most expensive) to 17; `fees` says whether other fees stand in its place. */
  readonly tier: number;
  readonly permissions: readonly Permission[];
  /** Nonces may come this much below the highest one. */
  readonly nonceWindow: number;
  /**
   * `one`: as on the venue, each nonce must be above all before it. `each`: nonces that are the present time are held
   * against those in the same unit only, so that clients that count in milliseconds and in nanoseconds can share a key.
   */
  readonly nonceScales: 'one' | 'each';
}

/** Accounts without a key can be used by code only. */
export function hasKey(account: AccountSettings | AccountSpec): account is AccountSpec {
  return 'key' in account;
}

const decimal = z
  .union([z.string(), z.number()])
  .transform(String)
  .pipe(z.string().regex(/^\d+(\.\d+)?$/));
const base64 = z.string().refine((text) => Buffer.from(text, 'base64').toString('base64') === text && text !== '');

const account = z.strictObject({
  name: z.string().min(1),
  key: z.string().min(1).optional(),
  secret: base64.optional(),
  tier: z.int().min(1).max(17).default(1),
  fee_pct: decimal.optional(),
  rate_tier: z.enum(RATE_TIERS).default('pro'),
  sell_fees_in: z.enum(['quote', 'base']).default('quote'),
  balances: z.record(z.string(), decimal).optional(),
  permissions: z.array(z.enum(PERMISSIONS)).default([...TRADING_PERMISSIONS]),
  nonce_window: z.int().min(0).default(0),
  nonce_scales: z.enum(['one', 'each']).default('one'),
});
const accountFile = z.strictObject({ accounts: z.array(account).min(1) });

/**
 * Reads accounts from YAML or JSON; keys and balances that the file leaves out are made up.
 * @param assets the market's assets, for accounts without balances. @param seed makes keys repeatable.
 * @throws CONFIG_UNREADABLE, CONFIG_INVALID.
 */
export function readAccounts(file: string, assets: readonly string[], seed?: number): readonly AccountSpec[] {
  const checked = accountFile.safeParse(rawAccounts(file));
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw arbitradeError('CONFIG_INVALID', `${file}: ${issue?.path.join('.') ?? ''}`, issue?.message ?? 'accounts', '');
  }
  const chance = seed === undefined ? undefined : seededChance(seed);
  const accounts = checked.data.accounts.map((one) => ({
    name: one.name,
    key: one.key ?? keyText(chance),
    secret: one.secret ?? secretText(chance),
    tier: one.tier,
    fees: one.fee_pct === undefined ? { tier: one.tier } : flatFees(one.fee_pct),
    rateTier: one.rate_tier,
    sellFeesIn: one.sell_fees_in,
    balances: one.balances ?? madeBalances(assets),
    permissions: one.permissions,
    nonceWindow: one.nonce_window,
    nonceScales: one.nonce_scales,
  }));
  refuseTwins(file, accounts);
  return accounts;
}

/** Two accounts that hold something of every asset of the market. @param seed makes keys repeatable. */
export function madeAccounts(assets: readonly string[], seed?: number): readonly AccountSpec[] {
  const chance = seed === undefined ? undefined : seededChance(seed);
  return ['main', 'second'].map((name) => ({
    name,
    key: keyText(chance),
    secret: secretText(chance),
    tier: 1,
    fees: { tier: 1 },
    rateTier: 'pro' as const,
    balances: madeBalances(assets),
    permissions: TRADING_PERMISSIONS,
    nonceWindow: 0,
    nonceScales: 'each' as const,
  }));
}

/** The accounts with other fees: a tier (`tier5`) or a percentage (`0.1`). @throws OPTION_INVALID. */
export function withFees(accounts: readonly AccountSpec[], fees: string): readonly AccountSpec[] {
  const tier = /^tier(\d{1,2})$/.exec(fees)?.[1];
  if (tier === undefined)
    return accounts.map((one) => ({ ...one, fees: flatFees(checkedFee(fees, PERCENTAGE_OR_TIER)) }));
  if (Number(tier) < 1 || Number(tier) > 17) throw feesInvalid(fees, PERCENTAGE_OR_TIER);
  return accounts.map((one) => ({ ...one, tier: Number(tier), fees: { tier: Number(tier) } }));
}

function flatFees(percent: string): AccountSettings['fees'] {
  return { makerPct: percent, takerPct: percent };
}

/** A fee in percent, as it is written. @throws OPTION_INVALID. */
export function checkedFee(fees: string, expected = PERCENTAGE): string {
  if (!/^\d+(\.\d{1,4})?$/.test(fees) || parsePercent(fees) >= 1_000_000) throw feesInvalid(fees, expected);
  return fees;
}

const PERCENTAGE = 'a percentage from 0 to below 100, at most 4 decimals';
const PERCENTAGE_OR_TIER = `${PERCENTAGE}, or tier1 to tier17`;

function feesInvalid(fees: string, expected: string): Error {
  return arbitradeError('OPTION_INVALID', '--fees', expected, fees);
}

function rawAccounts(file: string): unknown {
  try {
    return parseYaml(readFileSync(file, 'utf8'));
  } catch (thrown) {
    throw arbitradeError('CONFIG_UNREADABLE', file, reasonOf(thrown));
  }
}

function refuseTwins(file: string, accounts: readonly AccountSpec[]): void {
  for (const field of ['name', 'key'] as const) {
    const twin = accounts.find((one, at) => accounts.findIndex((other) => other[field] === one[field]) < at);
    if (twin !== undefined)
      throw arbitradeError('CONFIG_INVALID', `${file}: accounts`, `a ${field} of its own for each`, twin.name);
  }
}

/** Amounts of about the same worth, so that no direction runs out first. Assets not listed here: 10,000. */
const MADE_BALANCES: Readonly<Record<string, string>> = {
  ...{ USD: '250000', EUR: '250000', GBP: '250000', CHF: '250000', AUD: '250000', CAD: '250000', JPY: '30000000' },
  ...{ USDT: '250000', USDC: '250000', DAI: '250000', BTC: '5', ETH: '100', BCH: '400', LTC: '1500', ZEC: '1500' },
};

function madeBalances(assets: readonly string[]): Record<string, string> {
  return Object.fromEntries(assets.map((asset) => [asset, MADE_BALANCES[asset] ?? '10000']));
}

/** 56 characters, as the venue's public keys have. */
function keyText(chance: Chance | undefined): string {
  return bytesOf(42, chance).toString('base64');
}

function secretText(chance: Chance | undefined): string {
  return bytesOf(64, chance).toString('base64');
}

function bytesOf(count: number, chance: Chance | undefined): Buffer {
  if (chance === undefined) return secretBytes(count);
  return Buffer.from(Array.from({ length: count }, () => chance.integer(256)));
}
