import { expect, test } from 'vitest';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { type Stage, stageSequencer } from './sequencer-stage.ts';

const alerting = (more: Parameters<typeof stageSequencer>[0] = {}): Stage => stageSequencer({ mode: 'alert', ...more });

function offer(stage: Stage): string[] {
  stage.send(stage.opportunity(2_600));
  stage.run();
  return stage.recorded().audits;
}

test('what would be traded is announced with its cycle, its profit and its edge, and nothing else happens', () => {
  const stage = alerting();
  const logged = stage.logged;
  const [announced, ...others] = offer(stage);
  expect(announced).toMatch(
    /^opportunity_announced BTC\/USD:buy>ETH\/BTC:buy>ETH\/USD:sell: \d+\.\d{4} USD would bring \d+\.\d{4} USD, \d+\.\d\d bps after fees$/,
  );
  expect(others).toEqual([]);
  expect(stage.told()).toMatchObject([{ event: 'PLAN_REFUSED', reason: 'alert_only' }]);
  stage.pass(10_000);
  expect(stage.told()).toEqual([]);
  expect(stage.balances()).toEqual([0n, 0n, 0n]);
  expect(logged.map(({ event }) => event)).toEqual(['opportunity_announced']);
  expect(stage.counter('opportunities_announced')).toBe(1);
});

test('the edge that is announced is what the account would gain, to the last unit', () => {
  const stage = alerting();
  const sized = stage.opportunity(2_600);
  const [announced = ''] = offer(stage);
  const profit = (sized?.endUnits ?? 0n) - (sized?.startUnits ?? 0n);
  expect(announced).toContain(`${profit / 10_000n}.${String(profit % 10_000n).padStart(4, '0')} USD`);
});

test('the same cycle is announced again only after alert.repeat_ms; each opportunity is recorded all the same', () => {
  const stage = alerting({ alert: { repeat_ms: 1_000 } });
  const announcements = [0, 400, 599, 1].map((afterMs) => {
    stage.pass(afterMs);
    return offer(stage).length;
  });
  expect(announcements).toEqual([1, 0, 0, 1]);
  expect(stage.told().map(({ reason }) => reason)).toEqual(Array(4).fill('alert_only'));
});

test.each([
  ['is too old', (stage: Stage) => stage.send(stage.opportunity(0), { stampNs: -1e9 }), 'too_old'],
  [
    'comes while the gate is closed',
    (stage: Stage) => stage.gate.setRisk('paused', 'market_data_stale'),
    'gate_closed',
  ],
  ['has lost a book', (stage: Stage) => stage.voidBook(instrumentIndex(0)), 'book_invalid'],
])('an opportunity that %s is not announced', (_what, spoil, reason) => {
  const stage = alerting();
  const sized = stage.opportunity(0);
  spoil(stage);
  if (reason !== 'too_old') stage.send(sized);
  stage.run();
  expect(stage.told()).toMatchObject([{ event: 'PLAN_REFUSED', reason }]);
  expect(stage.recorded().audits).toEqual([]);
});

test('more than the account holds is not announced', () => {
  const stage = alerting({ paper: { inventory: { USD: '0.01' } } });
  expect(offer(stage)).toEqual([]);
  expect(stage.told()).toMatchObject([{ reason: 'no_inventory' }]);
});

test('a successor neither announces nor records again what its predecessor did', () => {
  const stage = alerting();
  const sent = stage.send(stage.opportunity(0));
  stage.run();
  stage.recorded();
  stage.told();
  stage.succeed();
  stage.send(stage.opportunity(0), { seq: sent.seq, ordinal: sent.ordinal });
  stage.run();
  expect(stage.recorded().audits).toEqual([]);
  expect(stage.told()).toEqual([]);
  expect(stage.counter('opportunities_announced')).toBe(1);
});
