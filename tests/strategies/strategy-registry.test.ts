import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { InstrumentDirectory } from '../../src/market/instrument.ts';
import { ticks } from '../../src/money/money.ts';
import { CONFIG_SCHEMA } from '../../src/settings/config.ts';
import { checkConfig } from '../../src/settings/read-config.ts';
import { type MarketView, STRATEGY_NAMES } from '../../src/strategies/strategy.ts';
import { strategiesOf } from '../../src/strategies/strategy-registry.ts';

const EMPTY: MarketView = {
  directory: new InstrumentDirectory(),
  tops: { rates: Float64Array.of(1), kept: new Float64Array(0), ONE_EDGE: 0 },
  touchPrice: () => ticks(0n),
  touch: () => undefined,
  legAsOf: () => {
    throw new Error('there is no book');
  },
  funds: () => undefined,
};
const running = (settings: object) => strategiesOf(EMPTY, checkConfig(settings));

describe('the registry of strategies', () => {
  test('has a row for every folder, and runs them all unless a setting says otherwise', () => {
    const folders = readdirSync(new URL('../../src/strategies', import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(running({}).map(({ strategy }) => strategy.name)).toEqual(folders);
    expect([...STRATEGY_NAMES]).toEqual(folders);
  });

  test('gives a strategy its flag and its budget from its own section', () => {
    expect(running({ strategy: { enabled: false } })).toEqual([]);
    expect(running({ strategy: { exact_evaluations_max: 7 } })).toMatchObject([{ exactEvaluationsMax: 7 }]);
  });

  test('refuses a budget of nothing: that is what the flag is for', () => {
    expect(CONFIG_SCHEMA.safeParse({ strategy: { exact_evaluations_max: 0 } }).success).toBe(false);
  });

  test('makes strategies that find no cycle in a market without instruments', () => {
    const [cycle] = running({});
    cycle?.strategy.rebuild();
    expect(cycle?.strategy.cycles).toBe(0);
  });
});
