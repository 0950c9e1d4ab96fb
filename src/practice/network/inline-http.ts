/** The practice exchange's REST side without a network: question and answer cross on the clock, each after a latency. */

import type { HttpPort, HttpRequest, HttpResult } from '../../net/transport.ts';
import type { Clock } from '../../platform/clock.ts';
import type { RestApi } from '../protocols/kraken/rest/rest-api.ts';

/** Sees what is asked and what is answered, when it leaves and when it arrives: for traces. */
export type CallWatch = (direction: 'out' | 'in', path: string, text: string) => void;

export class InlineHttp implements HttpPort {
  readonly #clock: Clock;
  readonly #api: RestApi;
  readonly #latencyMs: () => number;
  readonly #watch: CallWatch;
  /** Questions without an answer, by what ends them. */
  readonly #open = new Set<(result: HttpResult) => void>();

  constructor(clock: Clock, api: RestApi, latencyMs: () => number, watch: CallWatch = () => undefined) {
    this.#clock = clock;
    this.#api = api;
    this.#latencyMs = latencyMs;
    this.#watch = watch;
  }

  request({ method, url, headers, body, timeoutMs }: HttpRequest, done: (result: HttpResult) => void): void {
    const { pathname, search } = new URL(url);
    this.#watch('out', pathname, body);
    const finish = (result: HttpResult) => {
      if (!this.#open.delete(finish)) return;
      cancel();
      this.#watch('in', pathname, result.ok ? result.body : result.why);
      done(result);
    };
    this.#open.add(finish);
    const cancel = this.#clock.after(timeoutMs, () => finish({ ok: false, neverSent: false, why: 'timed out' }));
    const small = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const answered = (result: HttpResult) => void this.#clock.after(this.#latencyMs(), () => finish(result));
    this.#clock.after(this.#latencyMs(), () => {
      this.#api.handle({ method, target: `${pathname}${search}`, headers: small, body }, (answer) => {
        if (answer.kind === 'cut') answered({ ok: false, neverSent: false, why: 'the connection ended' });
        else answered({ ok: true, status: answer.status, body: answer.body });
      });
    });
  }

  close(): void {
    for (const finish of [...this.#open]) finish({ ok: false, neverSent: false, why: 'closed here' });
  }

  /** The process at our end dies: nothing that is asked for is answered to anybody. What has left arrives. */
  cutAll(): void {
    this.#open.clear();
  }
}
