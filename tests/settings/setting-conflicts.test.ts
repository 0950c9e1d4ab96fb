import { describe, expect, test } from 'vitest';
import { CONFIG_SCHEMA, type Config } from '../../src/settings/config.ts';
import { checkConfig } from '../../src/settings/read-config.ts';
import { ORDER_RULES, settingConflicts } from '../../src/settings/setting-conflicts.ts';

/** Settings in numbers that contradict no other, whatever they are, and why. */
const STAND_ALONE: Readonly<Record<string, string>> = {
  'venue.rest_timeout_ms': 'bounds one request; the account waits for as long as it takes',
  'venue.rest_attempts_max': 'a count',
  'venue.fees_interval_ms': 'how often fees are asked for besides the start',
  'venue.terms_interval_ms': 'how often terms are read again besides announcements',
  'venue.symbols_per_socket': 'a count; a message asks for no more than its socket carries',
  'venue.symbols_per_message': 'a count',
  'venue.messages_per_second': 'a rate of the venue',
  'venue.connects_per_window': 'a rate of the venue',
  'venue.connect_window_ms': 'a rate of the venue',
  'venue.backoff_repeated_min_ms': 'is added to the random wait',
  'venue.connect_timeout_ms': 'bounds one attempt',
  'venue.subscribe_timeout_ms': 'bounds one answer',
  'venue.instrument_silence_ms': 'a socket that is silent is found by its own limit',
  'venue.frame_bytes_max': 'a frame beyond it is said to be',
  'venue.malformed_kept': 'a count',
  'book.snapshot_timeout_ms': 'bounds one answer',
  'book.resync_attempts_max': 'a count',
  'book.resync_settled_ms': 'when attempts are forgiven',
  'book.given_up_retry_ms': 'when it is tried once more',
  'strategy.exact_evaluations_max': 'a bound on work; what is beyond it is counted',
  'strategy.min_edge_bps': 'a threshold',
  'strategy.sizing_steps_max': 'a bound on work',
  'fees.tier': 'a row of the schedule',
  'paper.latency_ms': 'of the simulated venue',
  'trading.plans_at_once': 'a count',
  'trading.plans_per_asset_max': 'a count; beyond plans_at_once it bounds nothing',
  'trading.opportunity_age_max_ms': 'judged by the stamps of the frames, not at a heartbeat',
  'trading.slippage_bps': 'a collar',
  'trading.plan_excess_max_bps': 'a bound',
  'trading.plan_orders_max': 'a bound; the stricter of two ends a plan',
  'trading.plan_loss_max_bps': 'a bound; the stricter of two ends a plan',
  'trading.shortfall_loss_max_bps': 'a bound',
  'trading.shortfall_attempts_max': 'a count',
  'log.blocked_pause_ms': 'how long the log may be blocked; zero turns it off',
  'trading.reconcile_in_flight_ms': 'how often is looked; zero turns it off',
  'trading.reconcile_orders_ms': 'how often is looked; zero turns it off',
  'trading.orders_per_second_max': 'a rate',
  'alert.repeat_ms': 'how often the same is said',
  'risk.losing_plans_in_a_row_max': 'a count',
  'risk.refused_orders_in_a_row_max': 'a count',
  'risk.portfolio_interval_ms': 'how often is recorded',
  'persistence.batch_rows_max': 'a bound on work',
  'runtime.restarts_max': 'a budget',
  'runtime.restarts_within_ms': 'a budget',
  'runtime.worker_heap_mb': 'memory',
  'limits.assets_max': 'memory; what does not fit is refused by name',
  'limits.instrument_log_bytes': 'memory',
  'limits.book_versions': 'memory',
  'limits.tops_ring': 'memory; a full ring holds the book back',
  'limits.records_ring': 'memory; a full ring pauses trading',
  'limits.opportunities_ring': 'memory; what does not fit is counted',
};
/** Tied by a rule of more than two numbers. */
const TIED_OTHERWISE = ['venue.depth', 'strategy.cycle_length', 'limits.deltas_ring', 'limits.instruments_max'];

const numbersOf = (config: Config): string[] =>
  Object.entries(config).flatMap(([section, settings]) =>
    Object.entries(settings)
      .filter(([, value]) => typeof value === 'number')
      .map(([name]) => `${section}.${name}`),
  );

const given = (path: string, value: number): Record<string, Record<string, number>> => {
  const [section = '', name = ''] = path.split('.');
  return { [section]: { [name]: value } };
};

const merged = (one: Record<string, object>, other: Record<string, object>): Record<string, object> => {
  const sections = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...sections].map((name) => [name, { ...one[name], ...other[name] }]));
};

const refusal = (path: string) =>
  expect.objectContaining({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(`${path}: expected `),
  });

describe('settings that contradict one another', () => {
  test('every number of the settings is tied to another by a rule, or stands alone for a reason', () => {
    const tied = new Set([...ORDER_RULES.flatMap(({ less, more }) => [less, more] as string[]), ...TIED_OTHERWISE]);
    const unjudged = numbersOf(checkConfig({})).filter((path) => !tied.has(path) && STAND_ALONE[path] === undefined);
    expect(unjudged).toEqual([]);
    expect(Object.keys(STAND_ALONE).filter((path) => tied.has(path))).toEqual([]);
  });

  test('the defaults do not', () => expect(settingConflicts(CONFIG_SCHEMA.parse({}))).toEqual([]));

  test.each(ORDER_RULES.map((rule) => [rule.less, rule.more, rule.factor ?? 1] as const))(
    '%s against %s, at its edge',
    (less, more, factor) => {
      const upper = 40_000;
      // Numbers that are small enough for every setting, and every other rule kept out of the way.
      const conflictsOf = (lower: number) =>
        settingConflicts(CONFIG_SCHEMA.parse(merged(given(more, upper), given(less, lower)))).filter(
          ({ path }) => path.join('.') === more,
        );
      const edge = Math.floor(upper / factor);
      const about = (lower: number) => conflictsOf(lower).filter(({ expected }) => expected.includes(less));
      expect(about(edge)).toEqual([]);
      expect(about(edge + 1)).toHaveLength(1);
    },
  );

  test('a switch that zero turns off is not compared', () => {
    expect(() => checkConfig({ trading: { dead_mans_switch_ms: 0 } })).not.toThrow();
    expect(() => checkConfig({ trading: { dead_mans_switch_ms: 1_000 } })).toThrowError(
      refusal('trading.dead_mans_switch_ms'),
    );
  });

  test.each([
    ['limits.deltas_ring', { venue: { depth: 1000 }, limits: { deltas_ring: 1_024 } }],
    ['limits.instruments_max', { venue: { symbols: manySymbols(9) }, limits: { instruments_max: 8 } }],
    ['strategy.start_assets.1', { venue: { symbols: ['BTC/USD'] }, strategy: { start_assets: ['USD', 'EUR'] } }],
    ['paper.inventory', { strategy: { start_assets: ['USD'] }, paper: { inventory: { BTC: '1' } } }],
    [
      'fees.pairs_taker_pct.ETH/USD',
      { venue: { symbols: ['BTC/USD'] }, fees: { pairs_taker_pct: { 'ETH/USD': '0.1' } } },
    ],
    ['venue.rest_url', { mode: 'live', venue: { rest_url: 'http://127.0.0.1:1' } }],
    [
      'venue.private_url',
      { mode: 'dry-run', venue: { public_url: 'ws://127.0.0.1:1', rest_url: 'http://127.0.0.1:1' } },
    ],
    ['control.socket', { risk: { kill_switch_file: 'arbitrade.sock' } }],
    ['risk.kill_switch_file', { risk: { kill_switch_file: 'arbitrade.duckdb' } }],
  ])('%s is refused in %j', (path, raw) => {
    expect(() => checkConfig(raw)).toThrowError(refusal(path));
  });

  test.each([
    [{ venue: { depth: 10 }, limits: { deltas_ring: 64 } }],
    [{ venue: { symbols: manySymbols(8) }, limits: { instruments_max: 8 } }],
    [{ venue: { symbols: ['BTC/USD'] }, strategy: { start_assets: ['USD'] } }],
    [{ strategy: { start_assets: ['USD', 'BTC'] }, paper: { inventory: { BTC: '1' } } }],
    [{ mode: 'alert', strategy: { start_assets: ['USD'] }, paper: { inventory: { BTC: '1' } } }],
    [{ mode: 'paper', venue: { rest_url: 'http://127.0.0.1:1' } }],
    [
      {
        mode: 'live',
        venue: { public_url: 'ws://localhost:1', private_url: 'ws://127.0.0.1:1', rest_url: 'http://127.0.0.1:1' },
      },
    ],
  ])('nothing is wrong with %j', (raw) => {
    expect(() => checkConfig(raw)).not.toThrow();
  });
});

function manySymbols(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `A${index}/USD`);
}
