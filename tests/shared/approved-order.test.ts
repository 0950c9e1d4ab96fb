import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const TSC = join(ROOT, 'node_modules/.bin/tsc');

/** What a line of a stranger's code is told by the compiler; empty when it is taken. */
function compilerOn(line: string): string {
  const file = join(temporaryDirectory(), 'stranger.ts');
  const header = [
    `import type { ApprovedOrder, OrderRequest } from '${ROOT}src/shared/approved-order.ts';`,
    `import type { TradingPort } from '${ROOT}src/venues/trading-port.ts';`,
    'declare const order: OrderRequest;',
    'declare const port: TradingPort;',
  ];
  writeFileSync(file, [...header, line, 'export {};'].join('\n'));
  const options = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--target',
    'esnext',
    '--module',
    'nodenext',
    '--types',
    'node',
    '--typeRoots',
    join(ROOT, 'node_modules/@types'),
  ];
  const { stdout } = spawnSync(
    TSC,
    [...options, '--moduleResolution', 'nodenext', '--allowImportingTsExtensions', file],
    {
      encoding: 'utf8',
    },
  );
  return stdout;
}

describe('approved orders, as the compiler sees them', () => {
  test('a request cannot be sent, nor made an approved order, without approval', () => {
    expect(compilerOn('port.send(order);')).toContain("is not assignable to parameter of type 'ApprovedOrder'");
    expect(compilerOn('const approved: ApprovedOrder = { ...order };')).toContain(
      "not assignable to type 'ApprovedOrder'",
    );
    expect(compilerOn('const approved: ApprovedOrder = { ...order, approval: true };')).toContain("'ApprovedOrder'");
  });

  test('one that was approved can be sent', () => {
    expect(compilerOn('declare const approved: ApprovedOrder; port.send(approved);')).toBe('');
  });
});
