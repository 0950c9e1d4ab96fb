/**
 * Control calls between threads: comlink over a message port. The worker may be spinning or blocked in `Atomics.wait`,
 * so every message to it is followed by a summons of its doorbell.
 */
import type { MessagePort } from 'node:worker_threads';
import { expose, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { ArbitradeError, arbitradeError, type ErrorCode, reasonOf } from '../platform/errors.ts';
import type { Actor } from './actor.ts';
import type { CallAnswer, CallArguments, CallName, CallTable } from './control-calls.ts';
import type { ActorId } from './counter-names.ts';
import type { Doorbell } from './memory/doorbell.ts';

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

type AnyCall = (...args: readonly unknown[]) => unknown;

function callOf(actors: readonly Actor[], id: ActorId, name: string): AnyCall {
  const control = actors.find((actor) => actor.id === id)?.control;
  const isThere = control !== undefined && Object.hasOwn(control, name);
  const call: unknown = isThere ? Reflect.get(control, name) : undefined;
  if (typeof call !== 'function') throw arbitradeError('CONTROL_REFUSED', `${id}.${name}`, 'there is no such call');
  return call as AnyCall; // an actor's calls have the types that the table has: its factory says so
}

/** What one of `actors`, on this thread, answers. @throws CONTROL_REFUSED, and what the call throws. */
export function answerCall<Calls extends CallTable, A extends ActorId, N extends CallName<Calls, A>>(
  actors: readonly Actor[],
  id: A,
  name: N,
  args: CallArguments<Calls, A, N>,
): CallAnswer<Calls, A, N> {
  return callOf(actors, id, name)(...args) as CallAnswer<Calls, A, N>;
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
