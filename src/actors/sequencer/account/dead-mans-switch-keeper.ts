/**
 * The venue's dead-man's switch: while it is armed, the venue cancels every order of the account when it has received nothing
 * from us for `trading.dead_mans_switch_ms`. Armed while anything is open, armed again at its interval, and disarmed as
 * soon as nothing is.
 */
import type { MonotonicNs } from '../../../platform/time.ts';
import type { TradingPort } from '../../../venues/trading-port.ts';

export interface DeadMansSwitchDeps {
  readonly port: Pick<TradingPort, 'setDeadMansSwitch'>;
  /** 0: never armed. */
  readonly timeoutMs: number;
  readonly intervalMs: number;
}

export class DeadMansSwitch {
  readonly #deps: DeadMansSwitchDeps;
  /** What the venue was sent last. An earlier run that died may have left it armed: then it is disarmed first. */
  #isArmed = true;
  #dueNs = 0;

  constructor(deps: DeadMansSwitchDeps) {
    this.#deps = deps;
  }

  get isArmed(): boolean {
    return this.#isArmed;
  }

  /**
   * Sends the venue what is due now. Only to be called while connected.
   * @returns whether it is armed and was not, or the reverse.
   */
  update(isWanted: boolean, nowNs: MonotonicNs): boolean {
    const { port, timeoutMs, intervalMs } = this.#deps;
    if (timeoutMs === 0) return false;
    const isNews = isWanted !== this.#isArmed;
    if (isNews || (isWanted && nowNs >= this.#dueNs)) port.setDeadMansSwitch(isWanted);
    else return false;
    this.#isArmed = isWanted;
    this.#dueNs = nowNs + intervalMs * 1e6;
    return isNews;
  }

  /** The connection is lost: what the venue was sent is repeated as soon as it is back. */
  lost(): void {
    this.#isArmed = true;
    this.#dueNs = 0;
  }
}
