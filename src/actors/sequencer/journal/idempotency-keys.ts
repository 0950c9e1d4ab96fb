/**
 * What was booked already: fills by the venue's id, changes of our own (an order's end, a plan's) by the name we gave them.
 * The newest ones stand in own memory and change with the booking itself, so whatever is told twice (by a stream, a
 * reading, a successor's reading) is booked once. The ids of earlier runs' fills come from the database.
 *
 * A name is remembered by 128 bits of its SHA-256. Two ids that differ are both booked, also when a venue chooses them to
 * be mistaken for each other.
 */

import { createHash } from 'node:crypto';
import type { WallMs } from '../../../platform/time.ts';
import { countUp, FACT, FACTS_MAX, factOffset, SEQUENCER_HEADER } from './sequencer-memory.ts';

/** What a name is of. The same text can name one of each. */
export type FactKind = 'fill' | 'change';

export class IdempotencyKeys {
  /** Digests of what is remembered. */
  readonly #known = new Set<string>();
  readonly #stored: ReadonlySet<string>;

  /** @param stored ids of fills that the database has. */
  constructor(bank: DataView, stored: Iterable<string>) {
    this.#stored = new Set(stored);
    const count = Math.min(bank.getFloat64(SEQUENCER_HEADER.facts, true), FACTS_MAX);
    for (let slot = 0; slot < count; slot++) this.#known.add(digestIn(bank, factOffset(slot)));
  }

  has(kind: FactKind, name: string): boolean {
    return (kind === 'fill' && this.#stored.has(name)) || this.#known.has(digestOf(kind, name));
  }

  /** Whether a fill is from before the oldest that is remembered: booked, as far as a reading of the past can tell. */
  isForgotten(bank: DataView, atMs: WallMs): boolean {
    return atMs <= bank.getFloat64(SEQUENCER_HEADER.factsHorizonMs, true);
  }

  /**
   * Remembers a booking, as a part of the change `bank`. What is remembered already keeps its place.
   * @param atMs venue's time; 0 for what is no fill.
   */
  note(bank: DataView, kind: FactKind, name: string, atMs = 0): void {
    const digest = digestOf(kind, name);
    if (this.#known.has(digest)) return;
    const count = countUp(bank, SEQUENCER_HEADER.facts);
    const at = factOffset((count - 1) % FACTS_MAX);
    if (count > FACTS_MAX) this.#forget(bank, at);
    bytesIn(bank, at).write(digest, 'hex');
    bank.setFloat64(at + FACT.atMs, atMs, true);
    this.#known.add(digest);
  }

  #forget(bank: DataView, at: number): void {
    this.#known.delete(digestIn(bank, at));
    const { factsHorizonMs } = SEQUENCER_HEADER;
    const horizonMs = Math.max(bank.getFloat64(factsHorizonMs, true), bank.getFloat64(at + FACT.atMs, true));
    bank.setFloat64(factsHorizonMs, horizonMs, true);
  }
}

/** The first 128 bits of SHA-256 over kind and name, in hex. */
function digestOf(kind: FactKind, name: string): string {
  return createHash('sha256')
    .update(`${kind} ${name}`)
    .digest('hex')
    .slice(0, FACT.digestBytes * 2);
}

const digestIn = (bank: DataView, at: number): string => bytesIn(bank, at).toString('hex');

function bytesIn(bank: DataView, at: number): Buffer {
  return Buffer.from(bank.buffer, bank.byteOffset + at + FACT.digest, FACT.digestBytes);
}
