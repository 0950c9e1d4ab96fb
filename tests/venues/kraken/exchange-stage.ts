/**
 * Kraken's trading connection against the practice exchange, both on one virtual clock: a trader that sends orders by
 * chance, looks up what is uncertain and believes nothing else, and what the exchange has in its books in the end.
 */
import { type Chance, seededChance } from '../../../src/shared/chance.ts';
import { encodeClientOrderId } from '../../../src/shared/client-order-id.ts';
import type { VirtualClock } from '../../../src/shared/clock.ts';
import { type ConfigInput, checkConfig } from '../../../src/shared/config.ts';
import { InstrumentDirectory } from '../../../src/shared/instrument.ts';
import { fine } from '../../../src/simulation/readings.ts';
import { instrumentMessageOf } from '../../../src/venues/kraken/instrument-message.ts';
import { openKraken } from '../../../src/venues/kraken/open-kraken.ts';
import { subscribeBook, subscribeInstrument } from '../../../src/venues/kraken/requests.ts';
import { TRADING_PERMISSIONS } from '../../../src/venues/practice/account-spec.ts';
import type { FaultRates } from '../../../src/venues/practice/fault-rules.ts';
import { InlineNetwork } from '../../../src/venues/practice/inline-network.ts';
import type { PracticeExchange } from '../../../src/venues/practice/practice-exchange.ts';
import { instrumentFrame } from '../../../src/venues/practice/wire-text.ts';
import type { Fill, TradingEvent } from '../../../src/venues/trading-port.ts';
import type { HttpPort } from '../../../src/venues/transport.ts';
import { approved } from '../../support/approved.ts';
import { ALICE, BTC_USD, ETH_BTC, ETH_USD, MadeExchange } from '../practice/trading/made-exchange.ts';

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

export type State = 'out' | 'uncertain' | 'ended' | 'refused' | 'absent';

/** What the trader knows of one of its orders. */
export interface Known {
  state: State;
  readonly fills: Map<string, Fill>;
  ended: bigint | undefined;
  lookUpAtMs: number;
}

export function exchangeStage(seed: number, faults: FaultRates, settings: ConfigInput = {}) {
  const made = new MadeExchange({ pairs: PAIRS, accounts: [ACCOUNT], settings: { seed, faults, speed: 1 } });
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
  );
  const orders = new Map<string, Known>();
  const events: TradingEvent[] = [];
  const twice: string[] = [];
  let plans = 0;

  const nowMs = () => clock.nowNs() / 1e6;
  const addFill = (known: Known, fill: Fill) => known.fills.set(fill.execId, fill);
  const on = (event: TradingEvent): void => {
    events.push(event);
    if (!('clOrdId' in event)) return;
    const known = orders.get(event.clOrdId);
    if (known === undefined) throw new Error(`${event.type} of an order that was never sent: ${event.clOrdId}`);
    switch (event.type) {
      case 'order.filled':
        if (known.fills.has(event.fill.execId)) twice.push(event.fill.execId);
        addFill(known, event.fill);
        break;
      case 'order.ended':
        known.state = 'ended';
        known.ended = event.filledLots;
        break;
      case 'order.refused':
        known.state = 'refused';
        break;
      case 'order.uncertain':
        known.state = 'uncertain';
        known.lookUpAtMs = nowMs();
        break;
      case 'order.fate':
        if (event.found === undefined) known.state = 'absent';
        else {
          for (const fill of event.found.fills) addFill(known, fill);
          if (event.found.isOpen) known.lookUpAtMs = nowMs() + 500;
          else known.state = 'ended';
        }
        break;
      case 'order.fate_unknown':
        known.lookUpAtMs = nowMs() + 500;
        break;
      case 'order.acked':
        break;
      default:
        event satisfies never;
    }
  };

  /** One turn of 10 ms, as an actor takes them. */
  const turn = (): void => {
    made.run(10);
    port.onTimer();
    while (port.poll(on, 16) > 0);
    for (const [clOrdId, known] of orders) {
      if (known.state !== 'uncertain' || nowMs() < known.lookUpAtMs) continue;
      known.lookUpAtMs = Number.POSITIVE_INFINITY;
      port.lookUp(clOrdId, undefined);
    }
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
    if (!port.hasRoomFor(pair)) return false;
    const side = chance.integer(2) as 0 | 1;
    const { bids, asks, price } = PAIRS[pair]!;
    const levels = side === 0 ? asks : bids;
    const touch = Math.round(Number(levels[chance.integer(levels.length)]![0]) * 10 ** price);
    const plan = ++plans;
    const clOrdId = encodeClientOrderId({ runMs: 1_700_000_000_000, plan, leg: 0, attempt: 0 });
    const qtyLots =
      BigInt(1 + chance.integer(2)) * 10n ** 7n * BigInt(1 + chance.integer(20)) + BigInt(chance.integer(1000));
    orders.set(clOrdId, { state: 'out', fills: new Map(), ended: undefined, lookUpAtMs: 0 });
    const limitTicks = BigInt(touch + chance.integer(3) - 1);
    port.send(approved({ clOrdId, plan, instrument: pair, side, qtyLots, limitTicks }));
    return true;
  };

  const open = () => [...orders.values()].filter(({ state }) => state === 'out' || state === 'uncertain');
  return {
    made,
    exchange,
    clock,
    chance,
    port,
    orders,
    events,
    twice,
    sent,
    received,
    logged,
    directory,
    pass,
    refill,
    trade,
    open,
    config,
  };
}

type Stage = ReturnType<typeof exchangeStage>;

/** Every difference between what the trader knows and what the exchange has in its books. */
export function differences({ exchange, orders, twice, directory, sent }: Stage): string[] {
  const wrong = twice.map((execId) => `fill ${execId} was told twice`);
  const theirs = new Map(
    [...exchange.trading.closedOrders('alice'), ...exchange.trading.openOrders('alice')].map((order) => [
      order.clOrdId,
      order,
    ]),
  );
  const sentIds = sent
    .filter((text) => text.includes('"add_order"'))
    .map((text) => String(JSON.parse(text).params.cl_ord_id));
  if (new Set(sentIds).size !== sentIds.length) wrong.push('an order was sent twice');
  const records = [...exchange.trading.closedOrders('alice'), ...exchange.trading.openOrders('alice')];
  if (records.length !== theirs.size) wrong.push('the exchange has a cl_ord_id twice');
  for (const order of records) if (!orders.has(order.clOrdId ?? '')) wrong.push(`${order.clOrdId} was never sent`);
  for (const [clOrdId, { state, fills, ended }] of orders) {
    const order = theirs.get(clOrdId);
    const isOver = state === 'ended' || state === 'refused' || state === 'absent';
    if (!isOver) wrong.push(`${clOrdId} is ${state}`);
    if ((order !== undefined) !== (state === 'ended'))
      wrong.push(`${clOrdId} is ${state}, the exchange: ${order?.status}`);
    if (order === undefined) continue;
    const ours = [...fills.values()].map(({ execId, qtyLots, costUnits, feeUnits, feeAsset }) => {
      const instrument = directory.instrumentNamed(order.pair.symbol)!;
      const asset = directory.assets[feeAsset]!;
      const cost = fine(costUnits, directory.assets[instrument.quote]!.precision);
      return `${execId} ${fine(qtyLots, instrument.qtyPrecision)} ${cost} ${fine(feeUnits, asset.precision)} ${feeUnits === 0n ? '' : asset.id}`;
    });
    const books = order.trades.map(
      ({ id, qty, cost, fee, feeAsset }) =>
        `${id} ${fine(qty, order.pair.scale.qty)} ${fine(cost, order.pair.quote.decimals)} ${fine(fee, feeAsset.decimals)} ${fee === 0n ? '' : feeAsset.id}`,
    );
    if (ours.sort().join() !== books.sort().join())
      wrong.push(`${clOrdId}: fills ${ours.join(', ')}; the exchange ${books.join(', ')}`);
    const filled = fine(order.filledQty, order.pair.scale.qty);
    const said = ended === undefined ? filled : fine(ended, directory.instrumentNamed(order.pair.symbol)!.qtyPrecision);
    if (said !== filled) wrong.push(`${clOrdId} ended with ${said}, the exchange has ${filled}`);
  }
  return wrong;
}
