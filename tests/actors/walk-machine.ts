import { type AnyStateMachine, initialTransition, transition } from 'xstate';
import { getAdjacencyMap, getShortestPaths } from 'xstate/graph';

interface State {
  readonly value: unknown;
  readonly context: unknown;
}
interface Edge {
  readonly event: { readonly type: string };
  readonly state: State;
}
interface Node {
  readonly state: State;
  readonly transitions: Readonly<Record<string, Edge>>;
}

export const keyOf = ({ value, context }: State): string => JSON.stringify([value, context]);

/** Every state (with its context) that the machine can reach, with what each event leads to. */
export function reachable(machine: AnyStateMachine, input: unknown, types: readonly string[]): readonly Node[] {
  const events = types.map((type) => ({ type }));
  return Object.values(getAdjacencyMap(machine, { input, events } as never)) as unknown as readonly Node[];
}

export interface Walk {
  /** Names of the states entered. */
  readonly states: ReadonlySet<string>;
  /** `state event` of every transition taken. */
  readonly transitions: ReadonlySet<string>;
  readonly paths: number;
}

/** Walks the machine, event by event from its start, along the shortest path to each state, and tries every event there. */
export function walk(machine: AnyStateMachine, input: unknown, types: readonly string[]): Walk {
  const events = types.map((type) => ({ type }));
  const paths = getShortestPaths(machine, { input, events } as never);
  const states = new Set<string>();
  const transitions = new Set<string>();
  for (const { steps } of paths) {
    let [state] = initialTransition(machine, input as never);
    for (const { event } of steps) {
      if ((event as { type: string }).type === 'xstate.init') continue;
      [state] = transition(machine, state, event);
    }
    states.add(String(state.value));
    for (const event of events) {
      transition(machine, state, event);
      transitions.add(`${keyOf(state)} ${event.type}`);
    }
  }
  return { states, transitions, paths: paths.length };
}
