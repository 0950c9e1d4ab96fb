/**
 * What the account may spend of each asset, in shared memory: written by the sequencer in the modes that use a key, read by
 * the detector, which sizes by it. A hint: what an order may really spend is asked again when it is made.
 *
 *   | whether anything was published (i64) | units of asset 0 (i64) | units of asset 1 | …
 */

import { INT64_MAX, largest, NO_UNITS, smaller, type Units, units } from '../money/money.ts';
import type { AssetIndex } from './instrument.ts';

const KNOWN = 0;
const FUNDS = 1;

export function createFundsTableMemory(assets: number): SharedArrayBuffer {
  return new SharedArrayBuffer((FUNDS + assets) * 8);
}

export class FundsTable {
  readonly #cells: BigInt64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new BigInt64Array(memory);
  }

  /** Units that may be spent; undefined until the account has been read. */
  of(asset: AssetIndex): Units | undefined {
    return Atomics.load(this.#cells, KNOWN) === 0n ? undefined : units(Atomics.load(this.#cells, FUNDS + asset));
  }

  /** Sequencer only. What is beyond 64 bits is stored as the most that they hold. */
  set(asset: AssetIndex, free: Units): void {
    Atomics.store(this.#cells, FUNDS + asset, smaller<bigint>(largest(NO_UNITS, free), INT64_MAX));
  }

  /** What was set for all assets counts from here on. Sequencer only. */
  begin(): void {
    Atomics.store(this.#cells, KNOWN, 1n);
  }
}
