import { expect, test } from 'vitest';
import { seededChance } from '../../src/platform/chance.ts';
import { FaultPlan, type FaultReport } from '../../src/practice/faults/fault-plan.ts';
import { drawFaultRates, type FaultRates, parseFaultRates } from '../../src/practice/faults/fault-rules.ts';
import { ERROR_FAULT_NAMES, FAULT_NAMES } from '../../src/practice/faults/faults.ts';

function planOf(rates: FaultRates, time = { ms: 0 }) {
  const reports: FaultReport[] = [];
  return {
    plan: new FaultPlan(
      rates,
      7,
      () => time.ms,
      (report) => reports.push(report),
    ),
    reports,
    time,
  };
}

test('a fault can be written with a chance, a time, a count, and several of them', () => {
  expect(parseFaultRates('ack-lost=0.5,ack-lost@12s,ack-lost@500ms,ack-late/50')).toEqual({
    'ack-lost': { chance: 0.5, atMs: [12_000, 500] },
    'ack-late': { every: 50 },
  });
  expect(Object.keys(parseFaultRates('all'))).toEqual(FAULT_NAMES);
  expect(parseFaultRates('error:EOrder:Insufficient funds=0.2')).toEqual({ 'error:EOrder:Insufficient funds': 0.2 });
});

test.each(['ack-lost@12', 'ack-lost@soon', 'ack-lost/0', 'ack-lost/1.5', 'error:EOrder:No such thing', 'ack-lost=NaN'])(
  '%s is refused',
  (text) => expect(() => parseFaultRates(text)).toThrow(/--faults/),
);

test('a time strikes once, at the first occasion from then on', () => {
  const { plan, time } = planOf({ 'ack-lost': { atMs: [2_000, 1_000] } });
  const draws = plan.forConnection(1);
  const struck = [0, 900, 1_000, 1_500, 2_500, 3_000].map((ms) => {
    time.ms = ms;
    return draws.strikes('ack-lost');
  });
  expect(struck).toEqual([false, false, true, false, true, false]);
});

test('a count is over all clients, and an ordered strike is for whoever comes first', () => {
  const { plan, reports } = planOf({ 'ack-lost': { every: 3 } });
  const one = plan.forConnection(1);
  const two = plan.forConnection(2);
  expect([one, two, one, two, one, two].map((draws) => draws.strikes('ack-lost'))).toEqual([
    false,
    false,
    true,
    false,
    false,
    true,
  ]);
  plan.order('ack-late');
  expect([two.strikes('ack-late', 'BTC/USD'), one.strikes('ack-late')]).toEqual([true, false]);
  expect(reports.at(-1)).toEqual({ fault: 'ack-late', connection: 2, symbol: 'BTC/USD' });
});

test('every error of the catalogue can be made the answer to an order, a call or a token', () => {
  for (const fault of ERROR_FAULT_NAMES) {
    const draws = planOf({ [fault]: 1 }).plan.forConnection(1);
    const found = (['order', 'rest', 'token'] as const).flatMap((place) => draws.errorAt(place, 1.7e12)?.text ?? []);
    expect(found.length, fault).toBeGreaterThan(0);
    for (const text of found) expect(text.replace(/\d+$/, '')).toBe(fault.slice('error:'.length).replace(/\d+$/, ''));
  }
});

test('drawn errors differ, and are the same for the same seed', () => {
  const drawn = () => {
    const draws = planOf({ 'order-error': 1 }).plan.forConnection(3);
    return Array.from({ length: 200 }, () => draws.errorAt('order', 0)?.text);
  };
  expect(new Set(drawn()).size).toBeGreaterThan(30);
  expect(drawn()).toEqual(drawn());
});

test('faults drawn from a seed differ from seed to seed and repeat with it', () => {
  const drawn = (seed: number) => drawFaultRates(seededChance(seed));
  expect(drawn(1)).toEqual(drawn(1));
  expect(drawn(1)).not.toEqual(drawn(2));
  for (const rate of Object.values(drawn(3))) expect(rate).toBeGreaterThan(0);
});
