import { expect } from 'vitest';
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

const keyOf = ({ value, context }: State): string => JSON.stringify([value, context]);

/** Every state (with its context) that the machine can reach, with what each event leads to. */
function reachable(machine: AnyStateMachine, input: unknown, types: readonly string[]): readonly Node[] {
  const events = types.map((type) => ({ type }));
  return Object.values(getAdjacencyMap(machine, { input, events } as never)) as unknown as readonly Node[];
}

interface Walk {
  /** Names of the states entered. */
  readonly states: ReadonlySet<string>;
  /** `state event` of every transition taken. */
  readonly transitions: ReadonlySet<string>;
  readonly paths: number;
}

/** Walks the machine, event by event from its start, along the shortest path to each state, and tries every event there. */
function walk(machine: AnyStateMachine, input: unknown, types: readonly string[]): Walk {
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

/** Expects that a walk comes to every one of `states`, and takes every event in each; prints what it covered. */
export function expectCovered(
  name: string,
  machine: AnyStateMachine,
  input: unknown,
  states: readonly string[],
  types: readonly string[],
): void {
  const walked = walk(machine, input, types);
  const edges = reachable(machine, input, types).length * types.length;
  console.log(
    `${name}: ${walked.states.size}/${states.length} states, ${walked.transitions.size}/${edges} transitions, ` +
      `${walked.paths} paths`,
  );
  expect([...walked.states].sort()).toEqual([...states].sort());
  expect(walked.transitions.size).toBe(edges);
}

/** The states that can be reached, and from which none that `isEnd` can. */
export function hanging<S extends string>(
  machine: AnyStateMachine,
  input: unknown,
  types: readonly string[],
  isEnd: (state: S) => boolean,
): readonly string[] {
  const nodes = reachable(machine, input, types);
  const ending = new Set(nodes.filter(({ state }) => isEnd(state.value as S)).map(({ state }) => keyOf(state)));
  for (let before = -1; before !== ending.size; ) {
    before = ending.size;
    for (const { state, transitions } of nodes) {
      if (Object.values(transitions).some((edge) => ending.has(keyOf(edge.state)))) ending.add(keyOf(state));
    }
  }
  return nodes.map(({ state }) => keyOf(state)).filter((key) => !ending.has(key));
}
