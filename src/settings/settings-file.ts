/** Raw settings of a YAML file, and where in it each of them stands. */
import { readFileSync } from 'node:fs';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { arbitradeError, reasonOf } from '../platform/errors.ts';
import type { Locate, SettingPath } from './setting-issues.ts';

export interface SettingsFile {
  /** What the file says; nothing in it is checked yet. */
  readonly raw: unknown;
  readonly locate: Locate;
}

/** @throws CONFIG_UNREADABLE when there is no such file, or it is no YAML; then with the line. CONFIG_EMPTY. */
export function readSettingsFile(file: string | URL): SettingsFile {
  const lines = new LineCounter();
  const document = parseDocument(textOf(file), { lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) throw arbitradeError('CONFIG_UNREADABLE', String(file), error.message);
  const raw: unknown = document.toJS();
  if (raw === null || raw === undefined) throw arbitradeError('CONFIG_EMPTY', String(file));
  return {
    raw,
    locate: (path) => {
      const offset = offsetOf(document, path);
      return offset === undefined ? `${file}: ` : `${file}:${lines.linePos(offset).line}: `;
    },
  };
}

function textOf(file: string | URL): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw arbitradeError('CONFIG_UNREADABLE', String(file), reasonOf(thrown));
  }
}

/** Offset of the setting at `path`, or of the nearest section above it that stands in the file. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: SettingPath): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range !== null && node.range !== undefined) return node.range[0];
  }
  return undefined;
}
