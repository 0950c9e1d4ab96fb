/**
 * A level of points that time takes away again and that may not exceed a maximum: a venue's call counters, and, with
 * what may leave at once as its maximum, a bucket of tokens.
 *
 * Time is handed in, in nanoseconds, and counts in whole ones. A point is divided into as many parts as make the decay of
 * a nanosecond whole, so every sum is of integers, and nothing drifts. Only forward steps of the clock count: one that
 * stops or is set back takes nothing away.
 */
import assert from 'node:assert/strict';

export interface DecaySettings {
  /** The level may reach it, not exceed it. Points. */
  readonly max: number;
  /** So many points are taken away in so many milliseconds, evenly. Integers: 2.34 a second are 234 in 100,000 ms. */
  readonly decay: { readonly points: number; readonly inMs: number };
}

/** The settings in whole parts of a point. */
interface Parts {
  readonly ofPoint: number;
  readonly decayPerNs: number;
  readonly max: number;
}

export class DecayingCounter {
  #parts: Parts;
  /** As doubles in place: numbers that are assigned to a field may become objects. */
  readonly #state = new Float64Array(3);

  constructor(settings: DecaySettings) {
    this.#parts = partsOf(settings);
  }

  /** Other settings hold from now on, for the level that there is. */
  set(settings: DecaySettings, nowNs: number): void {
    this.#decay(nowNs);
    const before = BigInt(this.#parts.ofPoint);
    this.#parts = partsOf(settings);
    const inNewParts = (parts: number) => Number((BigInt(parts) * BigInt(this.#parts.ofPoint) + before - 1n) / before);
    this.#state[LEVEL] = inNewParts(this.#value(LEVEL));
    this.#state[OUT] = inNewParts(this.#value(OUT));
  }

  /** Nanoseconds until `points` more fit; 0: now; infinite: not before what is in transit has settled, or never. */
  waitNs(points: number, nowNs: number): number {
    this.#decay(nowNs);
    const excess = this.#excess(points);
    if (excess <= 0) return 0;
    return excess > this.#value(LEVEL) ? Number.POSITIVE_INFINITY : Math.ceil(excess / this.#parts.decayPerNs);
  }

  /** Whether `points` more fit now and leave `reserve` points free. */
  hasRoom(points: number, nowNs: number, reserve = 0): boolean {
    this.#decay(nowNs);
    return this.#excess(points + reserve) <= 0;
  }

  /** Adds `points`, unless they do not fit: then nothing is added. */
  tryAdd(points: number, nowNs: number): boolean {
    if (!this.hasRoom(points, nowNs)) return false;
    this.#state[LEVEL] = this.#value(LEVEL) + this.#inParts(points);
    return true;
  }

  /** Points are in transit: they count, and do not decay yet. Whether they fit is asked before. */
  begin(points: number): void {
    this.#state[OUT] = this.#value(OUT) + this.#inParts(points);
  }

  /** Points that were in transit have arrived by now at the latest: they begin to decay. */
  settle(points: number, nowNs: number): void {
    this.#decay(nowNs);
    this.abandon(points);
    this.#state[LEVEL] = this.#value(LEVEL) + this.#inParts(points);
  }

  /** Points that were in transit will never arrive. */
  abandon(points: number): void {
    this.#state[OUT] = this.#value(OUT) - this.#inParts(points);
  }

  /** The level, without what is in transit, is at least this: the venue counted it. */
  raiseTo(points: number, nowNs: number): void {
    this.#decay(nowNs);
    this.#state[LEVEL] = Math.max(this.#value(LEVEL), this.#inParts(points));
  }

  /** The level is at its maximum at least: the other side said so. */
  fill(nowNs: number): void {
    this.#decay(nowNs);
    this.#state[LEVEL] = Math.max(this.#value(LEVEL), this.#parts.max);
  }

  /** Points now, without what is under way: to be shown. */
  levelAt(nowNs: number): number {
    this.#decay(nowNs);
    return this.#value(LEVEL) / this.#parts.ofPoint;
  }

  /** By how many parts `points` more would exceed the maximum. */
  #excess(points: number): number {
    return this.#value(LEVEL) + this.#value(OUT) + this.#inParts(points) - this.#parts.max;
  }

  /** Fractions of a part count as a whole one. */
  #inParts(points: number): number {
    return Math.ceil(points * this.#parts.ofPoint);
  }

  #decay(nowNs: number): void {
    const readNs = Math.floor(nowNs);
    const passedNs = Math.max(0, readNs - this.#value(READ));
    this.#state[READ] = readNs;
    this.#state[LEVEL] = Math.max(0, this.#value(LEVEL) - passedNs * this.#parts.decayPerNs);
  }

  #value(slot: number): number {
    return this.#state[slot] as number;
  }
}

/** Parts of points, and the clock when it was last read. */
const LEVEL = 0;
const OUT = 1;
const READ = 2;

function partsOf({ max, decay }: DecaySettings): Parts {
  const inNs = decay.inMs * 1e6;
  assert.ok(Number.isSafeInteger(decay.points) && Number.isSafeInteger(inNs), 'a decay is given in whole numbers');
  const shared = greatestCommonDivisor(decay.points, inNs);
  const ofPoint = inNs / shared;
  assert.ok(Number.isSafeInteger(2 * max * ofPoint), 'a level is counted in numbers that are exact');
  return { ofPoint, decayPerNs: decay.points / shared, max: max * ofPoint };
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));
