/**
 * Control calls between threads: comlink over a message port. The worker may be spinning or blocked in `Atomics.wait`,
 * so every message to it is followed by a summons of its doorbell.
 */
import type { MessagePort } from 'node:worker_threads';
import { expose, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { ActorId } from '../shared/counter-names.ts';
import { ArbitradeError, arbitradeError, type ErrorCode, reasonOf } from '../shared/errors.ts';
import type { Actor } from './actor.ts';
import type { Doorbell } from './doorbell.ts';

/** An answer as it crosses threads: comlink keeps an error's text but loses its code. */
export type ControlAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: ErrorCode | undefined; readonly message: string };

/** What a worker answers to. */
export interface ControlSurface {
  call(actor: ActorId, name: string, args: readonly unknown[]): Promise<ControlAnswer>;
}

/** Worker side: offers the control calls of `actors`. */
export function exposeControl(port: MessagePort, actors: readonly Actor[]): void {
  const surface: ControlSurface = {
    call: async (id, name, args) => {
      try {
        return { ok: true, value: await callOf(actors, id, name)(...args) };
      } catch (thrown) {
        const code = thrown instanceof ArbitradeError ? thrown.code : undefined;
        return { ok: false, code, message: reasonOf(thrown) };
      }
    },
  };
  expose(surface, nodeEndpoint(port));
}

function callOf(actors: readonly Actor[], id: ActorId, name: string): (...args: readonly unknown[]) => unknown {
  const control = actors.find((actor) => actor.id === id)?.control;
  const call = control !== undefined && Object.hasOwn(control, name) ? control[name] : undefined;
  if (call === undefined) throw arbitradeError('CONTROL_REFUSED', `${id}.${name}`, 'there is no such call');
  return call as (...args: readonly unknown[]) => unknown;
}

/** Main side: calls into the worker at the other end of `port`. */
export function connectControl(port: MessagePort, doorbell: Doorbell) {
  const endpoint = nodeEndpoint(port);
  return wrap<ControlSurface>({
    ...endpoint,
    postMessage: (message, transfer) => {
      endpoint.postMessage(message, transfer);
      doorbell.summon();
    },
  });
}
