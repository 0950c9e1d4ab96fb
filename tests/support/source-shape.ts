/** Sizes and shapes of source files: how long their functions are, and which files import one another in a circle. */
import { stripTypeScriptTypes } from 'node:module';
import { importsOf, type SourceFile } from './source-files.ts';

/** A function, method or arrow function. */
export interface FunctionSpan {
  /** Where its parameters begin, from 1. */
  readonly line: number;
  /** Lines from there to the end of its body, both counted. */
  readonly length: number;
}

/** Lines of a text; a line break at its very end begins none. */
export const linesIn = (text: string): number => text.replace(/\n$/, '').split('\n').length;

/** All functions of a TypeScript source, inner ones too. @throws SyntaxError for what Node itself would not run. */
export function functionsOf(text: string): FunctionSpan[] {
  const code = blanked(stripTypeScriptTypes(text, { mode: 'strip' }));
  const brackets = pairsOf(code);
  const breaks = [...code.matchAll(/\n/g)].map(({ index }) => index);
  const lineAt = (position: number): number => breaks.findLastIndex((at) => at < position) + 2;
  const spanOf = (from: number, to: number): FunctionSpan => {
    const line = lineAt(from);
    return { line, length: lineAt(to) - line + 1 };
  };
  return [...arrowsIn(code, brackets), ...bodiesIn(code, brackets)]
    .map(([from, to]) => spanOf(from, to))
    .toSorted((one, other) => one.line - other.line);
}

/** Room for a statement's word and the spaces after it. */
const STATEMENT_MAX = 20;

type Range = readonly [from: number, to: number];

/** Every `=>`: from its parameters to the end of its block or of its expression. */
function arrowsIn(code: string, { endOf, startOf }: Brackets): Range[] {
  return [...code.matchAll(/=>\s*/g)].map((arrow): Range => {
    const before = code.slice(0, arrow.index).trimEnd();
    const from = before.endsWith(')') ? startOf.get(before.length - 1) : lastWordIn(before);
    const body = arrow.index + arrow[0].length;
    const to = code[body] === '{' ? endOf.get(body) : endOfExpression(code, body, endOf);
    if (from === undefined || from === -1 || to === undefined)
      throw new SyntaxError(`an arrow function at ${arrow.index}`);
    return [from, to];
  });
}

/** Where the word begins that `text` ends with; -1 when it ends with none. */
function lastWordIn(text: string): number {
  let from = text.length;
  while (/[\w$]/.test(text[from - 1] ?? '')) from--;
  return from === text.length ? -1 : from;
}

/** Every `) {` but those of statements: functions and methods. */
function bodiesIn(code: string, { endOf, startOf }: Brackets): Range[] {
  return [...code.matchAll(/\)\s*\{/g)].flatMap((found): Range[] => {
    const from = startOf.get(found.index);
    const to = endOf.get(found.index + found[0].length - 1);
    if (from === undefined || to === undefined) throw new SyntaxError(`brackets that do not match at ${found.index}`);
    return /\b(if|for|while|switch|catch|await|with)\s*$/.test(code.slice(Math.max(0, from - STATEMENT_MAX), from))
      ? []
      : [[from, to]];
  });
}

/** The last character of the expression that begins at `from`: before the comma, semicolon or bracket that ends it. */
function endOfExpression(code: string, from: number, endOf: ReadonlyMap<number, number>): number {
  for (let position = from; position < code.length; position++) {
    position = endOf.get(position) ?? position;
    if (/[,;)\]}]/.test(code[position + 1] ?? ';')) return position;
  }
  return code.length - 1;
}

interface Brackets {
  /** The closing bracket of each opening one, by position. */
  readonly endOf: ReadonlyMap<number, number>;
  /** The reverse. */
  readonly startOf: ReadonlyMap<number, number>;
}

function pairsOf(code: string): Brackets {
  const endOf = new Map<number, number>();
  const open: number[] = [];
  for (const { 0: bracket, index } of code.matchAll(/[()[\]{}]/g)) {
    if ('([{'.includes(bracket)) open.push(index);
    else endOf.set(open.pop() ?? -1, index);
  }
  if (open.length > 0 || endOf.has(-1)) throw new SyntaxError('brackets that do not match');
  return { endOf, startOf: new Map([...endOf].map(([from, to]) => [to, from])) };
}

/** A comment, a string, a regular expression (where a value may begin), a piece of a template, or a bracket of its code. */
const TOKEN =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|(?<=(?:^|[=(,:[!&|?{};+*%<>~^-]|\b(?:return|typeof|case|of|in))\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*|[`{}]/g;
const TEMPLATE_END = /(?:\\[\s\S]|\$(?!\{)|[^\\`$])*(`|\$\{)/y;

/** `code` with spaces for all that is said in comments, strings, templates and regular expressions; lines stay. */
function blanked(code: string): string {
  const kept = [...code];
  const blank = (from: number, to: number): void => {
    for (let at = from; at < to; at++) if (kept[at] !== '\n') kept[at] = ' ';
  };
  /** For every bracket that is open: whether a template goes on after it. */
  const open: boolean[] = [];
  const passTemplate = (from: number): number => {
    TEMPLATE_END.lastIndex = from;
    const end = TEMPLATE_END.exec(code);
    if (end === null) throw new SyntaxError(`a template without an end at ${from}`);
    blank(from, TEMPLATE_END.lastIndex - 1); // its quote, or the bracket of a value in it, stays
    if (end[1] === '`') kept[TEMPLATE_END.lastIndex - 1] = "'";
    else open.push(true);
    return TEMPLATE_END.lastIndex;
  };
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(code); found !== null; found = TOKEN.exec(code)) {
    const [token] = found;
    if (token === '{') open.push(false);
    else if (token === '`' || (token === '}' && open.pop() === true)) TOKEN.lastIndex = passTemplate(TOKEN.lastIndex);
    else if (token !== '}') blank(found.index, TOKEN.lastIndex);
    if (/^(['"]|\/[^/*])/.test(token)) kept[found.index] = "'"; // a value stands there
  }
  return kept.join('');
}

/** Circles among the imports of `files`, type imports too: each as the way round, `a > b > a`. */
export function importCircles(files: readonly SourceFile[]): string[] {
  const imports = new Map(files.map((file) => [file.path, importsOf(file)]));
  const circles = new Set<string>();
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (path: string): void => {
    const begin = way.indexOf(path);
    if (begin !== -1) circles.add([...way.slice(begin), path].join(' > '));
    if (begin !== -1 || done.has(path)) return;
    way.push(path);
    for (const imported of imports.get(path) ?? []) visit(imported);
    way.pop();
    done.add(path);
  };
  for (const path of imports.keys()) visit(path);
  return [...circles];
}
