/**
 * What a machine makes of an event, computed once. A machine here has a few hundred different situations, all of which
 * its tests walk through; asking XState anew for each event would cost an order microseconds, and garbage.
 */
import { type AnyStateMachine, transition } from 'xstate';

export interface Outcome<Value, Context> {
  readonly value: Value;
  readonly context: Context;
  /** The state did not expect the event. */
  readonly isUnexpected: boolean;
}

export class KnownTransitions<Value extends string, Context> {
  readonly #machine: AnyStateMachine;
  /** A different text for every situation. */
  readonly #keyOf: (context: Context) => string;
  readonly #known = new Map<string, Outcome<Value, Context>>();

  constructor(machine: AnyStateMachine, keyOf: (context: Context) => string) {
    this.#machine = machine;
    this.#keyOf = keyOf;
  }

  of(value: Value, context: Context, type: string): Outcome<Value, Context> {
    const key = `${value} ${type} ${this.#keyOf(context)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const [next, actions] = transition(this.#machine, this.#machine.resolveState({ value, context }), { type });
    const isUnexpected = actions.some(({ type: action }: { readonly type: string }) => action === 'onUnexpected');
    const outcome = { value: next.value as Value, context: next.context as Context, isUnexpected };
    this.#known.set(key, outcome);
    return outcome;
  }
}
