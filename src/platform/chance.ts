/** The only module that makes random numbers. A seeded source gives the same sequence for the same seed, everywhere. */
import { randomBytes, randomInt } from 'node:crypto';

export interface Chance {
  /** Uniform in [0, 1). */
  unit(): number;
  /** Uniform integer in [0, below). `below` is at least 1. */
  integer(below: number): number;
}

/** Seeded source: splitmix32 (G. Steele, D. Lea, C. Flood, 2014), 32 bits of state. Not for secrets. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  return {
    unit: () => next() / 2 ** 32,
    integer: (below) => Math.floor((next() / 2 ** 32) * below),
  };
}

/** A fresh seed for a run that was not given one; print it, so that the run can be repeated. */
export function freshSeed(): number {
  return randomInt(2 ** 32);
}

/** Unpredictable bytes: for keys and secrets. */
export function secretBytes(count: number): Buffer {
  return randomBytes(count);
}
