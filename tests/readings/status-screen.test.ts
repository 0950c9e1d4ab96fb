import { expect, test } from 'vitest';
import { collectReadings, type Readings } from '../../src/readings/run-readings.ts';
import { renderScreen, renderStatusLine, StatusScreen } from '../../src/readings/status-screen.ts';
import { checkConfig } from '../../src/settings/read-config.ts';
import type { GateCause } from '../../src/trading/gate-cause.ts';
import { createTestContext } from '../support/test-context.ts';

const CONFIG = checkConfig({ limits: { deltas_ring: 64 } });
const EMPTY = collectReadings(createTestContext('book', { config: CONFIG }).memory, CONFIG, 0, 0);
const SIZE = { columns: 80, rows: 24 };
const busy: Readings = {
  ...EMPTY,
  seconds: 3_725.4,
  frames: 123_456_789,
  malformed: 3,
  systemStatus: 'online',
  updates: 98_765_432,
  updatesPerSecond: 12_345.6,
  instruments: 1_114,
  booksValid: 1_096,
  verified: 98_765_400,
  failed: 32,
  evaluations: 9_876_543_210,
  best: {
    spelling: 'BTC/USD:buy > ETH/BTC:buy > ETH/USD:sell',
    grossBps: 1.234,
    netBps: -238.76,
  },
  edges: { gross_edge: [-31.2, -8.1, -4.05, -2, -0.5, 1.2], net_edge: [-271, -248, -244, -242, -240.5, -238.8] },
  latency: { ...EMPTY.latency, decision: { count: 9, p50Us: 12.34, p99Us: 12_345.6 } },
  trading: {
    mode: 'live',
    account: 'trading',
    orders: { sent: 12_345, out: 3, uncertain: 12, refused: 4, absent: 2 },
    fills: 23_456,
    announced: 0,
    assets: [
      { asset: 'USD', change: '12345.6789', balance: '1.0', profit: '12345.6789', exposure: '0.0000', dust: '0.0001' },
      { asset: 'BTC', change: '0.1', balance: '1.0', profit: '0.00', exposure: '-0.0000000123', dust: '0' },
    ],
  },
  rings: EMPTY.rings.map((ring) => ({ ...ring, fill: 1, refused: 7 })),
  causes: [],
  gate: {
    state: 'halted',
    risk: { state: 'halted', reason: 'loss_limit' },
    supervisor: { state: 'paused', reason: 'actor_down' },
  },
};

test('candidates beyond a budget are shown as soon as there are any', () => {
  const found = (readings: Readings) => renderScreen(readings, 'demo', SIZE).find((line) => line.startsWith('found'));
  expect(found(EMPTY)).not.toContain('over budget');
  expect(found({ ...EMPTY, overBudget: 12 })).toContain('over budget 12');
});

test.each([
  ['nothing yet', EMPTY],
  ['everything full', busy],
])('the screen fits 80 × 24: %s', (_what, readings) => {
  const lines = renderScreen(readings, 'demo', SIZE);
  expect(lines.length).toBeLessThanOrEqual(24);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(lines.join()).not.toMatch(/NaN|undefined|Infinity/);
  expect(lines.join()).not.toContain('\x1b');
});

test('nothing is cut off the busy screen', () => {
  expect(renderScreen(busy, 'demo', SIZE)).toEqual(renderScreen(busy, 'demo', { columns: 200, rows: 60 }));
});

test('the screen says how far the best cycle was from paying, and when it pays', () => {
  expect(renderScreen(busy, 'demo', SIZE).join('\n')).toContain('net -238.76 bps: 238.76 bps short of paying');
  const paying = { ...busy, best: { ...(busy.best as NonNullable<Readings['best']>), netBps: 2 } };
  expect(renderScreen(paying, 'demo', SIZE).join('\n')).toContain('net +2.00 bps: it pays');
});

test('the screen shows the account, what became of orders, profit and exposure', () => {
  const text = renderScreen(busy, 'demo', SIZE).join('\n');
  expect(text).toContain('account    trading   orders 12,345 (out 3, unsure 12, refused 4)   fills 23,456');
  expect(text).toContain('profit     12345.6789 USD   exposed -0.0000000123 BTC');
  expect(renderStatusLine(busy)).toContain('account trading   orders 12,345   fills 23,456   profit 12345.6789 USD');
});

test('the screen shows what was announced instead', () => {
  const alerting: Readings = { ...busy, trading: { ...EMPTY.trading, mode: 'alert', announced: 7 } };
  expect(renderScreen(alerting, 'alert', SIZE).join('\n')).toContain('announced 7');
  expect(renderScreen(busy, 'demo', SIZE).join('\n')).not.toContain('announced');
});

test('the screen lists every cause with who, when and why, and says how many it leaves out', () => {
  const since = Date.UTC(2026, 2, 1, 7, 0, 12);
  const times = { firstMs: since, lastMs: since, count: 1 };
  const ana: GateCause = { effect: 'halted', reason: 'operator', by: 'ana', text: 'going home', ...times };
  const plan = (id: number): GateCause => ({
    ...{ effect: 'reducing', reason: 'stranded_exposure', by: 'risk', ...times },
    text: `plan ${id} left exposure behind`,
  });
  const [, , first, second] = renderScreen({ ...busy, causes: [ana, plan(63)] }, 'demo', SIZE);
  expect(first).toBe('           halted: going home   (operator by ana since 2026-03-01 07:00:12 UTC)');
  expect(second).toContain('plan 63 left exposure behind');
  const many = renderScreen({ ...busy, causes: [ana, ...[1, 2, 3, 4, 5, 6].map(plan)] }, 'demo', SIZE);
  expect(many[7]).toBe('           and 2 more: arbitrade status');
});

test('the screen says which word closes the gate and why', () => {
  const text = renderScreen(busy, 'demo', SIZE).join('\n');
  expect(text).toContain('HALTED   (risk: halted, loss limit; supervisor: paused, actor down)');
  const active = { state: 'active', reason: 'none' } as const;
  const open: Readings = { ...busy, gate: { state: 'active', risk: active, supervisor: active } };
  expect(renderScreen(open, 'demo', SIZE)[1]).toBe('gate       active');
});

test('a small terminal gets what fits', () => {
  const lines = renderScreen(busy, 'demo', { columns: 30, rows: 5 });
  expect(lines).toHaveLength(5);
  expect(Math.max(...lines.map((line) => line.length))).toBe(30);
});

test('the plain line is one line without control characters and holds the figures', () => {
  const line = renderStatusLine(busy);
  expect([...line].every((char) => char >= ' ')).toBe(true);
  for (const part of ['3725.4 s', 'gate halted', 'updates/s 12,346', 'best net -238.76 bps', 'decision 12.3/12,346']) {
    expect(line).toContain(part);
  }
  expect(renderStatusLine(EMPTY)).toContain('best net – bps');
});

const ESC = '\x1b';
const TOKENS = new RegExp(`${ESC}\\[\\??\\d*[A-Za-z]|\\r\\n|[^${ESC}\\r]+`, 'g');

/** What a terminal shows after `text`, as far as this screen uses control sequences. */
class Paper {
  lines: string[] = [];
  cursor = true;
  otherScreen = false;
  writes = 0;
  columns = 80;
  rows = 24;

  write(text: string): void {
    this.writes += 1;
    let line = 0;
    for (const [token = ''] of text.matchAll(TOKENS)) {
      if (token === '\x1b[?25l') this.cursor = false;
      else if (token === '\x1b[?25h') this.cursor = true;
      else if (token === '\x1b[?1049h') this.otherScreen = true;
      else if (token === '\x1b[?1049l') this.otherScreen = false;
      else if (token === '\x1b[H') line = 0;
      else if (token === '\r\n') line += 1;
      else if (token === '\x1b[J') this.lines.length = line + 1;
      else if (token === '\x1b[K' || token.startsWith('\x1b[?2026')) continue;
      else this.lines[line] = token;
    }
  }
}

test('the terminal shows the newest frame, one write each, and is given back as it was', () => {
  const paper = new Paper();
  const screen = new StatusScreen(paper, 'demo');
  screen.paint(EMPTY);
  screen.paint(busy);
  expect(paper).toMatchObject({ writes: 2, cursor: false, otherScreen: true });
  expect(Array.from(paper.lines, (line) => line ?? '')).toEqual(renderScreen(busy, 'demo', SIZE));
  screen.end();
  screen.end();
  expect(paper).toMatchObject({ writes: 3, cursor: true, otherScreen: false });
});

test('a screen that never painted leaves the terminal alone', () => {
  const paper = new Paper();
  new StatusScreen(paper, 'demo').end();
  expect(paper.writes).toBe(0);
});
