import { describe, expect, test } from 'vitest';
import { functionsOf, importCircles, linesIn } from './source-shape.ts';

describe('the shape of sources', () => {
  test('functions, methods and arrows are found with their lines, and statements are none', () => {
    const text = [
      'export function outer<T>(one: T): { a: T } {', // 1
      '  if (one) {',
      "    return { a: one }; // a comment with { and '",
      '  }',
      '  for (const x of [/[/{]\\//, 2]) void `\x24{[x].map((y) => `{\x24{y}`)} }`;', // 5
      '  return { a: one };',
      '}',
      'class Desk {',
      '  get size(): number {', // 9
      "    return '{'.length;",
      '  }',
      '  readonly make = (',
      '    name: string,',
      '  ): object => ({', // the parameters begin in 12
      '    name,',
      '  });',
      '}',
      "const word = (): string => '';",
    ].join('\n');
    expect(functionsOf(text)).toEqual([
      { line: 1, length: 7 },
      { line: 5, length: 1 },
      { line: 9, length: 3 },
      { line: 12, length: 5 },
      { line: 18, length: 1 },
    ]);
  });

  test('a circle of imports is told as its way round', () => {
    const files = [
      { path: 'a/one.ts', text: "import type { Two } from '../b/two.ts';" },
      { path: 'b/two.ts', text: "import { three } from './three.ts';" },
      { path: 'b/three.ts', text: "import { one } from '../a/one.ts';" },
      { path: 'b/four.ts', text: "import { two } from './two.ts';" },
    ];
    expect(importCircles(files)).toEqual(['a/one.ts > b/two.ts > b/three.ts > a/one.ts']);
    expect(importCircles(files.filter(({ path }) => path !== 'b/three.ts'))).toEqual([]);
  });

  test('a line break at the end begins no line', () => {
    expect([linesIn('one\ntwo\n'), linesIn('one\ntwo')]).toEqual([2, 2]);
  });
});
