/** The program's source files, for tests of what may stand where. */
import { readdirSync, readFileSync } from 'node:fs';

export interface SourceFile {
  /** Path below `src/`, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const ROOT = new URL('../../src/', import.meta.url);

export function sourceFiles(): SourceFile[] {
  const names = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
  const files = names.filter((name) => /\.m?ts$/.test(name));
  return files.map((path) => ({ path, text: readFileSync(new URL(path, ROOT), 'utf8') }));
}

/** Paths below `src/` that `file` imports. What lies elsewhere (packages, package.json) is no layer's. */
export function importsOf(file: SourceFile): string[] {
  const specifiers = [...file.text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] ?? '');
  const paths = specifiers.map((specifier) => new URL(specifier, `file:///src/${file.path}`).pathname);
  return paths.filter((path) => path.startsWith('/src/')).map((path) => path.slice('/src/'.length));
}

/** The text without comments: what is said there is not done. Good enough for sources without `//` in strings. */
export function codeOf(file: SourceFile): string {
  return file.text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '');
}
