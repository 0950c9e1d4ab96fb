/** Settings of one run: a file or a mode's defaults, with the command's options laid over them, checked together. */
import type { Config, ConfigInput } from '../settings/config.ts';
import { checkConfig } from '../settings/read-config.ts';
import type { Locate, SettingPath } from '../settings/setting-issues.ts';

/** Options that several commands share and that stand for settings. */
export interface SettingOptions {
  readonly fees?: string;
  readonly tier?: number;
  readonly minEdgeBps?: number;
  readonly startAssets?: readonly string[];
  readonly cycleLength?: string;
  readonly placement?: string;
  readonly database?: string;
}

/** A section of raw settings: nothing in it is checked yet. */
type Raw = Record<string, unknown>;

/** `base` (raw settings) with `options` laid over them, and `forced` over both. @throws CONFIG_INVALID. */
export function settingsOf(base: unknown, options: SettingOptions, forced: ConfigInput = {}, locate?: Locate): Config {
  const laidOver = merge(overrides(options), forced);
  const locateInFile: Locate = (path) => (isGiven(laidOver, path) ? '' : (locate?.(path) ?? ''));
  return checkConfig(merge(base ?? {}, laidOver), locateInFile);
}

function overrides(options: SettingOptions): Raw {
  const strategy = {
    min_edge_bps: options.minEdgeBps,
    start_assets: options.startAssets,
    cycle_length: options.cycleLength === undefined ? undefined : Number(options.cycleLength),
  };
  return {
    strategy,
    fees: { taker_pct: options.fees, tier: options.tier },
    runtime: { placement: options.placement },
    persistence: { database: options.database },
  };
}

/** Lays `over` on `base`, section by section; what `over` leaves undefined stays as it was. */
function merge(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (!isSection(base) || !isSection(over)) return over;
  const merged: Raw = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const laid = merge(base[key] ?? (isSection(value) ? {} : undefined), value);
    if (laid !== undefined) merged[key] = laid;
  }
  return merged;
}

/** Whether `raw` itself gives the setting at `path`, or the list or section that it is in. */
function isGiven(raw: unknown, path: SettingPath): boolean {
  let value = raw;
  for (const key of path) {
    if (!isSection(value)) break;
    value = value[String(key)];
  }
  return value !== undefined;
}

function isSection(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
