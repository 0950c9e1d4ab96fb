/**
 * Which message an actor was handling when it died. The same message at two deaths in a row is one that kills its
 * handler: it is set aside, so that the stream goes on without it.
 */
import type { ActorId } from '../counter-names.ts';
import { inProgressPosition } from '../memory/ring.ts';
import type { PlacedRing, SetAside, SharedMemory } from '../memory/shared-memory.ts';

export interface PoisonMessage {
  readonly ring: string;
  readonly actor: ActorId;
  /** Position in the ring, mod 2^32. */
  readonly position: number;
}

export class PoisonMessages {
  readonly #memory: SharedMemory;
  readonly #lastDeath = new Map<string, number>();
  readonly #setAside = new Map<string, number>();

  constructor(memory: SharedMemory) {
    this.#memory = memory;
  }

  /** Notes the death of `actors`, which are gone. @returns messages that have now killed their handler twice. */
  noteDeath(actors: readonly ActorId[]): readonly PoisonMessage[] {
    return this.#inputsOf(actors).flatMap(([ring, { to: actor, memory }]) => {
      const position = inProgressPosition(memory);
      if (position === undefined) {
        this.#lastDeath.delete(ring);
        return [];
      }
      const isSecond = this.#lastDeath.get(ring) === position && this.#setAside.get(ring) !== position;
      this.#lastDeath.set(ring, position);
      if (isSecond) this.#setAside.set(ring, position);
      return isSecond ? [{ ring, actor, position: position >>> 0 }] : [];
    });
  }

  /** What successors of `actors` have to pass over. A consumer that is past it already takes no notice. */
  setAsideOf(actors: readonly ActorId[]): SetAside {
    const rings = this.#inputsOf(actors).map(([ring]) => [ring, this.#setAside.get(ring)] as const);
    return Object.fromEntries(rings.filter((entry): entry is [string, number] => entry[1] !== undefined));
  }

  #inputsOf(actors: readonly ActorId[]): readonly (readonly [string, PlacedRing])[] {
    return Object.entries(this.#memory.rings).filter(([, ring]) => actors.includes(ring.to));
  }
}
