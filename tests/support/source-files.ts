/** The program's source files, for tests of what may stand where. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

export interface SourceFile {
  /** Path below the folder, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** The TypeScript files of a folder of this repository. */
export function sourceFiles(folder: 'src' | 'tests' | 'bench' = 'src'): SourceFile[] {
  const root = new URL(`../../${folder}/`, import.meta.url);
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
  const files = names.filter((name) => /\.m?ts$/.test(name));
  return files.map((path) => ({ path, text: readFileSync(new URL(path, root), 'utf8') }));
}

/** Paths below `src/` that `file` imports. What lies elsewhere (packages, package.json) is no layer's. */
export function importsOf(file: SourceFile): string[] {
  const specifiers = [...file.text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] ?? '');
  const paths = specifiers.map((specifier) => posix.join(posix.dirname(file.path), specifier));
  return paths.filter((path) => !path.startsWith('../'));
}

/** The text without comments: what is said there is not done. Good enough for sources without `//` in strings. */
export function codeOf(file: SourceFile): string {
  return file.text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '');
}
