import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compilerOn, importing } from '../support/compiler.ts';

const HEADER = [
  importing('type ActorFactory', 'src/runtime/actor.ts'),
  importing('type InlineHost', 'src/runtime/inline-host.ts'),
  importing('type Supervisor', 'src/runtime/supervision/supervisor.ts'),
  importing('type ControlCalls', 'src/runtime/control-calls.ts'),
  'declare const supervisor: Supervisor;',
  'declare const host: InlineHost;',
  'declare const life: { id: "risk"; onStart(): void; doWork(): number; onStop(): void };',
];

/** Line by line: what must not compile, and what the compiler has to say of it; then its right twin. */
const PAIRS: readonly (readonly [what: string, wrong: string, said: RegExp, right: string])[] = [
  [
    'a call that the actor does not answer',
    "void supervisor.call('risk', 'hlat', 'why', 'ana');",
    /error TS2345: [^;]*"hlat"/,
    "void supervisor.call('risk', 'halt', 'why', 'ana');",
  ],
  [
    'a call of another actor',
    "void supervisor.call('sequencer', 'halt', 'why', 'ana');",
    /error TS2345: [^;]*"halt"/,
    "void supervisor.call('sequencer', 'drain');",
  ],
  [
    'a halt without a name',
    "void supervisor.call('risk', 'halt', 'why');",
    /Expected 4 arguments, but got 3/,
    "void supervisor.call('risk', 'halt', 'why', 'ana');",
  ],
  [
    'an argument of another type',
    "void supervisor.call('risk', 'resume', 'why', 'ana', 'yes');",
    /'"yes"' is not assignable to parameter of type '.*boolean/,
    "void supervisor.call('risk', 'resume', 'why', 'ana', true);",
  ],
  [
    'an answer taken for another',
    "export const plans: Promise<string> = supervisor.call('sequencer', 'drain');",
    /'Promise<number>' is not assignable to type 'Promise<string>'/,
    "export const plans: Promise<number> = supervisor.call('sequencer', 'drain');",
  ],
  [
    'an actor of this thread asked for what it does not answer',
    "host.call('book', 'halt', 'why', 'ana');",
    /not assignable to parameter of type 'never'/,
    "host.call('risk', 'halt', 'why', 'ana');",
  ],
  [
    'an actor that answers none of its calls',
    "export const make: ActorFactory<'risk'> = () => life;",
    /Property 'control' is missing/,
    "declare const control: ControlCalls['risk'];\nexport const make: ActorFactory<'risk'> = () => ({ ...life, control });",
  ],
  [
    'an actor that answers a call with something else',
    "declare const control: ControlCalls['risk'];\nexport const make: ActorFactory<'risk'> = () => ({ ...life, control: { ...control, halt: () => true } });",
    /'boolean' is not assignable to type 'HaltAnswer'/,
    "declare const control: ControlCalls['risk'];\nexport const make: ActorFactory<'risk'> = () => ({ ...life, control: { ...control } });",
  ],
  [
    'an option of a run under a wrong name',
    "export const options: InlineHost extends never ? never : import('RUN').RunOptions = { catpure: 'x' };",
    /'catpure' does not exist in type 'RunOptions'/,
    "export const options: import('RUN').RunOptions = { capture: 'x' };",
  ],
  [
    'an option of a run of another type',
    "export const options: import('RUN').RunOptions = { speed: 'fast' };",
    /'"fast"' is not assignable to type '(number \| "max"|"max" \| number)/,
    "export const options: import('RUN').RunOptions = { speed: 'max' };",
  ],
];

const RUN_OPTIONS = new URL('../../src/runtime/run-options.ts', import.meta.url);
const inFull = (line: string): string =>
  line.replaceAll("import('RUN')", `import(${JSON.stringify(fileURLToPath(RUN_OPTIONS))})`);

describe('control calls and run options, as the compiler sees them', () => {
  const said = compilerOn(
    HEADER,
    PAIRS.flatMap(([, wrong, , right]) => [inFull(wrong), inFull(right)]),
  );

  test.each(PAIRS.map(([what], index) => ({ what, index })))(
    '$what does not compile, and its right twin does',
    ({ index }) => {
      expect(said[2 * index]).toMatch(PAIRS[index]![2]);
      expect(said[2 * index + 1]).toBe('');
    },
  );
});
