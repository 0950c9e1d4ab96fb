/**
 * `npm run bench [-- name… --quick --out FILE]`: runs the benches whose file name contains a `name` (all without), each
 * in a process of its own, prints their tables and writes them to `bench/RESULTS.md`. `--quick` writes nothing.
 */

import { fork } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Bench, BenchRow } from './harness.ts';
import { mergeSections, section, signature } from './results-table.ts';

interface Outcome extends Pick<Bench, 'name' | 'question'> {
  readonly rows: readonly BenchRow[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    out: { type: 'string', default: fileURLToPath(new URL('RESULTS.md', import.meta.url)) },
  },
});

const files = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.bench.ts'))
  .filter((file) => positionals.length === 0 || positionals.some((name) => file.includes(name)));
if (files.length === 0) {
  console.error(`no bench is named like ${positionals.join(', ')}`);
  process.exit(2);
}

const sections = new Map<string, string>();
for (const file of files) {
  console.error(`${file} …`);
  const outcome = await runInOwnProcess(file);
  const text = section(outcome, outcome.rows, signature(new Date()));
  sections.set(outcome.name, text);
  console.log(text);
}
if (!values.quick) {
  const existing = existsSync(values.out) ? readFileSync(values.out, 'utf8') : '';
  writeFileSync(values.out, mergeSections(existing, sections));
}

/** A bench must not inherit what another one did to the compiler and the heap. */
function runInOwnProcess(file: string): Promise<Outcome> {
  const script = fileURLToPath(new URL('run-one.ts', import.meta.url));
  const child = fork(script, [new URL(file, import.meta.url).href, values.quick ? 'quick' : 'full'], {
    serialization: 'advanced',
    execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
  });
  return new Promise((resolve, reject) => {
    let outcome: Outcome | undefined;
    child.on('message', (message) => {
      outcome = message as Outcome;
    });
    child.on('exit', (code) => {
      if (code === 0 && outcome !== undefined) resolve(outcome);
      else reject(new Error(`${file} ended with ${code} before it had a result`));
    });
  });
}
