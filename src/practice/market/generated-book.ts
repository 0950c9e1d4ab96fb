/**
 * One book of a made market: levels at whole steps around a price, of which only the changes are reported. Quantities are
 * drawn anew when a level comes into being and when it is resized.
 */
import type { Chance } from '../../platform/chance.ts';
import { type Level, level } from './market-level.ts';

/** Levels a side: more than the ten that the checksum covers. */
const LEVELS = 14;

export interface BookTraits {
  /** Ticks between neighbouring levels. */
  readonly step: number;
  /** Ticks between the best bid and the best ask, at least 1. */
  readonly spread: number;
  /** Lots of a usual level. */
  readonly usualLots: number;
  /** Least lots of a level, for every draw: one lot or more. */
  readonly leastLots: number;
}

export interface BookChanges {
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

type Side = Map<number, number>;

export class GeneratedBook {
  readonly #traits: BookTraits;
  readonly #chance: Chance;
  readonly #bids: Side = new Map();
  readonly #asks: Side = new Map();

  constructor(traits: BookTraits, chance: Chance) {
    this.#traits = traits;
    this.#chance = chance;
  }

  /** Puts the book around `midTicks`. `thin` divides the quantity of what comes into being. */
  move(midTicks: number, thin: number): BookChanges {
    const { step, spread } = this.#traits;
    const bestBid = Math.max(1, Math.floor((midTicks - spread / 2) / step)) * step;
    const bestAsk = Math.max(bestBid + step, Math.ceil((midTicks + spread / 2) / step) * step);
    return {
      bids: this.#requote(this.#bids, bestBid, -step, thin),
      asks: this.#requote(this.#asks, bestAsk, step, thin),
    };
  }

  /** Gives one of the best levels of a side another quantity. */
  resize(thin: number): BookChanges {
    const isBid = this.#chance.integer(2) === 0;
    const side = isBid ? this.#bids : this.#asks;
    const prices = [...side.keys()].sort((a, b) => (isBid ? b - a : a - b));
    const price = prices[this.#chance.integer(Math.min(4, prices.length))] ?? 0;
    const lots = this.#lots(thin);
    side.set(price, lots);
    const changed = [level(BigInt(price), BigInt(lots))];
    return isBid ? { bids: changed, asks: [] } : { bids: [], asks: changed };
  }

  #requote(side: Side, best: number, step: number, thin: number): Level[] {
    const changes: Level[] = [];
    const wanted = new Set<number>();
    for (let index = 0; index < LEVELS && best + index * step > 0; index++) wanted.add(best + index * step);
    for (const price of [...side.keys()]) {
      if (wanted.has(price)) continue;
      side.delete(price);
      changes.push(level(BigInt(price), 0n));
    }
    for (const price of wanted) {
      if (side.has(price)) continue;
      const lots = this.#lots(thin);
      side.set(price, lots);
      changes.push(level(BigInt(price), BigInt(lots)));
    }
    return changes;
  }

  /** Between a tenth and twice the usual, now and then next to nothing. */
  #lots(thin: number): number {
    const { usualLots, leastLots } = this.#traits;
    const share = this.#chance.integer(12) === 0 ? 0.001 : 0.1 + 1.9 * this.#chance.unit();
    return Math.max(leastLots, Math.floor((usualLots * share) / thin));
  }
}
