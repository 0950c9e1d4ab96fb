/**
 * Publishes to the detector what the account may spend. All assets are gone through now and then; between that only those that
 * had something, after every turn that changed anything.
 */

import type { FundsTable } from '../../../market/funds-table.ts';
import type { AssetIndex } from '../../../market/instrument.ts';
import { NO_UNITS } from '../../../money/money.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import type { RunningAccount } from './running-account.ts';

export class SpendableFunds {
  readonly #table: FundsTable;
  readonly #account: Pick<RunningAccount, 'available' | 'isTrading'>;
  readonly #books: Pick<NewestBooks, 'directory'>;
  #held: readonly AssetIndex[] = [];
  #isBegun = false;

  constructor(
    table: FundsTable,
    account: Pick<RunningAccount, 'available' | 'isTrading'>,
    books: Pick<NewestBooks, 'directory'>,
  ) {
    this.#table = table;
    this.#account = account;
    this.#books = books;
  }

  /** Goes through all assets. Before the account was reconciled nothing is known. */
  publishAll(): void {
    if (!this.#isBegun && !this.#account.isTrading) return;
    this.#held = this.#books.directory.assets.map(({ index }) => index).filter((asset) => this.#publish(asset) !== 0n);
    if (!this.#isBegun) this.#table.begin();
    this.#isBegun = true;
  }

  /** Goes through what is held. */
  publishHeld(): void {
    for (const asset of this.#held) this.#publish(asset);
  }

  #publish(asset: AssetIndex): bigint {
    const units = this.#account.available(asset) ?? NO_UNITS;
    this.#table.set(asset, units);
    return units;
  }
}
