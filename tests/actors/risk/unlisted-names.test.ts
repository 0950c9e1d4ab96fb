import { expect, test } from 'vitest';
import { unlistedNames } from '../../../src/actors/risk/unlisted-names.ts';
import { checkConfig } from '../../../src/settings/read-config.ts';
import { runToEnd } from '../../support/arbitrade.ts';
import { capturePath } from '../../support/captures.ts';
import { directoryOf } from '../../support/directory-of.ts';

const directory = directoryOf(['BTC/USD', 'ETH/USD', 'ETH/BTC']);

test('names that the venue does not list are reported with the nearest one, wherever they stand', () => {
  const config = checkConfig({
    strategy: { start_assets: ['UDS', 'BTC', 'ZZZ'] },
    paper: { inventory: { usd: '1', ETH: '1', UDS: '1' } },
    fees: { pairs_taker_pct: { 'BTC/UDS': '0.1', 'ETH/BTC': '0.1' } },
  });
  expect(unlistedNames(config, directory)).toEqual([
    'strategy.start_assets: the venue lists no UDS, so it has no effect; did you mean USD?',
    'strategy.start_assets: the venue lists no ZZZ, so it has no effect',
    'paper.inventory: the venue lists no usd, so it has no effect; did you mean USD?',
    'paper.inventory: the venue lists no UDS, so it has no effect; did you mean USD?',
    'fees.pairs_taker_pct: the venue lists no BTC/UDS, so it has no effect; did you mean BTC/USD?',
  ]);
});

test.each(['--inline', '--threads'])(
  'a replay says at its end which start assets its capture does not have: %s',
  async (host) => {
    const capture = capturePath('ws2_book_d25_BTCUSD_20260802');
    const { code, stderr } = await runToEnd(['replay', capture, host, '--start-assets', 'ZZZ,USD', '--json']);
    expect(code).toBe(0);
    expect(stderr.match(/strategy\.start_assets: the venue lists no \w+/g)).toEqual([
      'strategy.start_assets: the venue lists no ZZZ',
    ]);
  },
);
