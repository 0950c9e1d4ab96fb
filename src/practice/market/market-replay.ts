/** Plays a tape into the market: at the recorded pace, faster, or as fast as its clients read. */
import type { CancelTimer, Clock } from '../../platform/clock.ts';
import type { MarketEvent, MarketTape } from './market-tape.ts';

/** 1 is the recorded pace; `max` is as fast as the clients take it. */
export type ReplaySpeed = number | 'max';

/** Events played before other work gets its turn. */
const BURST = 256;
/** How soon the market looks again whether its clients have room. */
const MAX_PAUSE_MS = 1;

/** What a tape is played into. */
export interface ReplayTarget {
  play(event: MarketEvent): void;
}

export interface ReplaySettings {
  readonly speed: ReplaySpeed;
  /** At the end the recording begins again, with its snapshots; time goes on. */
  readonly loop: boolean;
}

export interface ReplayPorts {
  readonly clock: Clock;
  /** Asked at speed `max` before every event: false while a client must catch up or there is no client. */
  readonly mayPlay: () => boolean;
  /** Called once when the recording is over and does not begin again. */
  readonly onEnded: () => void;
}

export class MarketReplay {
  readonly #market: ReplayTarget;
  readonly #tape: MarketTape;
  readonly #settings: ReplaySettings;
  readonly #ports: ReplayPorts;
  /** The opening snapshots are in the market already and are not played in the first pass. */
  readonly #openings: ReadonlySet<MarketEvent>;
  #next = 0;
  #passes = 0;
  #played = 0;
  #passStartNs = 0;
  #state: 'waiting' | 'playing' | 'ended' = 'waiting';
  #cancel: CancelTimer = () => {};

  constructor(market: ReplayTarget, tape: MarketTape, settings: ReplaySettings, ports: ReplayPorts) {
    this.#market = market;
    this.#tape = tape;
    this.#settings = settings;
    this.#ports = ports;
    this.#openings = new Set(tape.symbols.map((one) => one.opening));
  }

  get state(): 'waiting' | 'playing' | 'ended' {
    return this.#state;
  }

  /** Times the recording has been played to its end. */
  get passes(): number {
    return this.#passes;
  }

  /** Events played in all passes. */
  get played(): number {
    return this.#played;
  }

  /** Opens the market; later calls do nothing. */
  start(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'playing';
    this.#passStartNs = this.#ports.clock.nowNs();
    this.#arm(0);
  }

  stop(): void {
    this.#cancel();
    if (this.#state === 'playing') this.#state = 'waiting';
  }

  #arm(delayMs: number): void {
    this.#cancel = this.#ports.clock.after(delayMs, () => this.#turn());
  }

  #turn(): void {
    for (let burst = 0; burst < BURST && this.#state === 'playing'; burst += 1) {
      const event = this.#tape.events[this.#next];
      if (event === undefined) {
        this.#endPass();
        continue;
      }
      if (!this.#isDue(event)) break;
      this.#next += 1;
      if (this.#passes > 0 || !this.#openings.has(event)) {
        this.#played += 1;
        this.#market.play(event);
      }
    }
    if (this.#state === 'playing') this.#arm(this.#pauseMs());
  }

  #isDue(event: MarketEvent): boolean {
    const { speed } = this.#settings;
    if (speed === 'max') return this.#ports.mayPlay();
    return this.#ports.clock.nowNs() >= this.#dueNs(event.offsetMs, speed);
  }

  #dueNs(offsetMs: number, speed: number): number {
    return this.#passStartNs + (offsetMs * 1e6) / speed;
  }

  #pauseMs(): number {
    const { speed } = this.#settings;
    if (speed === 'max') return MAX_PAUSE_MS;
    const next = this.#tape.events[this.#next]?.offsetMs ?? this.#tape.lengthMs;
    return Math.max(MAX_PAUSE_MS, (this.#dueNs(next, speed) - this.#ports.clock.nowNs()) / 1e6);
  }

  #endPass(): void {
    this.#passes += 1;
    if (!this.#settings.loop) {
      this.#state = 'ended';
      this.#ports.onEnded();
      return;
    }
    this.#next = 0;
    // Where the next pass is due, not where the clock is: a late timer does not slow the market down for good.
    const { speed } = this.#settings;
    this.#passStartNs = speed === 'max' ? this.#ports.clock.nowNs() : this.#dueNs(this.#tape.lengthMs, speed);
  }
}
