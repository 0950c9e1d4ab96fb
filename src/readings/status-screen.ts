/** Readings as a person sees them: one repainted screen on a terminal, one plain line elsewhere. */
import { LATENCY_STAGES, type LatencyStage } from '../runtime/counter-names.ts';
import { describeTime, type GateCause } from '../trading/gate-cause.ts';
import { nextStep } from './next-step.ts';
import type { LatencyReading, Readings } from './run-readings.ts';
import { isAmount, type TradingReading } from './trading-reading.ts';

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** What a screen needs of a terminal. */
export interface Terminal {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

const SMALLEST: ScreenSize = { columns: 80, rows: 24 };
const MARGIN = 11;
const CAUSES_SHOWN = 5;

// Terminal control: the other screen, so that the scroll-back stays as it was; and one frame at a time, so that a
// terminal that knows the mode never shows half of one (others ignore it).
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
const FRAME_BEGIN = '\x1b[?2026h\x1b[H';
const FRAME_END = '\x1b[J\x1b[?2026l';
const REST_OF_LINE = '\x1b[K';

const STAGE_TEXT: Readonly<Record<LatencyStage, string>> = {
  feed_decode: 'frame decoded',
  book_verified: 'book verified',
  decision: 'decided',
  plan_opened: 'plan opened',
  commit: 'commit itself',
};

/** Repaints one screen in place, and gives the terminal back. */
export class StatusScreen {
  readonly #terminal: Terminal;
  readonly #title: string;
  #entered = false;

  constructor(terminal: Terminal, title: string) {
    this.#terminal = terminal;
    this.#title = title;
  }

  /** One write per frame: every line is overwritten, none is cleared first, so nothing flickers. */
  paint(readings: Readings): void {
    const size = { columns: this.#terminal.columns ?? SMALLEST.columns, rows: this.#terminal.rows ?? SMALLEST.rows };
    const lines = renderScreen(readings, this.#title, size);
    const enter = this.#entered ? '' : ENTER;
    this.#entered = true;
    this.#terminal.write(`${enter}${FRAME_BEGIN}${lines.map((line) => line + REST_OF_LINE).join('\r\n')}${FRAME_END}`);
  }

  /** Brings back the cursor and what the terminal showed before. Calling it again does nothing. */
  end(): void {
    if (!this.#entered) return;
    this.#entered = false;
    this.#terminal.write(LEAVE);
  }
}

/** The screen's lines, none longer than the terminal is wide and no more than it is high. */
export function renderScreen(readings: Readings, title: string, size: ScreenSize): string[] {
  const lines = [
    `${clockText(readings.seconds)}   ${title}`,
    row('gate', gateText(readings)),
    ...causeLines(readings),
    ...nextLines(readings),
    row(
      'market',
      `venue ${readings.systemStatus}   frames ${count(readings.frames)}   malformed ${count(readings.malformed)}   disconnects ${count(readings.disconnects)}`,
    ),
    row(
      'books',
      `valid ${count(readings.booksValid)}   pairs listed ${count(readings.instruments)}   updates ${count(readings.updates)}   ${count(readings.updatesPerSecond)}/s`,
    ),
    row(
      'checksums',
      `verified ${count(readings.verified)}   failed ${count(readings.failed)}   skipped ${count(readings.skipped)}   resyncs ${count(readings.resyncs)}`,
    ),
    row(
      'cycles',
      `${count(readings.cycles)}   evaluations ${count(readings.evaluations)}   ${count(readings.evaluationsPerSecond)}/s`,
    ),
    ...edgeLines(readings),
    ...bestLines(readings),
    row(
      'found',
      `opportunities ${count(readings.opportunities)}   with a size that pays ${count(readings.opportunitiesSized)}${overBudgetText(readings)}${announcedText(readings)}`,
    ),
    row('plans', plansText(readings)),
    ...tradingLines(readings),
    ...latencyLines(readings),
    ...ringLines(readings),
    row(
      'records',
      `${count(readings.records.committed)} of ${count(readings.records.received)} committed   restarts ${count(readings.restarts)}`,
    ),
  ];
  return lines.slice(0, size.rows).map((line) => [...line].slice(0, size.columns).join(''));
}

/** Everything that matters on one line without control characters, for logs and pipes. */
export function renderStatusLine(readings: Readings): string {
  return [
    `${readings.seconds.toFixed(1)} s`,
    `gate ${readings.gate.state}`,
    `frames ${count(readings.frames)}`,
    `verified ${count(readings.verified)}`,
    `failed ${count(readings.failed)}`,
    `updates/s ${count(readings.updatesPerSecond)}`,
    `evaluations ${count(readings.evaluations)}`,
    `best net ${readings.best === undefined ? '–' : bps(readings.best.netBps)} bps`,
    `opportunities ${count(readings.opportunities)}`,
    `plans ${count(readings.plans.opened)}`,
    ...tradingParts(readings),
    `p50/p99 µs: ${LATENCY_STAGES.map((stage) => `${stage} ${latencyText(readings.latency[stage])}`).join(', ')}`,
    `fullest ring ${percent(Math.max(0, ...readings.rings.map((ring) => ring.fill)))}`,
    `restarts ${count(readings.restarts)}`,
  ].join('   ');
}

function latencyText({ count: counted, p50Us, p99Us }: LatencyReading): string {
  return counted === 0 ? '–' : `${micros(p50Us)}/${micros(p99Us)}`;
}

function row(label: string, text: string): string {
  return `${label.padEnd(MARGIN)}${text}`;
}

/** The gate's state and, when it is closed, which of its two halves closes it and why. */
function gateText({ gate }: Readings): string {
  const why = Object.entries({ risk: gate.risk, supervisor: gate.supervisor })
    .filter(([, reading]) => reading.state !== 'active')
    .map(([who, reading]) => `${who}: ${reading.state}, ${reading.reason.replaceAll('_', ' ')}`);
  return why.length === 0 ? gate.state : `${gate.state.toUpperCase()}   (${why.join('; ')})`;
}

/** Why, one line for each cause; what does not fit here stands in `arbitrade status`. */
function causeLines({ causes }: Readings): string[] {
  const lines = causes.slice(0, CAUSES_SHOWN).map((cause) => row('', causeText(cause)));
  const more = causes.length - lines.length;
  return more === 0 ? lines : [...lines, row('', `and ${more} more: arbitrade status`)];
}

/** What a person can do about it. */
function nextLines({ gate, causes, plans }: Readings): string[] {
  if (causes.length === 0) return [];
  const reasons = [...causes.map(({ reason }) => reason), gate.supervisor.reason];
  return nextStep({ state: gate.state, reasons, plansActive: plans.active }).map((text) => row('', text));
}

/** What it says stands first: a narrow terminal cuts off the rest. */
const causeText = ({ effect, reason, by, text, firstMs }: GateCause): string =>
  `${effect}: ${text}   (${reason.replaceAll('_', ' ')} by ${by} since ${describeTime(firstMs)})`;

function edgeLines({ edges }: Readings): string[] {
  const cells = (texts: readonly string[]) => texts.map((text) => text.padStart(10)).join('');
  return [
    row('edge, bps', cells(['p1', 'p25', 'p50', 'p75', 'p99', 'most'])),
    row('  gross', cells(edges.gross_edge.map(bps))),
    row('  net', cells(edges.net_edge.map(bps))),
  ];
}

function bestLines({ best }: Readings): string[] {
  if (best === undefined) return [row('best', 'no cycle could be evaluated yet'), ''];
  const verdict = best.netBps > 0 ? 'it pays' : `${(-best.netBps).toFixed(2)} bps short of paying`;
  return [
    row('best', best.spelling),
    row('', `gross ${bps(best.grossBps)} bps   net ${bps(best.netBps)} bps: ${verdict}`),
  ];
}

function plansText({ plans }: Readings): string {
  const ends = (['completed', 'abandoned', 'unwound', 'stranded'] as const).filter((end) => plans[end] > 0);
  const parts = [`opened ${count(plans.opened)}`, `active ${count(plans.active)}`, `refused ${count(plans.refused)}`];
  return [...parts, ...ends.map((end) => `${end} ${count(plans[end])}`)].join('   ');
}

/** Only once a budget was too small: what it left out might have paid. */
const overBudgetText = ({ overBudget }: Readings): string =>
  overBudget === 0 ? '' : `   over budget ${count(overBudget)}`;

const announcedText = ({ trading: { announced } }: Readings): string =>
  announced === 0 ? '' : `   announced ${count(announced)}`;

/** Orders and what they came to: once something was sent, or where there is an account. */
function tradingLines({ trading }: Readings): string[] {
  const { account, orders, fills } = trading;
  const known = account === 'none' ? 'none: simulated' : account;
  const text = `${known}   orders ${count(orders.sent)} (out ${count(orders.out)}, unsure ${orders.uncertain}, refused ${orders.refused})   fills ${count(fills)}`;
  return [row('account', text), row('profit', resultText(trading))];
}

function tradingParts({ trading }: Readings): string[] {
  const { account, orders, fills } = trading;
  if (account === 'none' && orders.sent === 0) return [];
  return [
    `account ${account}`,
    `orders ${count(orders.sent)}`,
    `fills ${count(fills)}`,
    `profit ${resultText(trading)}`,
  ];
}

/** Profit by asset, and what is exposed. */
function resultText({ assets }: TradingReading): string {
  const profits = assets.filter(({ profit }) => isAmount(profit)).map(({ asset, profit }) => `${profit} ${asset}`);
  const exposed = assets.filter(({ exposure }) => isAmount(exposure));
  const held = exposed.map(({ asset, exposure }) => `${exposure} ${asset}`);
  const profit = profits.length === 0 ? 'none yet' : profits.join('   ');
  return held.length === 0 ? profit : `${profit}   exposed ${held.join('   ')}`;
}

function latencyLines({ latency }: Readings): string[] {
  const cells = (name: string, p50: string, p99: string) => `${name.padEnd(16)}${p50.padStart(12)}${p99.padStart(12)}`;
  const stages = LATENCY_STAGES.map((stage) => {
    const { count: seen, p50Us, p99Us } = latency[stage];
    return row('', cells(STAGE_TEXT[stage], seen === 0 ? '–' : micros(p50Us), seen === 0 ? '–' : micros(p99Us)));
  });
  return [row('latency', cells('frame read to', 'p50 µs', 'p99 µs')), ...stages];
}

/** The rings by kind, the fullest of each; the record rings together. */
function ringLines({ rings }: Readings): string[] {
  const fullestOf = (some: Readings['rings']) => Math.max(0, ...some.map(({ fill }) => fill));
  const kinds = new Set(rings.filter(({ isOfRecords }) => !isOfRecords).map(({ kind }) => kind));
  const fullest = fullestOf(rings.filter(({ isOfRecords }) => isOfRecords));
  const refused = rings.reduce((sum, ring) => sum + ring.refused, 0);
  const named = [...kinds].map((kind) => `${kind} ${percent(fullestOf(rings.filter((ring) => ring.kind === kind)))}`);
  const rest = [`records ${percent(fullest)}`, `refused ${count(refused)}`];
  return [row('rings', named.slice(0, 4).join('   ')), row('', [...named.slice(4), ...rest].join('   '))];
}

function clockText(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(whole / 3_600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

const count = (value: number) => Math.round(value).toLocaleString('en-US');
const percent = (fraction: number) => `${Math.ceil(fraction * 100)}%`;
const bps = (value: number) => (Number.isNaN(value) ? '–' : `${value >= 0 ? '+' : ''}${value.toFixed(2)}`);
const micros = (value: number) => (value >= 1_000 ? count(value) : value.toFixed(1));
