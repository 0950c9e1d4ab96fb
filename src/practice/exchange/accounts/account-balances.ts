/** One account's money: balances, what its open orders hold of them, and the ledger that explains every change. */
import { strict as assert } from 'node:assert';
import type { BalanceRecord, LedgerRecord } from '../exchange-types.ts';
import type { AssetRules } from '../pair-rules.ts';

/** A change of a balance that is about to be booked. */
export interface Posting {
  readonly id: string;
  readonly refId: string;
  readonly type: LedgerRecord['type'];
  readonly asset: AssetRules;
  /** Signed, without the fee. */
  readonly amount: bigint;
  readonly fee: bigint;
  readonly atMs: number;
}

interface Holding {
  readonly asset: AssetRules;
  total: bigint;
  held: bigint;
}

export class AccountBalances {
  readonly name: string;
  readonly #holdings = new Map<string, Holding>();
  readonly #ledger: LedgerRecord[] = [];

  constructor(name: string) {
    this.name = name;
  }

  get ledger(): readonly LedgerRecord[] {
    return this.#ledger;
  }

  balances(): readonly BalanceRecord[] {
    return [...this.#holdings.values()].map((one) => ({ ...one }));
  }

  /** What a new order may use. */
  available(asset: AssetRules): bigint {
    const { total, held } = this.#holding(asset);
    return total - held;
  }

  /** Books a change. What it spends must not be held: release first. */
  post({ asset, amount, fee, ...rest }: Posting): LedgerRecord {
    const holding = this.#holding(asset);
    holding.total += amount - fee;
    checkHolding(this.name, holding);
    const record = { ...rest, account: this.name, asset, amount, fee, balance: holding.total };
    this.#ledger.push(record);
    return record;
  }

  /** Holds more (or less, when negative) for open orders. */
  hold(asset: AssetRules, change: bigint): void {
    const holding = this.#holding(asset);
    holding.held += change;
    checkHolding(this.name, holding);
  }

  #holding(asset: AssetRules): Holding {
    const known = this.#holdings.get(asset.id);
    if (known !== undefined) return known;
    const fresh = { asset, total: 0n, held: 0n };
    this.#holdings.set(asset.id, fresh);
    return fresh;
  }
}

function checkHolding(account: string, { asset, total, held }: Holding): void {
  assert(held >= 0n && total >= held, `${account}: ${total} ${asset.id}, of which ${held} held`);
}
