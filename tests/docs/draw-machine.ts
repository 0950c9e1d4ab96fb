/** Draws a machine, from the machine itself, as a Mermaid state diagram: events that lead from one state to another. */
import type { AnyStateMachine } from 'xstate';
import { accountMachine } from '../../src/actors/sequencer/account/account-machine.ts';
import { orderMachine } from '../../src/actors/sequencer/model/order-machine.ts';
import { planMachine } from '../../src/actors/sequencer/model/plan-machine.ts';

/** The machines that `docs/architecture.md` shows, by the name that its marks give. */
export const DRAWN: Readonly<Record<string, AnyStateMachine>> = {
  plan: planMachine,
  order: orderMachine,
  account: accountMachine,
};

/** What stands between the marks of a drawing. */
export function drawingOf(machine: AnyStateMachine): string {
  return `\`\`\`mermaid\nstateDiagram-v2\n${[...linesOf(machine)].map((line) => `    ${line}`).join('\n')}\n\`\`\``;
}

/** `text` with every drawing replaced by what its machine is now. @throws when a machine has no place in the text. */
export function redraw(text: string): string {
  let drawn = text;
  for (const [name, machine] of Object.entries(DRAWN)) {
    const [from, to] = [`<!-- machine: ${name} -->\n`, `\n<!-- end of machine: ${name} -->`];
    const begin = drawn.indexOf(from) + from.length;
    const end = drawn.indexOf(to);
    if (begin < from.length || end < begin) throw new TypeError(`the text has no marks for the machine ${name}`);
    drawn = drawn.slice(0, begin) + drawingOf(machine) + drawn.slice(end);
  }
  return drawn;
}

function* linesOf(machine: AnyStateMachine): Generator<string> {
  yield `[*] --> ${String(machine.config.initial)}`;
  const states = Object.values(machine.states);
  for (const state of states) {
    for (const [target, events] of arrowsFrom(state)) yield `${state.key} --> ${target}: ${events.join(', ')}`;
  }
  for (const { key, transitions } of states) if (!hasWayOut(transitions)) yield `${key} --> [*]`;
}

type State = AnyStateMachine['states'][string];

/** By state that it leads to, in the order of the machine; what stays where it is is no arrow. */
function arrowsFrom({ key, transitions }: State): ReadonlyMap<string, string[]> {
  const arrows = new Map<string, string[]>();
  for (const [type, ways] of transitions) {
    for (const { target, guard } of ways) {
      const to = target?.[0]?.key;
      if (to === undefined || to === key) continue;
      const event = type === '*' ? 'anything else' : type;
      const text = guard === undefined ? event : `${event} [${String(guard)}]`;
      const events = arrows.get(to) ?? [];
      if (!events.includes(text)) arrows.set(to, [...events, text]);
    }
  }
  return arrows;
}

const hasWayOut = (transitions: State['transitions']): boolean =>
  [...transitions.values()].some((ways) => ways.some(({ target }) => target !== undefined));
