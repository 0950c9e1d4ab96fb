import { describe, expect, test } from 'vitest';
import { nextStep } from '../../src/readings/next-step.ts';
import { describeStatus } from '../../src/readings/status-text.ts';
import { GATE_STATES } from '../../src/trading/trading-gate.ts';

const SINCE = '2026-03-01T07:00:12.000Z';
const LONG = 'x'.repeat(400);
const cause = (index: number) => ({
  ...{ effect: 'reducing', reason: 'stranded_exposure', by: 'risk', since: SINCE, last: SINCE, count: 1 },
  text: `plan ${index} left exposure behind`,
});
const asset = (exposure: string) => ({
  ...{ balance: '1.0000', reserved: '0.0000', realised: '-4.3900', drawdown: '4.3900', exposure, dust: '0.0000' },
  exposureWorth: '24801.2200 USD',
});

function statusWith(changes: object = {}): object {
  return {
    mode: 'live',
    trading: 'reducing',
    causes: [cause(63)],
    venue: 'online',
    lastFrameMsAgo: 12,
    actors: { feed: { heartbeatMsAgo: 3, restarts: 0 }, risk: { heartbeatMsAgo: 41, restarts: 2 } },
    ringsUsed: { 'deltas.kraken': 1, risk_records: 7 },
    frames: 1_234_567,
    checksums: { verified: 9, failed: 0 },
    instruments: 3,
    cycles: 2,
    opportunities: 5,
    plans: { opened: 3, completed: 2, stranded: 1 },
    account: { account: 'trading', orders: { sent: 9, out: 0 }, fills: 9, assets: [] },
    records: { received: 10, committed: 10 },
    risk: {
      ...{ breach: 'none', losingPlans: 1, openPlans: 1, flattening: ['0.25 ETH'] },
      resumed: { by: 'ana', text: 'sold by hand', atMs: Date.UTC(2026, 2, 1, 6) },
      assets: { USD: asset('0.0000'), BTC: asset('0.4839') },
    },
    ...changes,
  };
}

describe('status as text', () => {
  test('says the gate, every cause, and what to do about it; exposure comes first and with its worth', () => {
    const lines = describeStatus(statusWith()) ?? [];
    expect(lines[0]).toBe('trading    reducing');
    expect(lines[1]).toBe(
      'why        reducing: plan 63 left exposure behind   (stranded exposure by risk since 2026-03-01 07:00:12 UTC)',
    );
    expect(lines[2]).toMatch(
      /^next {7}no plan is begun, and only orders that shrink exposure leave. Look at the exposure/,
    );
    expect(lines[3]).toContain('arbitrade flatten');
    expect(lines[4]).toContain('arbitrade resume --reason TEXT');
    expect(lines.find((line) => line.startsWith('plans'))).toMatch(/^plans {6}at work 1 .* bringing home 0\.25 ETH$/);
    expect(lines.find((line) => line.startsWith('assets'))).toContain('EXPOSURE 0.4839 (worth 24801.2200 USD)');
    expect(lines.at(-1)).toBe('resumed    by ana at 2026-03-01 06:00:00 UTC: sold by hand');
  });

  test('fits one screen, however much there is to say, and says how much it leaves out', () => {
    const many = {
      causes: Array.from({ length: 50 }, (_, index) => ({ ...cause(index), text: LONG })),
      risk: {
        ...{ breach: LONG, losingPlans: 1, openPlans: 0, flattening: [], resumed: { by: LONG, text: LONG, atMs: 1 } },
        assets: Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`A${index}`, asset('1.0')])),
      },
      actors: Object.fromEntries(
        Array.from({ length: 40 }, (_, index) => [`actor${index}`, { heartbeatMsAgo: 1, restarts: 3 }]),
      ),
    };
    const lines = describeStatus(statusWith(many)) ?? [];
    expect(lines.length).toBeLessThanOrEqual(40);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(120);
    expect(lines.join('\n')).toMatch(/and 44 more: --json[\s\S]*and 192 more: --json/);
    expect(lines.some((line) => line.startsWith('resumed'))).toBe(true);
  });

  test('what to do next is never cut off, nor who halted and when, however long the texts', () => {
    const halted = (text: string) => ({ ...cause(1), effect: 'halted', reason: 'kill_switch', text });
    const told = ['it was late', 'words '.repeat(40), LONG, '💥'.repeat(300)];
    const lines = describeStatus(statusWith({ trading: 'halted', causes: told.map(halted) })) ?? [];
    const text = lines.map((line) => line.slice(11).trim()).join(' ');
    expect(text.split('(kill switch by risk since 2026-03-01 07:00:12 UTC)')).toHaveLength(1 + told.length);
    expect(text).toContain(
      'remove the kill-switch file, look at every cause above, then: arbitrade resume --reason TEXT',
    );
    for (const line of lines) expect([...line].length).toBeLessThanOrEqual(120);
  });

  test('an active gate has neither causes nor a next step', () => {
    const lines = describeStatus(statusWith({ trading: 'active', causes: [] })) ?? [];
    expect(lines[0]).toBe('trading    active');
    expect(lines[1]).toMatch(/^mode/);
  });

  test.each([null, {}, { gate: { state: 'halted' } }, statusWith({ trading: 'odd' })])(
    'what another version answers is not guessed at',
    (answer) => expect(describeStatus(answer)).toBeUndefined(),
  );
});

describe('the next step', () => {
  test.each(GATE_STATES.filter((state) => state !== 'active'))('%s: there is one, and it fits', (state) => {
    const lines = nextStep({ state, reasons: [], plansActive: 2 });
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(120 - 11);
  });

  test('names what has to be done before a resume can succeed', () => {
    const [line] = nextStep({
      state: 'halted',
      reasons: ['operator', 'kill_switch', 'account_refused'],
      plansActive: 0,
    });
    expect(line).toMatch(/remove the kill-switch file, correct the key and start anew, .*arbitrade resume/);
    expect(nextStep({ state: 'halted', reasons: ['starting'], plansActive: 0 })).toEqual(['nothing: it starts']);
    expect(nextStep({ state: 'paused', reasons: ['message_set_aside'], plansActive: 0 })[0]).toContain('resume');
    expect(nextStep({ state: 'draining', reasons: ['operator'], plansActive: 3 })[0]).toMatch(/^3 plans at work/);
  });
});
