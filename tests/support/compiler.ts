/** The TypeScript compiler over lines of a stranger's code: for tests of what must not compile. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TSC = join(ROOT, 'node_modules/.bin/tsc');
const OPTIONS = [
  ...['--ignoreConfig', '--noEmit', '--strict', '--noUncheckedIndexedAccess', '--skipLibCheck'],
  ...['--target', 'esnext', '--module', 'nodenext', '--moduleResolution', 'nodenext', '--allowImportingTsExtensions'],
  ...['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')],
];

/** `import { names } from 'file'`, the file by its path from the root of the project. */
export const importing = (names: string, file: string): string =>
  `import { ${names} } from ${JSON.stringify(join(ROOT, file))};`;

/**
 * What the compiler says of each line, each with `header` before it and in a file of its own; empty for one that it takes.
 * One run of the compiler for them all.
 */
export function compilerOn(header: readonly string[], lines: readonly string[]): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), 'arbitrade-'));
  try {
    const files = lines.map((_, index) => `stranger${index}.ts`);
    files.forEach((file, index) => {
      writeFileSync(join(directory, file), [...header, lines[index], 'export {};'].join('\n'));
    });
    const { stdout, error } = spawnSync(TSC, [...OPTIONS, ...files], { cwd: directory, encoding: 'utf8' });
    if (error !== undefined) throw error;
    const said = stdout.split(/\n(?=\S)/);
    return files.map((file) => said.filter((text) => text.startsWith(`${file}(`)).join('\n'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
