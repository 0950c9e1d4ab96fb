/**
 * Entries of the `balances` channel (protocol reference 2.4). Only the spot wallet `main` can be traded from: what lies in
 * others is not ours to count on.
 */
import { z } from 'zod';
import { signedAmountText } from '../amount-text.ts';

export interface BalanceReport {
  /** Modern name. */
  readonly asset: string;
  /** Decimal text of what the spot wallet holds, amounts held by open orders included. */
  readonly balance: string;
  /** Trade that changed it; empty in a snapshot. */
  readonly refId: string;
}

export interface BalanceEntries {
  readonly reports: readonly BalanceReport[];
  /** Why an entry could not be read. */
  readonly unreadable: readonly string[];
}

const text = z.string().max(200);
const SPOT = 'spot';
const MAIN = 'main';

const SNAPSHOT_ENTRY = z.object({
  asset: text.min(1),
  wallets: z.array(z.object({ type: text, id: text, balance: signedAmountText })).max(64),
});
const UPDATE_ENTRY = z.object({
  asset: text.min(1),
  wallet_type: text,
  wallet_id: text,
  balance: signedAmountText,
  ref_id: text.nullish(),
});

/** Reads the entries of one frame, whose numbers are texts. */
export function balanceEntriesOf(data: readonly unknown[], isSnapshot: boolean): BalanceEntries {
  const reports: BalanceReport[] = [];
  const unreadable: string[] = [];
  for (const entry of data) {
    const read = isSnapshot ? snapshotEntry(entry) : updateEntry(entry);
    if (typeof read === 'string') unreadable.push(read);
    else if (read !== undefined) reports.push(read);
  }
  return { reports, unreadable };
}

/** An asset without a spot wallet is one of which nothing can be traded. */
function snapshotEntry(entry: unknown): BalanceReport | string {
  const checked = SNAPSHOT_ENTRY.safeParse(entry);
  if (!checked.success) return whyNot(checked.error);
  const { asset, wallets } = checked.data;
  const main = wallets.find(({ type, id }) => type === SPOT && id === MAIN);
  return { asset, balance: main?.balance ?? '0', refId: '' };
}

/** Undefined for another wallet than the one traded from. */
function updateEntry(entry: unknown): BalanceReport | string | undefined {
  const checked = UPDATE_ENTRY.safeParse(entry);
  if (!checked.success) return whyNot(checked.error);
  const { asset, wallet_type, wallet_id, balance, ref_id } = checked.data;
  if (wallet_type !== SPOT || wallet_id !== MAIN) return undefined;
  return { asset, balance, refId: ref_id ?? '' };
}

function whyNot(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join('.')}: ${issue?.message}`;
}
