import { fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { BenchRow } from '../../bench/harness.ts';
import { quantiles } from '../../bench/harness.ts';
import { mergeSections, section } from '../../bench/results-table.ts';

const FOLDER = new URL('../../bench/', import.meta.url);
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.bench.ts'));

interface Outcome {
  readonly name: string;
  readonly question: string;
  readonly rows: readonly BenchRow[];
}

function runQuickly(file: string): Promise<Outcome> {
  const child = fork(new URL('run-one.ts', FOLDER), [new URL(file, FOLDER).href, 'quick'], {
    serialization: 'advanced',
    execArgv: ['--expose-gc'],
  });
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Outcome));
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code} before it had a result`)));
  });
}

describe('benches', () => {
  for (const file of files) {
    test(`${file} runs in small and finds its own answer right`, async () => {
      const { name, question, rows } = await runQuickly(file);
      expect(rows.length).toBeGreaterThan(1);
      for (const { opsPerSecond, p50Ns, ratio } of rows) {
        for (const figure of [opsPerSecond, p50Ns, ratio?.value]) {
          if (figure !== undefined) expect(figure).toBeGreaterThan(0);
        }
      }
      expect(
        section({ name, question }, rows, 'signed')
          .split('\n')
          .filter((line) => line.startsWith('| ')),
      ).toHaveLength(rows.length + 1);
    });
  }

  test('results keep the sections of benches that were not run', () => {
    const first = mergeSections(
      '',
      new Map([
        ['b', '## b\n\nold\n'],
        ['a', '## a\n\nkept\n'],
      ]),
    );
    const second = mergeSections(first, new Map([['b', '## b\n\nnew\n']]));
    expect(first.indexOf('## a')).toBeLessThan(first.indexOf('## b'));
    expect(second).toBe(first.replace('old\n', 'new\n'));
  });

  test('quantiles are those of the sorted samples', () => {
    const samples = Float64Array.from({ length: 1_000 }, (_, index) => 1_000 - index);
    expect(quantiles(samples)).toEqual({ p50Ns: 501, p99Ns: 991, p999Ns: 1_000 });
  });
});
