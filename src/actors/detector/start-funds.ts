/**
 * What a size may begin with: the real account's free balances in the modes that use a key, as the sequencer publishes them;
 * `paper.inventory` in the others. Without an inventory, and before the account is known, books alone are the limit.
 */

import type { FundsTable } from '../../market/funds-table.ts';
import type { Asset } from '../../market/instrument.ts';
import { NO_UNITS, parseAmountDown, type Units, units } from '../../money/money.ts';
import { type Config, usesKey } from '../../settings/config.ts';

export class StartFunds {
  readonly #inventory: Config['paper']['inventory'];
  readonly #account: FundsTable | undefined;
  readonly #isUnlimited: boolean;

  constructor({ mode, paper: { inventory } }: Config, fundsTable: FundsTable) {
    this.#inventory = inventory;
    this.#account = usesKey(mode) ? fundsTable : undefined;
    this.#isUnlimited = Object.keys(inventory).length === 0;
  }

  /** Units of an asset that a size may spend; undefined when nothing limits it but the books. */
  of({ index, id, precision }: Asset): Units | undefined {
    if (this.#account !== undefined) return this.#account.of(index);
    if (this.#isUnlimited) return undefined;
    return Object.hasOwn(this.#inventory, id)
      ? units(parseAmountDown(this.#inventory[id] ?? '0', precision, `paper.inventory.${id}`))
      : NO_UNITS;
  }
}
