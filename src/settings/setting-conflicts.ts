/**
 * Settings that are each in their range and contradict one another: together they would switch a protection off, or never
 * let anything happen. They are refused at the start. A new setting gets its rule here, or its place among those that
 * stand alone (tests/settings/setting-conflicts.test.ts).
 */
import { resolve } from 'node:path';
import type { Config } from './config.ts';
import type { SettingIssue } from './setting-issues.ts';

/** Names of settings that hold numbers, as `section.name`. */
type NumberPath = {
  [S in keyof Config]: Config[S] extends object
    ? { [K in keyof Config[S] & string]: Config[S][K] extends number ? `${S & string}.${K}` : never }[keyof Config[S] &
        string]
    : never;
}[keyof Config];

/** `less` times `factor` must not exceed `more`. Zero in a setting that zero turns off is not compared. */
export interface OrderRule {
  readonly less: NumberPath;
  readonly more: NumberPath;
  readonly factor?: number;
  readonly why: string;
}

/** Settings that zero turns off. */
const ZERO_IS_OFF: ReadonlySet<NumberPath> = new Set<NumberPath>([
  'trading.dead_mans_switch_ms',
  'trading.reconcile_in_flight_ms',
  'trading.reconcile_orders_ms',
  'trading.reconcile_balances_ms',
]);

export const ORDER_RULES: readonly OrderRule[] = [
  {
    less: 'trading.dead_mans_switch_interval_ms',
    more: 'trading.dead_mans_switch_ms',
    factor: 2,
    why: 'one renewal that is lost must not cancel everything',
  },
  { less: 'venue.backoff_base_ms', more: 'venue.backoff_max_ms', why: 'the first wait is the shortest' },
  { less: 'venue.refused_retry_min_ms', more: 'venue.refused_retry_max_ms', why: 'the first wait is the shortest' },
  {
    less: 'venue.refused_retry_min_ms',
    more: 'venue.refused_give_up_ms',
    why: 'it must be tried again before it is given up',
  },
  { less: 'book.resync_backoff_base_ms', more: 'book.resync_backoff_max_ms', why: 'the first wait is the shortest' },
  {
    less: 'runtime.restart_backoff_base_ms',
    more: 'runtime.restart_backoff_max_ms',
    why: 'the first wait is the shortest',
  },
  {
    less: 'runtime.heartbeat_ms',
    more: 'runtime.hang_limit_ms',
    factor: 2,
    why: 'an actor that is well must not count as hung',
  },
  {
    less: 'runtime.heartbeat_ms',
    more: 'risk.actor_silence_ms',
    factor: 2,
    why: 'an actor that is well must not count as silent',
  },
  {
    less: 'runtime.heartbeat_ms',
    more: 'risk.market_data_stale_ms',
    why: 'time limits are looked at once a heartbeat',
  },
  {
    less: 'runtime.heartbeat_ms',
    more: 'trading.answer_timeout_ms',
    why: 'time limits are looked at once a heartbeat',
  },
  { less: 'runtime.heartbeat_ms', more: 'trading.deadline_ms', why: 'time limits are looked at once a heartbeat' },
  { less: 'runtime.heartbeat_ms', more: 'trading.patience_ms', why: 'time limits are looked at once a heartbeat' },
  {
    less: 'runtime.heartbeat_ms',
    more: 'trading.dead_mans_switch_interval_ms',
    why: 'the switch is renewed at a heartbeat',
  },
  { less: 'runtime.heartbeat_ms', more: 'venue.socket_silence_ms', why: 'time limits are looked at once a heartbeat' },
  { less: 'runtime.heartbeat_ms', more: 'venue.ping_interval_ms', why: 'pings are sent at a heartbeat' },
  {
    less: 'runtime.heartbeat_ms',
    more: 'runtime.start_within_ms',
    why: 'an actor must have its first heartbeat in time',
  },
  {
    less: 'risk.check_interval_ms',
    more: 'risk.market_data_stale_ms',
    why: 'what is looked at more rarely is seen late',
  },
  { less: 'risk.check_interval_ms', more: 'risk.actor_silence_ms', why: 'what is looked at more rarely is seen late' },
  {
    less: 'risk.check_interval_ms',
    more: 'trading.account_stale_ms',
    why: 'what is looked at more rarely is seen late',
  },
  { less: 'trading.account_stale_ms', more: 'trading.account_lost_ms', why: 'trading pauses before it halts' },
  {
    less: 'trading.reconcile_balances_ms',
    more: 'trading.account_stale_ms',
    why: 'an account that is well must not count as stale between two comparisons',
  },
  {
    less: 'persistence.commit_interval_ms',
    more: 'risk.records_stale_ms',
    factor: 2,
    why: 'records that are committed in time must not count as stuck',
  },
  {
    less: 'runtime.stop_within_ms',
    more: 'runtime.stop_most_ms',
    why: 'progress makes the wait longer, never shorter',
  },
  { less: 'runtime.heartbeat_ms', more: 'trading.plan_age_max_ms', why: 'time limits are looked at once a heartbeat' },
];

/** Sides of a snapshot, each of which may bring as many levels as the depth. */
const SIDES = 2;
const LOOPBACK: readonly string[] = ['127.0.0.1', '[::1]', 'localhost'];

/** Every contradiction in checked settings, the ones of their defaults included. */
export function settingConflicts(config: Config): SettingIssue[] {
  return [
    ...ORDER_RULES.flatMap((rule) => outOfOrder(config, rule)),
    ...shallowRing(config),
    ...tooManySymbols(config),
    ...startAssetsWithoutPairs(config),
    ...emptyInventory(config),
    ...feesOfOtherPairs(config),
    ...mixedMarkets(config),
    ...pinsWithoutKey(config),
    ...sharedFiles(config),
  ];
}

function outOfOrder(config: Config, { less, more, factor = 1, why }: OrderRule): SettingIssue[] {
  const [lower, upper] = [numberAt(config, less), numberAt(config, more)];
  const isOff = (path: NumberPath, value: number): boolean => value === 0 && ZERO_IS_OFF.has(path);
  if (isOff(less, lower) || isOff(more, upper) || lower * factor <= upper) return [];
  const times = factor === 1 ? '' : `${factor} times `;
  const expected = `at least ${times}${less}, which is ${lower} (${why})`;
  return [{ path: more.split('.'), expected, was: upper }];
}

function numberAt(config: Config, path: NumberPath): number {
  const [section, name] = path.split('.');
  const settings: unknown = Object.entries(config).find(([key]) => key === section)?.[1];
  const value: unknown = Object.entries(settings ?? {}).find(([key]) => key === name)?.[1];
  return typeof value === 'number' ? value : Number.NaN;
}

function shallowRing({ limits, venue }: Config): SettingIssue[] {
  const least = SIDES * venue.depth;
  if (limits.deltas_ring >= least) return [];
  const expected = `at least ${least}: a snapshot of venue.depth ${venue.depth} would never find room`;
  return [{ path: ['limits', 'deltas_ring'], expected, was: limits.deltas_ring }];
}

function tooManySymbols({ limits, venue }: Config): SettingIssue[] {
  if (venue.symbols.length <= limits.instruments_max) return [];
  const expected = `at least ${venue.symbols.length}, as many as venue.symbols names`;
  return [{ path: ['limits', 'instruments_max'], expected, was: limits.instruments_max }];
}

function startAssetsWithoutPairs({ strategy, venue }: Config): SettingIssue[] {
  if (venue.symbols.length === 0) return [];
  const traded = new Set(venue.symbols.flatMap((symbol) => symbol.split('/')));
  return strategy.start_assets.flatMap((asset, index) =>
    traded.has(asset)
      ? []
      : [
          {
            path: ['strategy', 'start_assets', index],
            expected: `an asset of venue.symbols: ${[...traded].join(', ')}`,
            was: asset,
          },
        ],
  );
}

/** A paper account that holds none of the assets that a cycle may start from never trades. */
function emptyInventory({ mode, paper, strategy }: Config): SettingIssue[] {
  const held = Object.keys(paper.inventory);
  const isUsed = mode === 'paper' && held.length > 0 && strategy.start_assets.length > 0;
  if (!isUsed || strategy.start_assets.some((asset) => held.includes(asset))) return [];
  const expected = `some ${strategy.start_assets.join(' or ')}, the assets of strategy.start_assets`;
  return [{ path: ['paper', 'inventory'], expected, was: held.join(', ') }];
}

function feesOfOtherPairs({ fees, venue }: Config): SettingIssue[] {
  if (venue.symbols.length === 0) return [];
  return Object.keys(fees.pairs_taker_pct)
    .filter((symbol) => !venue.symbols.includes(symbol))
    .map((symbol) => ({ path: ['fees', 'pairs_taker_pct', symbol], expected: 'a pair of venue.symbols', was: symbol }));
}

/** Orders must go to the exchange that the books come from. Mode demo has a check of its own: nothing but this machine. */
function mixedMarkets({ mode, venue }: Config): SettingIssue[] {
  if (mode !== 'live' && mode !== 'dry-run') return [];
  const isLocal = (url: string): boolean => LOOPBACK.includes(new URL(url).hostname);
  const market = isLocal(venue.public_url);
  return (['private_url', 'rest_url'] as const)
    .filter((setting) => isLocal(venue[setting]) !== market)
    .map((setting) => ({
      path: ['venue', setting],
      expected: `an address ${market ? 'on this machine' : 'of the venue'}, like venue.public_url (${venue.public_url})`,
      was: venue[setting],
    }));
}

/** What is not encrypted shows no key: who asks for one there believes to be protected. */
function pinsWithoutKey({ venue }: Config): SettingIssue[] {
  if (venue.tls_pins.length === 0) return [];
  return (['public_url', 'private_url', 'rest_url'] as const)
    .filter((setting) => !/^(wss|https):/.test(venue[setting]))
    .map((setting) => ({
      path: ['venue', setting],
      expected: `an encrypted address (${setting === 'rest_url' ? 'https' : 'wss'}://), for venue.tls_pins is set`,
      was: venue[setting],
    }));
}

/** Two settings that name the same file would overwrite each other, or halt trading by being there. */
function sharedFiles({ venue, risk, persistence, control }: Config): SettingIssue[] {
  const files: readonly (readonly [SettingIssue['path'], string | undefined])[] = [
    [['persistence', 'database'], persistence.database],
    [['venue', 'nonce_file'], venue.nonce_file],
    [['venue', 'secrets_file'], venue.secrets_file],
    [['risk', 'kill_switch_file'], risk.kill_switch_file],
    [['control', 'socket'], control.socket],
  ];
  return files.flatMap(([path, file], index) => {
    const twin = files
      .slice(0, index)
      .find(([, other]) => file !== undefined && other !== undefined && resolve(other) === resolve(file));
    const expected = `a file of its own, not that of ${twin?.[0].join('.')}`;
    return twin === undefined ? [] : [{ path, expected, was: file }];
  });
}
