/** Reads settings once, checks each and all together, and freezes them. */
import { z } from 'zod';
import { CONFIG_SCHEMA, type Config } from './config.ts';
import { settingConflicts } from './setting-conflicts.ts';
import { type Locate, type SettingPath, settingIssues, settingsError } from './setting-issues.ts';
import { readSettingsFile } from './settings-file.ts';
import { withAbsolutePaths } from './settings-paths.ts';

/**
 * Checks raw settings and fills in the defaults.
 * @param locate where in a file a setting stands, for the error's text.
 * @throws CONFIG_INVALID that names every wrong setting, and every two that contradict each other.
 */
export function checkConfig(raw: unknown, locate?: Locate): Config {
  const result = CONFIG_SCHEMA.safeParse(withoutEmptySections(raw ?? {}), { reportInput: true });
  if (!result.success) throw settingsError(settingIssues(result.error, settingsAt), locate);
  const conflicts = settingConflicts(result.data);
  if (conflicts.length > 0) throw settingsError(conflicts, locate);
  return deepFreeze(result.data);
}

/** Reads and checks a YAML file; paths in it are relative to it, and absolute in what is returned. @throws CONFIG_UNREADABLE, CONFIG_INVALID. */
export function readConfig(file: string): Config {
  const { raw, locate } = readSettingsFile(file);
  return deepFreeze(withAbsolutePaths(checkConfig(raw, locate), file));
}

/** A section that stands in a file with nothing below it says nothing: its defaults hold. */
function withoutEmptySections(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw;
  return Object.fromEntries(Object.entries(raw).filter(([name, value]) => value !== null || !isSection(name)));
}

const isSection = (name: string): boolean => settingsAt([name]).length > 0;

/** Names of the settings at a path of the schema: of the sections at its root, none below a single setting. */
function settingsAt(path: SettingPath): readonly string[] {
  if (path.length === 0) return Object.keys(CONFIG_SCHEMA.shape);
  const [name] = path;
  const section = Object.entries(CONFIG_SCHEMA.shape).find(([other]) => other === name)?.[1];
  if (path.length > 1 || !(section instanceof z.ZodPrefault)) return [];
  const inner = section.unwrap();
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
