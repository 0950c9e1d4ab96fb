/** What is wrong with settings, as text for their author: the setting, what is expected, what was found, its line. */
import type { z } from 'zod';
import { ArbitradeError, arbitradeError, wrongSetting } from '../platform/errors.ts';
import { nearestName } from '../platform/nearest-name.ts';

export type SettingPath = readonly PropertyKey[];

export interface SettingIssue {
  readonly path: SettingPath;
  /** What would be right. */
  readonly expected: string;
  readonly was: unknown;
}

/** Where a setting stands, such as `arbitrade.yaml:12: `; empty when it comes from nowhere that has lines. */
export type Locate = (path: SettingPath) => string;

/** So many issues are reported at once. */
const SHOWN_MAX = 12;

/** One error that names every issue, up to a bound. */
export function settingsError(issues: readonly SettingIssue[], locate: Locate = () => ''): ArbitradeError {
  const [first, ...others] = issues;
  const placeOf = ({ path }: SettingIssue): string => locate(path) + pathText(path);
  if (first !== undefined && others.length === 0)
    return arbitradeError('CONFIG_INVALID', placeOf(first), first.expected, first.was);
  const shown = issues.slice(0, SHOWN_MAX).map((issue) => wrongSetting(placeOf(issue), issue.expected, issue.was));
  const left = issues.length - shown.length;
  const end = `${left > 0 ? `and ${left} more; ` : ''}correct the settings and start again`;
  return new ArbitradeError('CONFIG_INVALID', [...shown, end].join('\n'));
}

/** The issues of a check by zod. `knownAt` says which settings there are at a path. */
export function settingIssues(
  error: z.ZodError,
  knownAt: (path: SettingPath) => readonly string[],
): readonly SettingIssue[] {
  return error.issues.flatMap((issue) => issuesOf(issue, knownAt));
}

function issuesOf(issue: z.core.$ZodIssue, knownAt: (path: SettingPath) => readonly string[]): SettingIssue[] {
  const { path, input: was } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        expected: unknownSetting(key, knownAt(path)),
        was: key,
      }));
    case 'invalid_key':
      return [{ path, expected: issue.issues[0]?.message ?? 'another name', was: path.at(-1) }];
    case 'invalid_type':
      return [{ path, expected: typeText(issue.expected, issue.message, was), was }];
    case 'invalid_value':
      return [{ path, expected: oneOf(issue.values, was), was }];
    case 'too_small':
      return [{ path, expected: `at least ${issue.minimum}${unitOf(issue.origin)}`, was }];
    case 'too_big':
      return [{ path, expected: `at most ${issue.maximum}${unitOf(issue.origin)}`, was }];
    default:
      return [{ path, expected: issue.message, was }];
  }
}

function unknownSetting(key: string, known: readonly string[]): string {
  const nearest = nearestName(key, known);
  if (nearest !== undefined) return `a setting that exists: ${nearest}?`;
  return known.length === 0 ? 'no such setting' : `a setting that exists, one of ${known.join(', ')}`;
}

/** Texts of our own say what is expected; those of zod are replaced. */
function typeText(expected: string, message: string, was: unknown): string {
  const own = message.startsWith('Invalid input') ? TYPE_TEXTS[expected] : message;
  const text = own ?? expected;
  return typeof was === 'number' && /in quotes/.test(text) ? `${text}: write "${was}"` : text;
}

const TYPE_TEXTS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number without quotes',
  int: 'a whole number without quotes',
  boolean: 'true or false, without quotes',
  object: 'a section of settings, each on a line of its own and indented',
  record: 'names with their values, such as { USD: "1000" }',
  array: 'a list, such as [USD, EUR]',
};

function oneOf(values: readonly unknown[], was: unknown): string {
  const nearest = typeof was === 'string' ? nearestName(was, values.map(String)) : undefined;
  const list = values.join(', ');
  return nearest === undefined ? `one of ${list}` : `${nearest}? (one of ${list})`;
}

const unitOf = (origin: string): string => (origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '');

const pathText = (path: SettingPath): string => (path.length === 0 ? 'settings' : path.map(String).join('.'));
