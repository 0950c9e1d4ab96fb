/**
 * The settings: their names, ranges and defaults. Unknown keys are refused; units stand last in the name. The rest of the
 * program sees only {@link Config}. Every setting is described in `config/default.yaml`, and a test holds the two together.
 */
import { z } from 'zod';
import { PLANS_MAX } from '../messages/execution-message.ts';
import { EDGE_DECIMALS } from '../money/money.ts';
import { presentAssetName, presentSymbol } from './old-asset-names.ts';

const milliseconds = z.int().min(1).max(86_400_000);
/** Text of a form; `expected` says which, whether another form was found or no text at all. */
const textLike = (form: RegExp, expected: string) => z.string({ error: expected }).regex(form, expected);
const percentText = textLike(/^\d{1,2}(\.\d{1,4})?$/, 'a percentage in quotes, at most 4 decimals, such as "0.26"');
const amountText = textLike(/^\d{1,18}(\.\d{1,18})?$/, 'an amount in quotes, such as "1000.50"');
const assetName = textLike(/^[A-Za-z0-9.]{1,16}$/, 'an asset code such as BTC').refine(
  (name) => presentAssetName(name) === undefined,
  { error: ({ input }) => `its present name ${presentAssetName(String(input))}` },
);
const symbolName = textLike(/^[A-Za-z0-9.]{1,16}\/[A-Za-z0-9.]{1,16}$/, 'a pair such as BTC/USD').refine(
  (symbol) => presentSymbol(symbol) === undefined,
  { error: ({ input }) => `its present name ${presentSymbol(String(input))}` },
);
const powerOfTwo = (least: number, most: number) =>
  z
    .int()
    .min(least)
    .max(most)
    .refine((value) => (value & (value - 1)) === 0, 'a power of two');

function hasEdgeDecimals(bps: number): boolean {
  const [digits = '', exponent = '0'] = String(bps).split('e');
  return (digits.split('.')[1] ?? '').length - Number(exponent) <= EDGE_DECIMALS;
}

/** Venues that can be traded on. */
export const VENUE_NAMES = ['kraken'] as const;
export type VenueName = (typeof VENUE_NAMES)[number];

/** What carries a key's token or signature is encrypted, except on this machine. */
function isEncryptedOrLocal(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'wss:' || protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}

const venue = z.strictObject({
  name: z.enum(VENUE_NAMES).default('kraken'),
  public_url: z.url({ protocol: /^wss?$/, error: 'a wss:// address' }).default('wss://ws.kraken.com/v2'),
  private_url: z
    .url({ protocol: /^wss?$/, error: 'a wss:// address' })
    .refine(isEncryptedOrLocal, 'a wss:// address')
    .default('wss://ws-auth.kraken.com/v2'),
  /** Scheme and host, without the path. */
  rest_url: z
    .url({ protocol: /^https?$/, error: 'an https:// address' })
    .refine(isEncryptedOrLocal, 'an https:// address')
    .default('https://api.kraken.com'),
  /** SHA-256 of the public keys that the venue's servers may show, in base64; when empty, every one that a known authority vouches for. */
  tls_pins: z
    .array(z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'the SHA-256 of a public key in base64: 43 characters and ='))
    .default([]),
  /** File with the key's name, the key and its secret; see `secrets-file.ts`. */
  secrets_file: z.string().min(1).optional(),
  /** Highest nonce that may have been used, per key: the venue takes no smaller one ever again. */
  nonce_file: z.string().min(1).default('arbitrade.nonce'),
  /** Verification level of the account, which its rate limits follow, until the venue has reported it. */
  rate_tier: z.enum(['starter', 'intermediate', 'pro']).default('starter'),
  rest_timeout_ms: milliseconds.default(10_000),
  /** Questions (never orders) are asked this often at most, with back-off in between. */
  rest_attempts_max: z.int().min(1).max(20).default(5),
  /** How often the account's fees are asked for, besides at the start. */
  fees_interval_ms: milliseconds.default(86_400_000),
  /** How often REST's terms of pairs are read again when nothing was announced. */
  terms_interval_ms: milliseconds.default(600_000),
  /** Subscribed book depth: the venue's values. */
  depth: z.literal([10, 25, 100, 500, 1000]).default(25),
  /** Pairs to subscribe; empty: every online pair that lies on a cycle through the start assets. */
  symbols: z.array(symbolName).max(2000).default([]),
  symbols_per_socket: z.int().min(1).max(500).default(100),
  /** Symbols in one subscribe message. */
  symbols_per_message: z.int().min(1).max(100).default(50),
  messages_per_second: z.int().min(1).max(100).default(10),
  /** Attempts of the public sockets. The private one has 25 of its own: together the venue takes 150. */
  connects_per_window: z.int().min(1).max(125).default(120),
  connect_window_ms: milliseconds.default(600_000),
  backoff_base_ms: milliseconds.default(500),
  backoff_max_ms: milliseconds.default(30_000),
  /** Least wait after maintenance and after repeated failure; the venue asks for 5 s. */
  backoff_repeated_min_ms: milliseconds.default(5_000),
  /** Wait after the venue or its edge refused a connection (HTTP 4xx, close 1008); twice as long with each further refusal. */
  refused_retry_min_ms: milliseconds.default(5_000),
  refused_retry_max_ms: milliseconds.default(300_000),
  /** Refused for this long, market data is given up: the process ends with code 3. */
  refused_give_up_ms: milliseconds.default(900_000),
  connect_timeout_ms: milliseconds.default(10_000),
  subscribe_timeout_ms: milliseconds.default(10_000),
  ping_interval_ms: milliseconds.default(15_000),
  socket_silence_ms: milliseconds.default(8_000),
  /** A book without any message for this long is resubscribed. Quiet pairs exist: keep it generous. */
  instrument_silence_ms: milliseconds.default(300_000),
  frame_bytes_max: z.int().min(1024).max(64_000_000).default(8_000_000),
  malformed_kept: z.int().min(0).max(1000).default(32),
});

const book = z.strictObject({
  /** A snapshot that was asked for and has not come by then is asked for again. */
  snapshot_timeout_ms: milliseconds.default(10_000),
  /** Pause before the second request for a snapshot; doubles with every further one. */
  resync_backoff_base_ms: milliseconds.default(500),
  resync_backoff_max_ms: milliseconds.default(8_000),
  /** After this many requests without a lasting book the instrument is given up. */
  resync_attempts_max: z.int().min(1).max(1_000).default(5),
  /** A book that stayed valid for this long has recovered: its requests are counted from the start again. */
  resync_settled_ms: milliseconds.default(30_000),
  /** An instrument that was given up is tried once more after this long. */
  given_up_retry_ms: milliseconds.default(300_000),
});

/** What the settings of every strategy have. */
const everyStrategy = {
  /** Off: it looks for nothing. */
  enabled: z.boolean().default(true),
  /** Candidates of one market message that are decided and sized exactly, at most; the rest of them are counted. */
  exact_evaluations_max: z.int().min(1).max(1_000_000).default(10_000),
};

const strategy = z.strictObject({
  ...everyStrategy,
  /** Assets a cycle may start from; none named: all of them. */
  start_assets: z.array(assetName).max(64).default([]),
  /** Longest cycle: 3, or 4 for cycles of 3 and 4. */
  cycle_length: z.literal([3, 4]).default(3),
  min_edge_bps: z
    .number()
    .min(-10_000)
    .max(10_000)
    .refine(hasEdgeDecimals, `a number of at most ${EDGE_DECIMALS} decimals`)
    .default(0),
  /** Candidates of exact sizing that are tried at most; beyond it the best so far is taken. The thread of the books waits meanwhile. */
  sizing_steps_max: z.int().min(16).max(1_000_000).default(1_024),
});

const fees = z.strictObject({
  /** Fee tier of Kraken's schedule, 1 (most expensive) to 12, or 13 to 17 for the Pro tiers. */
  tier: z.int().min(1).max(17).default(1),
  /** Overrides the tier: one taker fee for every pair, in percent. */
  taker_pct: percentText.optional(),
  /** Overrides both for single pairs. */
  pairs_taker_pct: z.record(symbolName, percentText).default({}),
});

const paper = z.strictObject({
  /** Time from decision to fill, per leg. */
  latency_ms: z.int().min(0).max(60_000).default(20),
  /** What the paper account holds. Empty: unlimited, for measuring only. */
  inventory: z.record(assetName, amountText).default({}),
});

const trading = z.strictObject({
  /** Names the account in the database: its orders, balances and exposure go on from run to run under this name. */
  account: z.string().min(1).max(60).default('main'),
  /** `sequential`: leg after leg, each sized by what the last one delivered. `parallel`: all legs at once, from stock. */
  policy: z.enum(['sequential', 'parallel']).default('sequential'),
  plans_at_once: z.int().min(1).max(PLANS_MAX).default(1),
  /** Plans at once that may start from the same asset: what is left is for plans that start from others. */
  plans_per_asset_max: z.int().min(1).max(PLANS_MAX).default(PLANS_MAX),
  /** An opportunity older than this when it arrives is refused. */
  opportunity_age_max_ms: milliseconds.default(250),
  /** How far below the decided price a leg may still be taken, in basis points. */
  slippage_bps: z.int().min(0).max(1_000).default(10),
  /** How long a plan that holds something may wait (gate paused, no book) before it counts as stranded. */
  patience_ms: milliseconds.default(5_000),
  /** The venue does not match an order after this long. Kraken: 500 ms to 60 s, as it arrives; the transit takes its share. */
  deadline_ms: z.int().min(1_000).max(59_000).default(2_000),
  /** Without an answer for this long, the outcome of an order is uncertain and looked up. */
  answer_timeout_ms: milliseconds.default(3_000),
  /** What is done with a leg that failed: the cheapest by the present books, or always the one named. */
  shortfall: z.enum(['cheapest', 'reverse', 'complete', 'hold']).default('cheapest'),
  /** Most that completing or taking back may cost, in basis points of what is held; beyond it the plan holds. */
  shortfall_loss_max_bps: z.int().min(0).max(10_000).default(200),
  /** Attempts to complete or take back; each has a collar wider by `slippage_bps`. */
  shortfall_attempts_max: z.int().min(1).max(50).default(6),
  /** A plan older than this begins no further leg: what it holds is closed out. */
  plan_age_max_ms: milliseconds.default(10_000),
  /** Orders of one plan that leave at most. */
  plan_orders_max: z.int().min(4).max(255).default(24),
  /** How much more of an asset than planned a plan may give over all its orders; closing out may give as much again. */
  plan_excess_max_bps: z.int().min(0).max(100_000).default(1_000),
  /** Most that a plan may have lost, at the books, of what it was to spend, and still send an order. */
  plan_loss_max_bps: z.int().min(0).max(10_000).default(1_000),
  /** A fee dearer than its known rate by more than this, in percent of what was traded, is not believed: trading halts. */
  fee_excess_max_pct: percentText.default('1'),
  /** What follows a stranded plan: trading pauses for new plans until a person resumes, or halts. */
  stranded: z.enum(['reduce', 'halt']).default('reduce'),
  /** The venue cancels everything when it has received nothing from us for this long; 0 leaves the switch off. */
  dead_mans_switch_ms: z.int().min(0).max(86_399_000).default(60_000),
  dead_mans_switch_interval_ms: milliseconds.default(15_000),
  /** Intervals of continuous reconciliation; 0 turns one off. */
  reconcile_in_flight_ms: z.int().min(0).max(3_600_000).default(2_000),
  reconcile_orders_ms: z.int().min(0).max(3_600_000).default(30_000),
  reconcile_balances_ms: z.int().min(0).max(3_600_000).default(10_000),
  /** Trading pauses when the account could not be compared for this long, and halts after the longer time. */
  account_stale_ms: milliseconds.default(120_000),
  account_lost_ms: milliseconds.default(3_600_000),
  /** Most of an asset that one order may give or buy, in quotes: { USD: "1000" }. */
  order_max: z.record(assetName, amountText).default({}),
  /** Most of an asset that may be out at a time, in orders and spent by plans that have not ended. */
  exposure_max: z.record(assetName, amountText).default({}),
  /** Orders that may leave within a second. Those that take back or bring home may be as many again. */
  orders_per_second_max: z.int().min(1).max(1_000).default(20),
});

const live = z.strictObject({
  /** The first of three yeses without which no real order leaves. */
  real_orders: z.boolean().default(false),
});

const risk = z.strictObject({
  /** Trading halts while it exists. Read from a settings file, it is `SOCKET.halt` beside the control socket unless set. */
  kill_switch_file: z.string().min(1).optional(),
  /** Largest loss since a person resumed last, over all runs, per start asset, what went missing outside plans included; trading halts beyond it. */
  loss_max: z.record(assetName, amountText).default({}),
  /** The same within an hour, and within a day, as UTC counts them; none named: no such limit. */
  loss_hourly_max: z.record(assetName, amountText).default({}),
  loss_daily_max: z.record(assetName, amountText).default({}),
  /** Largest fall from the best result, per start asset. */
  drawdown_max: z.record(assetName, amountText).default({}),
  losing_plans_in_a_row_max: z.int().min(1).max(1_000).default(10),
  /** Orders that the venue refused one after the other, with none taken in between; trading halts beyond it. */
  refused_orders_in_a_row_max: z.int().min(1).max(1_000).default(10),
  /** Trading pauses when no frame has arrived for this long. */
  market_data_stale_ms: milliseconds.default(10_000),
  actor_silence_ms: milliseconds.default(2_000),
  /** Trading pauses when a record could not be committed for this long, and until one could. */
  records_stale_ms: milliseconds.default(5_000),
  check_interval_ms: milliseconds.default(100),
  portfolio_interval_ms: milliseconds.default(10_000),
});

const alert = z.strictObject({
  /** The same cycle is announced again only after this long. */
  repeat_ms: milliseconds.default(60_000),
});

const persistence = z.strictObject({
  /** DuckDB file; `:memory:` keeps nothing. */
  database: z.string().min(1).default('arbitrade.duckdb'),
  batch_rows_max: z.int().min(1).max(100_000).default(4_096),
  commit_interval_ms: milliseconds.default(200),
});

const runtime = z.strictObject({
  /** `threads`: one per actor. `fused`: feed, book and detector share one. `auto`: by cores. */
  placement: z.enum(['auto', 'threads', 'fused']).default('auto'),
  idle: z.enum(['auto', 'spin', 'adaptive', 'park']).default('auto'),
  heartbeat_ms: milliseconds.default(50),
  hang_limit_ms: milliseconds.default(2_000),
  start_within_ms: milliseconds.default(60_000),
  stop_within_ms: milliseconds.default(1_500),
  /** One that is still getting on at that time (a commit, a checkpoint) is waited for, this long in all. */
  stop_most_ms: milliseconds.default(60_000),
  restarts_max: z.int().min(0).max(1_000).default(10),
  restarts_within_ms: milliseconds.default(60_000),
  restart_backoff_base_ms: z.int().min(0).max(60_000).default(20),
  restart_backoff_max_ms: z.int().min(0).max(600_000).default(5_000),
  worker_heap_mb: z.int().min(16).max(16_384).default(256),
});

const limits = z.strictObject({
  instruments_max: z.int().min(8).max(16_384).default(2_048),
  assets_max: z.int().min(8).max(16_384).default(1_024),
  instrument_log_bytes: z.int().min(65_536).max(1_073_741_824).default(16_777_216),
  book_versions: powerOfTwo(2, 1_024).default(16),
  deltas_ring: powerOfTwo(64, 1_048_576).default(16_384),
  tops_ring: powerOfTwo(64, 1_048_576).default(4_096),
  records_ring: powerOfTwo(64, 1_048_576).default(4_096),
  opportunities_ring: powerOfTwo(64, 65_536).default(1_024),
});

const log = z.strictObject({
  /** Trading pauses when no line of the log could be written for this long; 0: it goes on unseen. */
  blocked_pause_ms: z.int().min(0).max(86_400_000).default(60_000),
});

const control = z.strictObject({
  /** Unix socket on which the running process answers `status`, `halt`, `drain` and `resume`. */
  socket: z.string().min(1).max(100).default('arbitrade.sock'),
});

/** What becomes of an opportunity, from a rehearsal to real money. The default risks nothing. */
export const MODES = ['demo', 'paper', 'dry-run', 'alert', 'live'] as const;
export type Mode = (typeof MODES)[number];

/** Whether a mode uses the account's key: then the sequencer has a trading connection, and the account a state. */
export const usesKey = (mode: Mode): boolean => mode === 'demo' || mode === 'dry-run' || mode === 'live';

export const CONFIG_SCHEMA = z.strictObject({
  mode: z.enum(MODES).default('paper'),
  venue: venue.prefault({}),
  book: book.prefault({}),
  strategy: strategy.prefault({}),
  fees: fees.prefault({}),
  paper: paper.prefault({}),
  trading: trading.prefault({}),
  alert: alert.prefault({}),
  live: live.prefault({}),
  risk: risk.prefault({}),
  persistence: persistence.prefault({}),
  runtime: runtime.prefault({}),
  limits: limits.prefault({}),
  log: log.prefault({}),
  control: control.prefault({}),
});

/** Checked settings. Frozen, and safe to hand to a worker thread. */
export type Config = z.infer<typeof CONFIG_SCHEMA>;
/** What the settings of every strategy have. */
export type StrategySettings = Pick<Config['strategy'], keyof typeof everyStrategy>;
/** Settings as a file or a command writes them: everything may be left out. */
export type ConfigInput = z.input<typeof CONFIG_SCHEMA>;

/** JSON Schema of a settings file, for editors. */
export function configJsonSchema(): object {
  return z.toJSONSchema(CONFIG_SCHEMA, { io: 'input', unrepresentable: 'any' });
}
