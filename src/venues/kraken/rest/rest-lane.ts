/** Calls that go out one after the other: by rank, among equals in their order. */
import type { RestResult } from './rest-answer.ts';
import { ENDPOINTS, type EndpointName } from './rest-endpoints.ts';

export interface RestCall {
  readonly endpoint: EndpointName;
  readonly params: Readonly<Record<string, string>>;
  readonly done: (result: RestResult<unknown>) => void;
  /** Attempts that failed. */
  readonly attempts: number;
}

export class RestLane {
  readonly #ranks: readonly [RestCall[], RestCall[], RestCall[]] = [[], [], []];
  #isBusy = false;
  #wakesAtMs = Number.POSITIVE_INFINITY;

  get waiting(): number {
    const [first, second, third] = this.#ranks;
    return first.length + second.length + third.length;
  }

  /** The call whose turn it is; undefined while one is out. */
  get next(): RestCall | undefined {
    return this.#isBusy ? undefined : this.#foremost?.[0];
  }

  add(call: RestCall): void {
    this.#ranks[ENDPOINTS[call.endpoint].rank].push(call);
  }

  /** Takes the next call; the lane is closed until {@link end}. */
  begin(): RestCall | undefined {
    const call = this.#isBusy ? undefined : this.#foremost?.shift();
    if (call !== undefined) this.#isBusy = true;
    return call;
  }

  end(): void {
    this.#isBusy = false;
  }

  /** Sees to one waking at `atMs`, unless one as early is set already. */
  wakeAt(atMs: number, set: (atMs: number) => void): void {
    if (atMs >= this.#wakesAtMs) return;
    this.#wakesAtMs = atMs;
    set(atMs);
  }

  woken(): void {
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
  }

  /** Empties what waits. */
  takeAll(): RestCall[] {
    return this.#ranks.flatMap((calls) => calls.splice(0));
  }

  get #foremost(): RestCall[] | undefined {
    return this.#ranks.find((calls) => calls.length > 0);
  }
}
