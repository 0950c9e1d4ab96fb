import { describe, expect, test } from 'vitest';
import { seededChance } from '../../../src/platform/chance.ts';
import { wallMs } from '../../../src/platform/time.ts';
import { drawFaultRates } from '../../../src/practice/faults/fault-rules.ts';
import { FAULT_NAMES, FAULTS } from '../../../src/practice/faults/faults.ts';
import { fine } from '../../../src/simulation/day-readings.ts';
import { exchangeStage } from './exchange-stage.ts';

const PUBLIC: readonly string[] = ['update', 'subscribe'];
/** More find more: 600 were run. */
const SEEDS = Number(process.env['SEEDS'] ?? 20);
/** Without what strikes at cancels: an immediate-or-cancel order is over before one can come. */
const PRIVATE_FAULTS = FAULT_NAMES.filter(
  (name) => !PUBLIC.includes(FAULTS[name].when) && FAULTS[name].when !== 'cancel',
);

function day(
  seed: number,
  faults: Parameters<typeof exchangeStage>[1],
  orders = 40,
  account: Parameters<typeof exchangeStage>[3] = {},
) {
  const stage = exchangeStage(seed, faults, {}, account);
  stage.port.start();
  let sent = 0;
  for (let turns = 0; sent < orders && turns < 20_000; turns++) {
    stage.pass(10);
    if (stage.chance.unit() < 0.3 && stage.trade()) sent++;
    if (turns % 30 === 0) stage.refill();
  }
  // Long enough for the quarter of an hour that a locked-out key has to wait.
  for (let seconds = 0; seconds < 1_800 && stage.trader.open.length > 0; seconds++) stage.pass(1_000);
  return { ...stage, sentCount: sent };
}

type Stage = ReturnType<typeof day>;

/** What is held, by asset, as the connection reads it. */
function accountOf({ port, pass, trader, directory }: Stage): Record<string, bigint> {
  port.readAccount({ scope: 'everything', sinceMs: wallMs(0) });
  pass(3_000);
  const answer = trader.events.findLast((event) => event.type === 'account');
  const balances = answer?.account.balances ?? [];
  return Object.fromEntries(
    balances.map(({ asset, totalUnits }) => {
      const { id = '?', precision = 0 } = directory.assets[asset] ?? {};
      return [id, fine(totalUnits, precision)];
    }),
  );
}

/** The same by the exchange's own books. */
function booksOf({ exchange }: Stage): Record<string, bigint> {
  return Object.fromEntries(
    exchange.trading.balances('alice').map(({ asset, total }) => [asset.id, fine(total, asset.decimals)]),
  );
}

describe('against the practice exchange', () => {
  test('without faults every order ends as the exchange has it, and no request is refused', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const stage = day(seed, {}, 60);
      expect(stage.sentCount).toBe(60);
      expect(stage.differences()).toEqual([]);
      const kinds = new Set(stage.trader.events.map(({ type }) => type));
      expect(kinds.has('order.uncertain')).toBe(false);
      expect(kinds.has('disconnected')).toBe(false);
      expect(stage.received.filter((text) => /rate limit|Exceeded/i.test(text))).toEqual([]);
      expect(accountOf(stage)).toEqual(booksOf(stage));
    }
  });

  test.each(['quote', 'base'] as const)(
    'every order says what its fee is to be paid in: an account whose sells pay %s makes no difference',
    (sellFeesIn) => {
      // Answers get lost, so that fills are also read from REST, which reports every fee in quote.
      const stage = day(11, { 'ack-lost': 0.2, 'execution-gap': 0.1 }, 60, { sellFeesIn });
      const orders = stage.sent.filter((text) => text.includes('"method":"add_order"'));
      expect(orders.length).toBeGreaterThan(50);
      expect(orders.filter((text) => !text.includes('"fee_preference":'))).toEqual([]);
      const trades = stage.exchange.trading.trades('alice');
      expect(
        new Set(trades.map(({ order, feeAsset }) => feeAsset === order.pair[order.side === 'buy' ? 'base' : 'quote'])),
      ).toEqual(new Set([true]));
      expect(stage.differences()).toEqual([]);
    },
  );

  test.each(['starter', 'intermediate', 'pro'] as const)(
    'as many orders as there is room for, a minute long: a %s account never hears no',
    (tier) => {
      const settings = { venue: { messages_per_second: 40 } };
      const stage = exchangeStage(7, {}, settings, { rateTier: tier });
      stage.port.start();
      let sent = 0;
      for (let turns = 0; turns < 6_000; turns++) {
        stage.pass(10);
        while (stage.trade()) sent++;
        if (turns % 30 === 0) stage.refill();
      }
      const refusals = stage.received.filter((text) => /limit exceeded|Exceeded|Too many/i.test(text));
      expect(refusals).toEqual([]);
      expect(stage.trader.events.filter(({ type }) => type === 'order.refused')).toEqual([]);
      // Three pairs with a counter each: what they decay in that time, and what was free at the beginning.
      const { decay, free } = {
        starter: { decay: 1, free: 25 },
        intermediate: { decay: 2.34, free: 90 },
        pro: { decay: 3.75, free: 145 },
      }[tier];
      const most = 3 * (60 * decay + free);
      expect(sent).toBeLessThanOrEqual(most);
      expect(sent).toBeGreaterThan(most * 0.6);
      expect(stage.differences()).toEqual([]);
    },
  );

  test.each(PRIVATE_FAULTS)('%s: no order is lost, doubled or misjudged', (fault) => {
    let struck = 0;
    for (let seed = 1; seed <= 3 || (struck === 0 && seed < 30); seed++) {
      const stage = day(seed, { [fault]: Math.min(0.3, FAULTS[fault].chance * 10) }, 20);
      struck += stage.exchange.stats().faults[fault] ?? 0;
      expect(stage.differences(), `seed ${seed}`).toEqual([]);
      // Of all errors there are, some say that the key itself is refused.
      const mayBeFatal = fault === 'rest-error';
      expect(mayBeFatal || stage.trader.events.every(({ type }) => type !== 'fatal'), `seed ${seed}`).toBe(true);
    }
    expect(struck).toBeGreaterThan(0);
  });

  test(
    'faults of all kinds at once, by seed',
    () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const stage = day(seed, drawFaultRates(seededChance(seed), PRIVATE_FAULTS), 20);
        expect(stage.differences(), `seed ${seed}`).toEqual([]);
      }
    },
    10_000 + 3_000 * SEEDS,
  );
});
