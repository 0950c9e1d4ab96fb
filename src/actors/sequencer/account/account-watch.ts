/** What has to be looked at all the time: the dead-man's switch, orders without an answer, the gate. */

import { SYSTEM_STATUSES } from '../../../messages/market-messages.ts';
import type { MonotonicNs } from '../../../platform/time.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import type { TradingPort } from '../../../venues/trading-port.ts';
import { DeadMansSwitch } from './dead-mans-switch-keeper.ts';
import type { PlansAtWork } from './running-account.ts';

const MAINTENANCE = SYSTEM_STATUSES.indexOf('maintenance');

export interface WatchDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly port: TradingPort;
  readonly plans: PlansAtWork;
}

export class AccountWatch {
  readonly #deps: WatchDeps;
  readonly #switch: DeadMansSwitch;
  readonly #feed;
  #silenceDueNs = 0;
  #halts: number;

  constructor(deps: WatchDeps) {
    const { context, port } = deps;
    const { dead_mans_switch_ms: timeoutMs, dead_mans_switch_interval_ms: intervalMs } = context.config.trading;
    this.#deps = deps;
    this.#switch = new DeadMansSwitch({ port, timeoutMs, intervalMs });
    this.#feed = context.countersOf('feed');
    this.#halts = context.gate.halts;
  }

  get isSwitchArmed(): boolean {
    return this.#switch.isArmed;
  }

  /** Whether trading was halted since the last look, even if it was resumed again meanwhile. */
  hasHalted(): boolean {
    const { halts } = this.#deps.context.gate;
    const isNews = halts !== this.#halts;
    this.#halts = halts;
    return isNews;
  }

  /**
   * Arms while a plan is at work, or anything else of ours may be open, but for maintenance.
   * @returns whether that changed.
   */
  updateSwitch(mayBeOpen: boolean, nowNs: MonotonicNs): boolean {
    const { plans, port } = this.#deps;
    if (!port.isConnected) return false;
    const isWanted = plans.isAtWork || mayBeOpen;
    return this.#switch.update(isWanted && this.#feed.get('system_status') !== MAINTENANCE, nowNs);
  }

  /** Nothing will be open any more. */
  disarm(nowNs: MonotonicNs): void {
    if (this.#deps.port.isConnected) this.#switch.update(false, nowNs);
  }

  /** What the venue was sent is sent again as soon as it can be. */
  lost(): void {
    this.#switch.lost();
  }

  /** Doubts orders that should have been reported by now, so that they are looked up. */
  doubtSilent(nowNs: MonotonicNs): void {
    const { context, plans } = this.#deps;
    const { reconcile_in_flight_ms: everyMs, answer_timeout_ms: timeoutMs } = context.config.trading;
    if (everyMs === 0 || nowNs < this.#silenceDueNs) return;
    this.#silenceDueNs = nowNs + everyMs * 1e6;
    for (const { clOrdId, sentNs } of plans.ordersOut) {
      if (nowNs - sentNs >= timeoutMs * 1e6) plans.doubt(clOrdId, `no answer for ${timeoutMs} ms`);
    }
  }
}
