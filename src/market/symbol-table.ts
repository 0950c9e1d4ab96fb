/**
 * Finds an instrument by the bytes of its symbol, without making a string: a hash table with open addressing over the
 * symbols' bytes. The caller computes {@link hashStep} over the bytes as it passes them.
 */
import { type InstrumentIndex, instrumentIndex } from './instrument.ts';

/** What is returned in place of an instrument. */
export const NOT_FOUND = instrumentIndex(-1);
export const HASH_START = 0x811c9dc5 | 0;

/** One step of FNV-1a over 32 bits. */
export const hashStep = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x01000193);

export class SymbolTable {
  #slots = new Int32Array(64).fill(NOT_FOUND);
  readonly #symbols: Uint8Array[] = [];
  #count = 0;

  /** Makes `symbol` findable as `instrument`. Adding it again changes nothing. */
  add(symbol: string, instrument: InstrumentIndex): void {
    const bytes = Buffer.from(symbol);
    if (this.find(bytes, 0, bytes.length, hashOf(bytes)) !== NOT_FOUND) return;
    this.#symbols[instrument] = bytes;
    if (++this.#count * 2 > this.#slots.length) this.#grow();
    else this.#place(hashOf(bytes), instrument);
  }

  /** The instrument whose symbol is `bytes[start … end)`, of which `hash` is the hash; or NOT_FOUND. */
  find(bytes: Uint8Array, start: number, end: number, hash: number): InstrumentIndex {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const instrument = instrumentIndex(this.#slots[slot] as number);
      if (instrument === NOT_FOUND) return NOT_FOUND;
      if (isSame(this.#symbols[instrument] as Uint8Array, bytes, start, end)) return instrument;
    }
  }

  /** The instrument named `symbol`, or NOT_FOUND. Not for the tick path. */
  named(symbol: string): InstrumentIndex {
    const bytes = Buffer.from(symbol);
    return this.find(bytes, 0, bytes.length, hashOf(bytes));
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(NOT_FOUND);
    this.#symbols.forEach((bytes, instrument) => void this.#place(hashOf(bytes), instrumentIndex(instrument)));
  }

  #place(hash: number, instrument: InstrumentIndex): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== NOT_FOUND) slot = (slot + 1) & mask;
    this.#slots[slot] = instrument;
  }
}

function hashOf(bytes: Uint8Array): number {
  let hash = HASH_START;
  for (const byte of bytes) hash = hashStep(hash, byte);
  return hash;
}

function isSame(symbol: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (symbol.length !== end - start) return false;
  for (let index = 0; index < symbol.length; index++) if (symbol[index] !== bytes[start + index]) return false;
  return true;
}
