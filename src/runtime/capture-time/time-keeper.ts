/**
 * Moves the capture's time, for the feed: to the next frame, and before that to every timer that falls due before it.
 * Frame by frame; what is due at the very time of a frame comes before the frame.
 */
import type { ActorContext } from '../actor.ts';
import type { RingGauge } from '../memory/ring.ts';
import type { CaptureTime } from './capture-time.ts';

export class TimeKeeper {
  readonly #time: CaptureTime;
  readonly #context: ActorContext<'feed'>;
  /** What is there for sequencer or risk to do. */
  readonly #opportunities: RingGauge;
  readonly #executions: RingGauge;

  constructor(context: ActorContext<'feed'>, time: CaptureTime) {
    this.#context = context;
    this.#time = time;
    this.#opportunities = context.gauge('opportunities');
    this.#executions = context.gauge('executions');
  }

  /** Whether time still moves: not once the run is being stopped. */
  get goesOn(): boolean {
    return !this.#context.gate.isEnding;
  }

  /**
   * Moves time towards `targetNs` (since the capture's first row). @returns whether it is there and everything before it is
   * done; if not, it is to be called again: this thread is rung when it can go on.
   */
  reach(targetNs: number): boolean {
    const time = this.#time;
    if (!this.#isOpen() || time.turn !== 'feed' || !time.isFrameDone) return false;
    if (!this.#isWanted()) {
      if (time.dueNs > targetNs) {
        time.moveTo(targetNs);
        return true;
      }
      time.moveTo(time.dueNs);
    }
    time.pass('sequencer');
    return false;
  }

  /** Trading begins when all actors have started and risk has looked: no frame is brought before. */
  #isOpen(): boolean {
    return !this.#context.gate.isStarting && this.goesOn;
  }

  /** Whether sequencer and risk have something to do at this time. */
  #isWanted(): boolean {
    const { nowNs, dueNs, beatNs } = this.#time;
    return this.#opportunities.used > 0 || this.#executions.used > 0 || beatNs <= nowNs || dueNs <= nowNs;
  }
}
