/**
 * The venue's clock against ours, from its ping: offset = ((time_in - t_send) + (time_out - t_recv)) / 2, as in NTP
 * (RFC 5905, section 8). Positive when the venue is ahead. Ours is whichever clock is handed in.
 */

export class ClockProbe {
  #request: number | undefined;
  #sentMs = 0;

  onPingSent(request: number, ourMs: number): void {
    this.#request = request;
    this.#sentMs = ourMs;
  }

  /** Offset in microseconds, or undefined when the pong answers no ping of ours or has no time. */
  onPong(request: number | undefined, timeInMs: number, timeOutMs: number, ourMs: number): number | undefined {
    const answers = request !== undefined && request === this.#request;
    if (!answers || !Number.isFinite(timeInMs) || !Number.isFinite(timeOutMs)) return undefined;
    this.#request = undefined;
    return Math.round(((timeInMs - this.#sentMs + (timeOutMs - ourMs)) / 2) * 1e3);
  }
}
