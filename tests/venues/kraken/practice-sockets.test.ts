/** The same code as live, over real sockets: nonce file, HTTP, WebSocket, and the practice exchange behind them. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InstrumentDirectory, instrumentIndex } from '../../../src/market/instrument.ts';
import { type Lots, lots, ticks } from '../../../src/money/money.ts';
import { seededChance } from '../../../src/platform/chance.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { wallMs } from '../../../src/platform/time.ts';
import type { FaultName } from '../../../src/practice/faults/faults.ts';
import { type PracticeServer, startPracticeServer } from '../../../src/practice/network/practice-server.ts';
import { checkConfig } from '../../../src/settings/read-config.ts';
import { openKraken } from '../../../src/venues/kraken/trading/open-kraken.ts';
import type { VenueAccount } from '../../../src/venues/venue.ts';
import { capturePath, type ScratchFolder, scratchFolder } from '../../support/captures.ts';
import { directoryOfExchange } from './exchange-stage.ts';
import { Trader } from './trader.ts';

const PAIR = 'BTC/USD';
const ACCOUNT = 'alice';

let folder: ScratchFolder;
let server: PracticeServer;
let directory: InstrumentDirectory;
let account: VenueAccount;
let trader: Trader;
let turning: NodeJS.Timeout;

/** Opens the account as a process does that takes the one before over. */
function open(): void {
  const spec = server.accounts[0];
  if (spec === undefined) throw new Error('the exchange has no account');
  const config = checkConfig({
    mode: 'demo',
    venue: {
      private_url: server.wsPrivate,
      rest_url: server.rest,
      rate_tier: 'pro',
      nonce_file: folder.path('nonces'),
      socket_silence_ms: 2_000,
      subscribe_timeout_ms: 1_000,
      backoff_base_ms: 5,
      backoff_max_ms: 20,
      backoff_repeated_min_ms: 5,
    },
    trading: { deadline_ms: 1_000, answer_timeout_ms: 400 },
  });
  account = openKraken(
    {
      config,
      clock: systemClock,
      chance: seededChance(1),
      wake: () => {},
      log: () => {},
      options: { apiKey: { name: 'test', key: spec.key, secret: spec.secret } },
    },
    directory,
    () => undefined, // no order outlives the port here
  );
  trader = new Trader(account.port, directory, () => systemClock.nowNs() / 1e6);
  turning = setInterval(() => trader.turn(), 5);
  account.port.start();
}

function shut(): void {
  clearInterval(turning);
  account.port.stop();
  account.close();
}

beforeAll(async () => {
  folder = scratchFolder();
  const capture = capturePath('ws2_book_d25_BTCUSD_20260802');
  server = await startPracticeServer({ capture, port: 0, settings: { speed: 1, loop: true } }, systemClock);
  directory = directoryOfExchange(server.exchange);
  open();
});

afterAll(async () => {
  shut();
  await server.close();
  folder[Symbol.dispose]();
});

const until = (what: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const look = () => (what() ? resolve() : void setTimeout(look, 2));
    look();
  });

/** A buy of some quantity that goes as deep as the third level, or one that no one would fill. */
function buy(qtyLots: Lots, isHopeless = false): string {
  const book = server.exchange.market.books.get(PAIR);
  const asks = JSON.parse((book?.snapshotSide('ask', 10) ?? '[]').replace(/:([\d.]+)/g, ':"$1"')) as {
    price: string;
  }[];
  const instrument = directory.instrumentNamed(PAIR);
  const ask = asks[2];
  if (instrument === undefined || ask === undefined) throw new Error('no market');
  const price = BigInt(Math.round(Number(ask.price) * 10 ** instrument.pricePrecision));
  return trader.send(instrument.index, 0, qtyLots, ticks(isHopeless ? price / 2n : price));
}

const mayTrade = () =>
  account.port.whyNoRoom([instrumentIndex(directory.instrumentNamed(PAIR)?.index ?? -1)]) === undefined;
const differences = () => trader.differences(server.exchange, directory, [], server.accounts[0]?.name ?? ACCOUNT);

describe('over real sockets', () => {
  test('orders fill, in whole, in part and not at all; the account reads as the exchange has it', async () => {
    await until(mayTrade);
    for (const qty of [10_000n, 123_457n, 300_000_000n]) {
      buy(lots(qty));
      await until(() => trader.open.length === 0);
    }
    buy(lots(10_000n), true);
    await until(() => trader.open.length === 0);
    expect(differences()).toEqual([]);
    const ends = trader.events.filter((event) => event.type === 'order.ended').map(({ filledLots }) => filledLots);
    expect(ends.slice(0, 2)).toEqual([10_000n, 123_457n]);
    expect(ends[2]).toBeGreaterThan(0n);
    expect(ends[2]).toBeLessThan(300_000_000n);
    expect(ends[3]).toBe(0n);
    account.port.readAccount({ scope: 'everything', sinceMs: wallMs(0) });
    await until(() => trader.events.some(({ type }) => type === 'account'));
    const reading = trader.events.find((event) => event.type === 'account')?.account;
    const base = directory.assetNamed('BTC');
    const theirs = server.exchange.trading
      .balances(server.accounts[0]?.name ?? '')
      .find(({ asset }) => asset.id === 'BTC');
    const ours = reading?.balances.find(({ asset }) => asset === base?.index);
    expect(ours?.totalUnits).toBe(
      (theirs?.total ?? 0n) * 10n ** BigInt((base?.precision ?? 0) - (theirs?.asset.decimals ?? 0)),
    );
    expect(reading?.endedOrders).toHaveLength(trader.orders.size);
  });

  test.each([
    'ack-lost',
    'ack-after-fill',
    'ack-late',
    'taken-with-error',
    'order-late',
    'disconnect-before-order',
    'disconnect-before-ack',
    'disconnect-after-ack',
    'disconnect-before-fill',
    'disconnect-after-fill',
    'execution-gap',
    'execution-duplicate',
    'execution-reorder',
    'private-half-open',
    'private-silent',
    'token-expired',
  ] satisfies FaultName[])(
    '%s: the order comes to what the exchange has, and the next one is traded',
    async (fault) => {
      await until(mayTrade);
      server.exchange.orderFault(fault);
      buy(lots(50_000n));
      await until(() => trader.open.length === 0);
      await until(mayTrade);
      buy(lots(50_000n));
      await until(() => trader.open.length === 0);
      expect(differences()).toEqual([]);
      expect(server.exchange.stats().faults[fault]).toBe(1);
    },
  );

  test('a successor takes the key over: its nonces go on, and it finds what was done', async () => {
    await until(mayTrade);
    const clOrdId = buy(lots(50_000n));
    await until(() => trader.open.length === 0);
    shut();
    open();
    await until(mayTrade);
    account.port.readAccount({ scope: 'everything', sinceMs: wallMs(systemClock.wallMs() - 60_000) });
    await until(() => trader.events.some(({ type }) => type === 'account'));
    const reading = trader.events.find((event) => event.type === 'account')?.account;
    expect(reading?.endedOrders.map((order) => order.clOrdId)).toContain(clOrdId);
    expect(trader.events.some(({ type }) => type === 'fatal')).toBe(false);
  });
});
