/** What a key may do and what it must not (protocol reference 3.3, `GetApiKeyInfo`). */
import { z } from 'zod';

/** With what each is needed for, as the venue's page for keys names it. */
const REQUIRED: Readonly<Record<string, string>> = {
  'query-funds': 'Funds permissions – Query',
  'query-open-trades': 'Orders and trades – Query open orders & trades',
  'query-closed-trades': 'Orders and trades – Query closed orders & trades',
  'modify-trades': 'Orders and trades – Create & modify orders',
  'close-trades': 'Orders and trades – Cancel & close orders',
  'query-ledger': 'Data – Query ledger entries',
  'create-ws-token': 'WebSocket interface – On',
};

/** A program that trades has no use for these, but a thief of the key would. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  'withdraw-funds': 'Funds permissions – Withdraw',
  'add-withdraw-address': 'Funds permissions – Add withdrawal addresses',
  'update-withdraw-address': 'Funds permissions – Update withdrawal addresses',
};

export interface KeyInfo {
  readonly name: string;
  readonly permissions: readonly string[];
  /** Milliseconds since 1970; undefined when it does not end. */
  readonly validUntilMs: number | undefined;
  readonly ipAllowlist: readonly string[];
}

/** A permission by the venue's name for it, and where to find it. */
export interface Permission {
  readonly name: string;
  readonly setting: string;
}

export interface KeyVerdict {
  /** To be added. */
  readonly missing: readonly Permission[];
  /** To be taken away. */
  readonly forbidden: readonly Permission[];
  readonly isExpired: boolean;
  /** Whether none of that prevents trading. */
  readonly mayTrade: boolean;
}

/** Documented in camelCase, seen in snake_case. */
const CAMEL = z.object({
  apiKeyName: z.string().nullish(),
  permissions: z.array(z.string().max(64)).max(64),
  validUntil: z.string().nullish(),
  ipAllowlist: z.array(z.string()).nullish(),
});

export const KEY_INFO = z.preprocess(camelCased, CAMEL);

export function keyInfoOf({ apiKeyName, permissions, validUntil, ipAllowlist }: z.infer<typeof CAMEL>): KeyInfo {
  const untilS = Number(validUntil ?? '0');
  return {
    name: apiKeyName ?? '',
    permissions,
    validUntilMs: untilS > 0 ? untilS * 1_000 : undefined,
    ipAllowlist: ipAllowlist ?? [],
  };
}

/** What has to change before a key can be traded with. */
export function judgeKey({ permissions, validUntilMs }: KeyInfo, wallMs: number): KeyVerdict {
  const named = (table: Readonly<Record<string, string>>, isListed: boolean): Permission[] =>
    Object.entries(table)
      .filter(([name]) => permissions.includes(name) === isListed)
      .map(([name, setting]) => ({ name, setting }));
  const missing = named(REQUIRED, false);
  const forbidden = named(FORBIDDEN, true);
  const isExpired = validUntilMs !== undefined && validUntilMs <= wallMs;
  return { missing, forbidden, isExpired, mayTrade: missing.length + forbidden.length === 0 && !isExpired };
}

/** What has to change, in words; empty when nothing has. */
export function changesNeeded({ missing, forbidden, isExpired }: KeyVerdict): string[] {
  return [
    ...(isExpired ? ['it has expired'] : []),
    ...(forbidden.length > 0 ? [`take away ${listed(forbidden)}`] : []),
    ...(missing.length > 0 ? [`it needs ${listed(missing)}`] : []),
  ];
}

const listed = (permissions: readonly Permission[]): string =>
  permissions.map(({ name, setting }) => `${name} (${setting})`).join(', ');

function camelCased(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const camel = (key: string) => key.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [camel(key), part]));
}
