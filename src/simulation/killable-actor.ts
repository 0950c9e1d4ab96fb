/**
 * Actors that can die on one thread. A worker takes its timers, sockets and requests with it; here they would live on in
 * the event queue, so each life gets a clock and a transport of its own that go silent with it.
 */

import type { Transport } from '../net/transport.ts';
import type { CancelTimer, Clock } from '../platform/clock.ts';
import type { MonotonicNs, WallMs } from '../platform/time.ts';
import type { ActorContext, ActorFactory } from '../runtime/actor.ts';
import type { ActorId } from '../runtime/counter-names.ts';

/** A transport whose connections end when its holder dies. */
export interface KillableTransport extends Transport {
  cutAll(): void;
}

export interface Lives {
  /** A new transport, for one life. */
  readonly makeTransport: () => KillableTransport;
  /** Lives that have begun, by actor; the newest counts. */
  readonly current: Map<ActorId, Life>;
}

export interface Life {
  end(): void;
}

/** An actor whose newest life {@link Lives.current} can end. */
export function killable<A extends ActorId>(id: A, create: ActorFactory<A>, lives: Lives): ActorFactory<A> {
  return (context: ActorContext<A>): ReturnType<ActorFactory<A>> => {
    lives.current.get(id)?.end();
    const clock = new LifeClock(context.clock);
    const transport = lives.makeTransport();
    lives.current.set(id, {
      end: () => {
        clock.end();
        transport.cutAll();
      },
    });
    return create(withLife(context, clock, transport));
  };
}

/** The context has getters: it is not copied but stands behind the new one. */
function withLife<A extends ActorId>(context: ActorContext<A>, clock: Clock, transport: Transport): ActorContext<A> {
  return Object.create(context, {
    clock: { value: clock },
    options: { value: { ...context.options, transport } },
  }) as ActorContext<A>;
}

class LifeClock implements Clock {
  readonly #clock: Clock;
  #isOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  end(): void {
    this.#isOver = true;
  }

  nowNs(): MonotonicNs {
    return this.#clock.nowNs();
  }

  readNs(into: Float64Array, at: number): void {
    this.#clock.readNs(into, at);
  }

  wallNs(): bigint {
    return this.#clock.wallNs();
  }

  wallMs(): WallMs {
    return this.#clock.wallMs();
  }

  after(delayMs: number, run: () => void): CancelTimer {
    return this.#clock.after(delayMs, () => {
      if (!this.#isOver) run();
    });
  }
}
