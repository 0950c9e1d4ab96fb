/** Ids in the venue's shapes, from a seed: the same run gives the same ids. */
import type { Chance } from '../../platform/chance.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const TOKEN_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const TOKEN_LENGTH = 43;

/** `O`rder, `T`rade or amendment, `L`edger entry, deposit (`D`). */
export type IdKind = 'O' | 'T' | 'L' | 'D';

export class ExchangeIds {
  readonly #chance: Chance;
  readonly #given = new Set<string>();

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** `OK4GJX-KSTLS-7DZZO5`: never the same twice. */
  next(kind: IdKind): string {
    for (;;) {
      const id = `${kind}${this.#letters(ALPHABET, 5)}-${this.#letters(ALPHABET, 5)}-${this.#letters(ALPHABET, 6)}`;
      if (this.#given.has(id)) continue;
      this.#given.add(id);
      return id;
    }
  }

  /** A WebSocket token. Not a secret anywhere but here. */
  token(): string {
    return this.#letters(TOKEN_ALPHABET, TOKEN_LENGTH);
  }

  #letters(alphabet: string, count: number): string {
    let text = '';
    for (let i = 0; i < count; i += 1) text += alphabet[this.#chance.integer(alphabet.length)] ?? '';
    return text;
  }
}
