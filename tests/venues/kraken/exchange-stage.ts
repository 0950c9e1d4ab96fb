/** Kraken's trading connection against the practice exchange, both on one virtual clock: a trader that sends by chance. */

import { InstrumentDirectory, instrumentIndex } from '../../../src/market/instrument.ts';
import { lots, ticks } from '../../../src/money/money.ts';
import type { HttpPort } from '../../../src/net/transport.ts';
import { type Chance, seededChance } from '../../../src/platform/chance.ts';
import type { VirtualClock } from '../../../src/platform/clock.ts';
import { TRADING_PERMISSIONS } from '../../../src/practice/exchange/accounts/account-spec.ts';
import type { AccountSettings } from '../../../src/practice/exchange/exchange-types.ts';
import type { FaultRates } from '../../../src/practice/faults/fault-rules.ts';
import { InlineNetwork } from '../../../src/practice/network/inline-network.ts';
import type { PracticeExchange } from '../../../src/practice/practice-exchange.ts';
import { instrumentFrame } from '../../../src/practice/protocols/kraken/wire-text.ts';
import type { ConfigInput } from '../../../src/settings/config.ts';
import { checkConfig } from '../../../src/settings/read-config.ts';
import { instrumentMessageOf } from '../../../src/venues/kraken/market/instrument-message.ts';
import { openKraken } from '../../../src/venues/kraken/trading/open-kraken.ts';
import { subscribeBook, subscribeInstrument } from '../../../src/venues/kraken/wire/requests.ts';
import { ALICE, BTC_USD, ETH_BTC, ETH_USD, MadeExchange } from '../../practice/trading/made-exchange.ts';
import { Trader } from './trader.ts';

const LIMITS = { instrumentsMax: 64, assetsMax: 64 };
const PAIRS = [BTC_USD, ETH_USD, ETH_BTC];
const SECRET = Buffer.alloc(64, 5).toString('base64');
const ACCOUNT = {
  ...ALICE,
  balances: { USD: '100000', BTC: '1000', ETH: '10000' },
  key: 'KEY',
  secret: SECRET,
  tier: 1,
  permissions: TRADING_PERMISSIONS,
  nonceWindow: 0,
};

/** REST without a network: a question and its answer each take a few milliseconds, questions in their order. */
function inlineHttp(exchange: PracticeExchange, clock: VirtualClock, chance: Chance): HttpPort {
  return {
    request: ({ method, url, headers, body, timeoutMs }, done) => {
      let isOver = false;
      const end: typeof done = (result) => {
        if (!isOver) done(result);
        isOver = true;
      };
      clock.after(timeoutMs, () => end({ ok: false, neverSent: false, why: 'no answer' }));
      const { pathname, search } = new URL(url);
      const small = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
      clock.after(1 + 3 * chance.unit(), () =>
        exchange.rest.handle({ method, target: pathname + search, headers: small, body }, (answer) =>
          clock.after(1 + 3 * chance.unit(), () => {
            if (answer.kind === 'cut') end({ ok: false, neverSent: false, why: 'the connection ended' });
            else end({ ok: true, status: answer.status, body: answer.body });
          }),
        ),
      );
    },
    close: () => {},
  };
}

export function directoryOfExchange(exchange: PracticeExchange): InstrumentDirectory {
  const directory = new InstrumentDirectory();
  const frame = JSON.parse(instrumentFrame('snapshot', exchange.market.entries));
  const message = instrumentMessageOf(frame, directory, LIMITS);
  if (message === undefined) throw new Error('the exchange lists nothing');
  directory.apply(message.changes);
  return directory;
}

/** A feed of its own, as the engine has one: it opens the market, and brings what the exchange says of its pairs. */
function followInstruments(exchange: PracticeExchange, directory: InstrumentDirectory): void {
  const feed = exchange.connectPublic({
    send: (text) => {
      if (!text.includes('"channel":"instrument"')) return;
      const message = instrumentMessageOf(JSON.parse(text), directory, LIMITS);
      if (message !== undefined) directory.apply(message.changes);
    },
    close: () => {},
    terminate: () => {},
    bufferedBytes: () => 0,
  });
  feed.receive(subscribeInstrument(1));
  feed.receive(subscribeBook(['BTC/USD'], 10, 2));
}

export function exchangeStage(
  seed: number,
  faults: FaultRates,
  settings: ConfigInput = {},
  account: Partial<Pick<AccountSettings, 'rateTier' | 'sellFeesIn'>> = {},
) {
  const made = new MadeExchange({
    pairs: PAIRS,
    accounts: [{ ...ACCOUNT, ...account }],
    settings: { seed, faults, speed: 1 },
  });
  const { clock, exchange } = made;
  const chance = seededChance(seed);
  const sent: string[] = [];
  const received: string[] = [];
  const network = new InlineNetwork(
    clock,
    chance,
    {
      admit: () => (exchange.admit() ? undefined : 429),
      connect: (_path, port) => exchange.connectPrivate(port),
    },
    { latencyMs: [0.5, 3] },
    (direction, _path, text) => (direction === 'out' ? sent : received).push(text),
  );
  const config = checkConfig({ mode: 'demo', ...settings });
  const directory = directoryOfExchange(exchange);
  followInstruments(exchange, directory);
  const logged: string[] = [];
  const { port } = openKraken(
    {
      config,
      clock,
      chance,
      wake: () => {},
      log: (_level, _event, text) => logged.push(text),
      options: {
        apiKey: { name: 'test', key: ACCOUNT.key, secret: SECRET },
        transport: { http: inlineHttp(exchange, clock, chance), sockets: network },
      },
    },
    directory,
    () => undefined, // no order outlives the port here
  );
  const trader = new Trader(port, directory, () => clock.nowNs() / 1e6);
  /** 10 ms pass for exchange and network. */
  const tick = (): void => made.run(10);
  /** One turn of 10 ms, as an actor takes them. */
  const turn = (): void => {
    tick();
    trader.turn();
  };
  const pass = (ms: number): void => {
    for (let turns = 0; turns < ms / 10; turns++) turn();
  };
  const refill = (): void => {
    for (const pair of PAIRS) made.tape(pair, pair.symbol);
  };

  /** Sends an order of some size around the touch, if the venue takes one. */
  const trade = (): boolean => {
    const pair = chance.integer(PAIRS.length);
    if (port.whyNoRoom([instrumentIndex(pair)]) !== undefined) return false;
    const side = chance.integer(2) as 0 | 1;
    const { bids, asks, price } = PAIRS[pair]!;
    const levels = side === 0 ? asks : bids;
    const touch = Math.round(Number(levels[chance.integer(levels.length)]![0]) * 10 ** price);
    const qtyLots =
      BigInt(1 + chance.integer(2)) * 10n ** 7n * BigInt(1 + chance.integer(20)) + BigInt(chance.integer(1000));
    trader.send(instrumentIndex(pair), side, lots(qtyLots), ticks(BigInt(touch + chance.integer(3) - 1)));
    return true;
  };

  const differences = () => trader.differences(exchange, directory, sent);
  return { clock, exchange, chance, port, trader, sent, received, directory, tick, pass, refill, trade, differences };
}
