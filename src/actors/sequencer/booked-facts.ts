/**
 * What was booked already, by name: fills by the venue's id, orders and plans by ours. The newest ones stand in own
 * memory and change with the booking itself, so whatever is told twice (by a stream, a reading, a successor's reading) is
 * booked once. The ids of earlier runs' fills come from the database.
 */
import { countUp, FACTS_MAX, factOffset, SEQUENCER_HEADER } from './sequencer-memory.ts';

export class BookedFacts {
  /** Fingerprints of what is remembered. */
  readonly #known = new Set<number>();
  readonly #stored: ReadonlySet<string>;

  /** @param stored names that the database has. */
  constructor(bank: DataView, stored: Iterable<string>) {
    this.#stored = new Set(stored);
    for (let slot = 0; slot < FACTS_MAX; slot++) {
      const fingerprint = bank.getFloat64(factOffset(slot), true);
      if (fingerprint !== 0) this.#known.add(fingerprint);
    }
  }

  has(name: string): boolean {
    return this.#stored.has(name) || this.#known.has(fingerprintOf(name));
  }

  /** Whether a fill is from before the oldest that is remembered: booked, as far as a reading of the past can tell. */
  isForgotten(bank: DataView, atMs: number): boolean {
    return atMs <= bank.getFloat64(SEQUENCER_HEADER.factsHorizonMs, true);
  }

  /** Remembers a booking, as a part of the change `bank`. @param atMs venue's time; 0 for what is no fill. */
  note(bank: DataView, name: string, atMs = 0): void {
    const fingerprint = fingerprintOf(name);
    const at = factOffset((countUp(bank, SEQUENCER_HEADER.facts) - 1) % FACTS_MAX);
    this.#forget(bank, at);
    bank.setFloat64(at, fingerprint, true);
    bank.setFloat64(at + 8, atMs, true);
    this.#known.add(fingerprint);
  }

  #forget(bank: DataView, at: number): void {
    const oldest = bank.getFloat64(at, true);
    if (oldest === 0) return;
    this.#known.delete(oldest);
    const { factsHorizonMs } = SEQUENCER_HEADER;
    const horizonMs = Math.max(bank.getFloat64(factsHorizonMs, true), bank.getFloat64(at + 8, true));
    bank.setFloat64(factsHorizonMs, horizonMs, true);
  }
}

/** 53 bits made of two FNV-1a hashes: among a thousand names two are alike once in ten billion tries. Never 0. */
function fingerprintOf(name: string): number {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b) ^ (high >>> 15);
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0) || 1;
}
