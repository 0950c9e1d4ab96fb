// halt on the control socket ──▶ risk ──▶ gate ──▶ sequencer ──▶ cancel_all on the private socket ──▶ the book is empty
/**
 * How long from a halt until nothing of ours is open at the exchange? The engine runs as a process of its own, with a key,
 * against the practice exchange in this one, over real sockets. Its own orders are immediate-or-cancel and never rest, so
 * those that are open bear ids as an earlier run of it would have given them, and rest far from the market. Its private
 * channels have fallen silent (a fault of the exchange), or it would end them as left-overs of its own before any halt.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { divideUp, formatDecimal } from '../src/money/money.ts';
import type { PairRules } from '../src/practice/exchange/pair-rules.ts';
import { readRequest } from '../src/simulation/sent-order.ts';
import { encodeClientOrderId } from '../src/trading/client-order-id.ts';
import { type Bench, type BenchRow, nowNs, quantiles } from './harness.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { TradingStage } from './support/trading-stage.ts';

const ROUNDS = 30;
const ORDERS = 4;
const BAR_NS = 250e6;
/** What an order adds to the venue's counter, and its early end, has to run off before the next ones. */
const PAUSE_MS = 500;
/** The venue takes fifty requests a second. */
const PING_EVERY_MS = 25;
const CANCELS = ['cancel_order', 'batch_cancel', 'cancel_all'];
const EARLIER_RUN_MS = 1_790_000_000_000;

const bench: Bench = {
  name: 'halt',
  question: 'How long from a halt until every open order is cancelled?',
  run: async ({ quick }) => {
    const folder = temporaryFolder();
    try {
      return await measure(folder, quick ? 2 : ROUNDS);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
export default bench;

async function measure(folder: string, rounds: number): Promise<readonly BenchRow[]> {
  const words: string[] = [];
  const onRequest = (text: string): void => {
    const { method = '' } = readRequest(text);
    if (CANCELS.includes(method)) words.push(text);
  };
  const stage = await TradingStage.open({ folder, seed: 1, faults: '', dislocateBps: 0, onRequest });
  try {
    const engine = stage.start();
    await stage.untilReconciled();
    const halts: number[] = [];
    const confirmations: number[] = [];
    const pings = await pingPong(stage.wsPrivate, 5 * rounds);
    for (let round = 0; halts.length < rounds; round++) {
      assert.ok(round < 3 * rounds, 'bench: mostly it is the halt that ends them');
      await stage.untilResumed();
      stage.exchange.orderFault('private-silent'); // the engine may have connected anew since
      const ids = placeResting(stage, round);
      assert.equal(openOrders(stage), ORDERS, 'bench: they are open when the halt is asked for');
      words.length = 0;
      const { endedNs, confirmedNs } = await timeHalt(stage, ids);
      assert.equal(openOrders(stage), 0, 'bench: no order is open any more');
      if (isEndedByHalt(words, ids)) {
        halts.push(endedNs);
        confirmations.push(confirmedNs);
      }
      await sleep(PAUSE_MS);
    }
    engine.kill('SIGTERM');
    await once(engine, 'close');
    return rowsOf(Float64Array.from(halts), Float64Array.from(confirmations), pings);
  } finally {
    await stage.close();
  }
}

const openOrders = ({ exchange, account }: TradingStage): number => exchange.trading.openOrders(account).length;

/** Nothing was said of one of them before everything was cancelled: a reading of the account can find them first. */
function isEndedByHalt(words: readonly string[], ids: readonly string[]): boolean {
  const first = words.find((text) => text.includes('cancel_all') || ids.some((id) => text.includes(id)));
  return first?.includes('cancel_all') ?? false;
}

function rowsOf(halts: Float64Array, confirmations: Float64Array, pings: Float64Array): readonly BenchRow[] {
  const ended = quantiles(halts);
  const ping = quantiles(pings);
  return [
    {
      what: `halt asked for to the end of ${ORDERS} open orders at the exchange`,
      ...ended,
      ratio: { value: ended.p50Ns / ping.p50Ns, to: 'bare round trip, p50' },
      bar: { text: '< 250 ms (stretch: 50), every one', held: Math.max(...halts) < BAR_NS },
      note: `${halts.length} halts, slowest ${(Math.max(...halts) / 1e6).toFixed(1)} ms; loopback`,
    },
    { what: 'halt asked for to its confirmation', ...quantiles(confirmations) },
    { what: 'bare round trip: a ping on the private socket', ...ping, note: 'both ends in one process' },
  ];
}

/** Orders that rest at a tenth of the best bid, one in each of a few pairs. @returns their ids. */
function placeResting({ exchange, account }: TradingStage, round: number): readonly string[] {
  const books = [...exchange.market.books];
  return Array.from({ length: ORDERS }, (_, index) => {
    const [symbol, book] = books[(round * ORDERS + index) % books.length] ?? [];
    const pair = exchange.trading.pair(symbol ?? '');
    const bid = book?.bids[0]?.price;
    assert.ok(pair !== undefined && bid !== undefined, 'bench: the pair has a market');
    const clOrdId = encodeClientOrderId({ runMs: EARLIER_RUN_MS, plan: round + 1, leg: 0, attempt: index });
    const answer = exchange.trading.add(account, { ...restingOrder(pair, bid), clOrdId });
    assert.ok(answer.ok, `bench: the order is taken, not refused: ${answer.ok ? '' : answer.error}`);
    return clOrdId;
  });
}

/** Twice as large as the least that the pair takes. */
function restingOrder({ symbol, scale, quote, costMin, priceIncrement, qtyMin, qtyIncrement }: PairRules, bid: bigint) {
  const tenth = bid / 10n;
  const price = tenth - (tenth % priceIncrement);
  const least = divideUp(costMin * 10n ** BigInt(scale.price + scale.qty), price * 10n ** BigInt(quote.decimals));
  const qty = 2n * (least > qtyMin ? least : qtyMin);
  return {
    symbol,
    side: 'buy',
    orderType: 'limit',
    limitPrice: formatDecimal(price, scale.price),
    qty: formatDecimal(qty + qtyIncrement - (qty % qtyIncrement), scale.qty),
  };
}

/** Both ends run in this process: the exchange notes the end of an order in the turn in which the request for it came. */
async function timeHalt(
  stage: TradingStage,
  ids: readonly string[],
): Promise<{ endedNs: number; confirmedNs: number }> {
  const { exchange, account } = stage;
  const open = new Set(ids);
  const { promise: allEnded, resolve } = Promise.withResolvers<number>();
  const stopListening = exchange.trading.listen(account, {
    onExecution: ({ kind, order }) => {
      if (kind === 'canceled' && open.delete(order.clOrdId ?? '') && open.size === 0) resolve(nowNs());
    },
    onLedger: () => {},
    onSettled: () => {},
  });
  const startNs = nowNs();
  const confirmed = stage.halt().then(() => nowNs());
  const [endedNs, confirmedNs] = await Promise.all([allEnded, confirmed]);
  stopListening();
  return { endedNs: endedNs - startNs, confirmedNs: confirmedNs - startNs };
}

/** How long a request and its answer take at the least. */
async function pingPong(url: string, count: number): Promise<Float64Array> {
  const socket = new WebSocket(url);
  await once(socket, 'message'); // the venue's status
  const samples = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const startNs = nowNs();
    socket.send(JSON.stringify({ method: 'ping', req_id: index }));
    await once(socket, 'message');
    samples[index] = nowNs() - startNs;
    await sleep(PING_EVERY_MS);
  }
  socket.close();
  return samples;
}
