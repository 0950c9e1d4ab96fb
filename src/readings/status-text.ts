/** The answer to `status` on one screen: at most 40 lines of 120 characters. Everything there is stands in `--json`. */
import { z } from 'zod';
import { CAUSE_EFFECTS } from '../trading/gate-cause.ts';
import { GATE_STATES } from '../trading/trading-gate.ts';
import { nextStep } from './next-step.ts';
import { isAmount } from './trading-reading.ts';

const COLUMNS = 120;
const ROWS = 40;
const MARGIN = 11;
const CAUSES_SHOWN = 10;
/** Lines of all causes together: what is beyond leaves no room for the rest. */
const CAUSE_LINES = 20;
/** Lines of one cause: who wrote more than that finds it in `--json`. */
const CAUSE_LINES_EACH = 3;
const ASSETS_SHOWN = 8;

const cause = z.object({
  effect: z.enum(CAUSE_EFFECTS),
  reason: z.string(),
  by: z.string(),
  text: z.string(),
  since: z.string(),
  count: z.number(),
});

const asset = z.object({
  balance: z.string(),
  reserved: z.string(),
  realised: z.string(),
  drawdown: z.string(),
  exposure: z.string(),
  dust: z.string(),
  exposureWorth: z.string().optional(),
});

/** What this screen reads of the answer. */
const STATUS = z.object({
  mode: z.string(),
  trading: z.enum(GATE_STATES),
  causes: z.array(cause),
  venue: z.string(),
  lastFrameMsAgo: z.number(),
  actors: z.record(z.string(), z.object({ heartbeatMsAgo: z.number(), restarts: z.number() })),
  ringsUsed: z.record(z.string(), z.number()),
  frames: z.number(),
  checksums: z.object({ verified: z.number(), failed: z.number() }),
  instruments: z.number(),
  cycles: z.number(),
  opportunities: z.number(),
  plans: z.record(z.string(), z.number()),
  account: z.object({
    account: z.string(),
    orders: z.record(z.string(), z.number()),
    fills: z.number(),
  }),
  records: z.object({ received: z.number(), committed: z.number() }),
  risk: z.object({
    breach: z.string(),
    losingPlans: z.number(),
    openPlans: z.number(),
    flattening: z.array(z.string()),
    resumed: z.union([z.string(), z.object({ by: z.string(), text: z.string(), atMs: z.number() })]),
    assets: z.record(z.string(), asset),
  }),
});
type Status = z.infer<typeof STATUS>;

/** Undefined when the answer is not of this version's process. */
export function describeStatus(answer: unknown): readonly string[] | undefined {
  const { success, data } = STATUS.safeParse(answer);
  if (!success) return undefined;
  const lines = [
    row('trading', data.trading),
    ...causeLines(data),
    ...nextLines(data),
    row('mode', `${data.mode}   venue ${data.venue}   last frame ${count(data.lastFrameMsAgo)} ms ago`),
    row('market', marketText(data)),
    row('plans', `at work ${data.risk.openPlans}   ${counts(data.plans)}${flatteningText(data)}`),
    row(
      'account',
      `${data.account.account}   orders: ${counts(data.account.orders)}   fills ${count(data.account.fills)}`,
    ),
    row('limits', `broken: ${data.risk.breach}   losing plans in a row ${data.risk.losingPlans}`),
    ...assetLines(data),
    row('records', `${count(data.records.committed)} of ${count(data.records.received)} committed   ${ringText(data)}`),
    row('actors', actorText(data)),
    ...resumedLines(data),
  ];
  return lines.slice(0, ROWS).map((line) => [...line].slice(0, COLUMNS).join(''));
}

const row = (label: string, text: string): string => `${label.padEnd(MARGIN)}${text}`;
const rows = (label: string, texts: readonly string[]): string[] =>
  texts.map((text, index) => row(index === 0 ? label : '', text));

/** `text` in lines that fit beside the labels, broken at spaces where that is possible; from the second on indented. */
function wrapped(text: string): string[] {
  const room = COLUMNS - MARGIN;
  const [first = '', ...rest] = text.match(new RegExp(`.{1,${room - 2}}(?= |$)|.{1,${room - 2}}`, 'gsu')) ?? [];
  return [first, ...rest.map((line) => `  ${line.trimStart()}`)];
}

function causeLines({ causes }: Status): string[] {
  const lines: string[] = [];
  let shown = 0;
  for (const { effect, reason, by, text, since, count: times } of causes.slice(0, CAUSES_SHOWN)) {
    const again = times > 1 ? `, ${times} times` : '';
    const when = since.replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
    const who = `(${reason.replaceAll('_', ' ')} by ${by} since ${when}${again})`;
    const whole = wrapped(`${effect}: ${text}   ${who}`);
    // Who and when is shown in any case; of a long text it is the end that is left out.
    const fitting =
      whole.length > CAUSE_LINES_EACH ? [...wrapped(`${effect}: ${text}`).slice(0, 2), `  … ${who}`] : whole;
    if (lines.length + fitting.length > CAUSE_LINES) break;
    lines.push(...fitting);
    shown += 1;
  }
  const more = causes.length - shown;
  return rows('why', more === 0 ? lines : [...lines, `and ${more} more: --json`]);
}

function nextLines({ trading, causes, risk }: Status): string[] {
  const reasons = causes.map(({ reason }) => reason);
  return rows('next', nextStep({ state: trading, reasons, plansActive: risk.openPlans }).flatMap(wrapped));
}

function marketText({ frames, checksums, instruments, cycles, opportunities }: Status): string {
  const checks = `checksums ${count(checksums.verified)} right, ${count(checksums.failed)} wrong`;
  return `frames ${count(frames)}   ${checks}   pairs ${count(instruments)}   cycles ${count(cycles)}   found ${count(opportunities)}`;
}

function assetLines({ risk }: Status): string[] {
  const held = Object.entries(risk.assets);
  const inFigures = ([name, one]: (typeof held)[number]): string => {
    const worth = one.exposureWorth === undefined ? 'no book values it' : `worth ${one.exposureWorth}`;
    const parts = [
      `${name.padEnd(6)} balance ${one.balance}`,
      ...(isAmount(one.reserved) ? [`reserved ${one.reserved}`] : []),
      ...(isAmount(one.realised) ? [`profit ${one.realised}`] : []),
      ...(isAmount(one.drawdown) ? [`drawdown ${one.drawdown}`] : []),
      ...(isAmount(one.exposure) ? [`EXPOSURE ${one.exposure} (${worth})`] : []),
      ...(isAmount(one.dust) ? [`dust ${one.dust}`] : []),
    ];
    return parts.join('   ');
  };
  // What is exposed first: that is what a person looks for.
  const sorted = held.toSorted(([, a], [, b]) => Number(isAmount(b.exposure)) - Number(isAmount(a.exposure)));
  const shown = sorted.slice(0, ASSETS_SHOWN).map(inFigures);
  const more = sorted.length - shown.length;
  return rows('assets', more === 0 ? shown : [...shown, `and ${more} more: --json`]);
}

function flatteningText({ risk: { flattening } }: Status): string {
  return flattening.length === 0 ? '' : `   bringing home ${flattening.join(', ')}`;
}

function ringText({ ringsUsed }: Status): string {
  const [fullest] = Object.entries(ringsUsed).toSorted(([, a], [, b]) => b - a);
  return fullest === undefined ? '' : `most waits on ${fullest[0]}: ${count(fullest[1])}`;
}

function actorText({ actors }: Status): string {
  const all = Object.entries(actors);
  const oldest = all.toSorted(([, a], [, b]) => b.heartbeatMsAgo - a.heartbeatMsAgo)[0];
  const restarts = all.filter(([, one]) => one.restarts > 0).map(([name, one]) => `${name} ${one.restarts}`);
  const beat = oldest === undefined ? '' : `oldest heartbeat ${oldest[0]}, ${count(oldest[1].heartbeatMsAgo)} ms ago`;
  return `${beat}   restarts: ${restarts.length === 0 ? 'none' : restarts.join(', ')}`;
}

function resumedLines({ risk: { resumed } }: Status): string[] {
  if (typeof resumed === 'string') return [];
  const when = new Date(resumed.atMs).toISOString().slice(0, 19).replace('T', ' ');
  return [row('resumed', `by ${resumed.by} at ${when} UTC: ${resumed.text}`)];
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US');
const counts = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${count(value)}`)
    .join('   ');
