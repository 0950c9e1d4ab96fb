// approved order ──▶ TradingPort.send ──▶ the socket has its text          executions frame ──▶ order.filled
/**
 * What does the connection to the venue itself take, each way? An approved order until the socket has its text (deadline,
 * token, pace, counters, books of what is out), and a frame of the executions until the fill in it can be taken.
 * The venue is scripted and on a virtual clock; every order is answered, filled and ended.
 */
import assert from 'node:assert/strict';
import { encodeClientOrderId } from '../src/trading/client-order-id.ts';
import { approved } from '../tests/support/approved.ts';
import { canceled, liveStage, pendingNew, trade } from '../tests/venues/kraken/trading-stage.ts';
import { type Bench, type BenchRow, nowNs, quantiles } from './harness.ts';

const ORDERS = 10_000;
const WARM_UP = 2_000;
const RUN_MS = 1_700_000_000_000;

const bench: Bench = {
  name: 'trading-port',
  question: 'What does the connection to the venue take, from an approved order to its text, from a frame to its fill?',
  run: async ({ quick }) => measure(quick ? 100 : ORDERS, quick ? 20 : WARM_UP),
};
export default bench;

function measure(count: number, warmUp: number): readonly BenchRow[] {
  const stage = liveStage({ venue: { rate_tier: 'pro', messages_per_second: 100 } });
  const { port, venue, clock, events } = stage;
  venue.answer = ({ method }) => method === 'add_order'; // the executions tell it all
  const out = new Float64Array(count);
  const back = new Float64Array(count);
  for (let number = -warmUp; number < count; number++) {
    const order = orderOf(number + warmUp);
    clock.advanceTo(clock.nowNs() + 1e9);
    venue.line.raw('{"channel":"heartbeat"}');
    port.onTimer();
    const sent = venue.line.texts.length;
    const startNs = nowNs();
    port.send(order);
    const sentNs = nowNs();
    assert.equal(venue.line.texts.length, sent + 1, 'bench: the order has left');
    const { clOrdId } = order;
    const entry = { order_id: `O${number}`, cl_ord_id: clOrdId };
    clock.advanceTo(clock.nowNs() + 1e6);
    venue.line.executions([pendingNew(entry)]);
    stage.take();
    const frameNs = nowNs();
    venue.line.executions([trade({ ...entry, exec_id: `T${number}`, last_qty: 0.1, cum_qty: 0.1 })]);
    stage.take();
    const reportedNs = nowNs();
    assert.equal(events.at(-1)?.type, 'order.filled', 'bench: the fill was told');
    venue.line.executions([canceled({ ...entry, cum_qty: 0.1 })]);
    stage.take();
    events.length = 0;
    if (number >= 0) [out[number], back[number]] = [sentNs - startNs, reportedNs - frameNs];
  }
  return [
    {
      what: 'approved order to its text on the socket',
      ...quantiles(out),
      note: 'the socket’s own write is not in it',
    },
    {
      what: 'frame of a fill to `order.filled`',
      ...quantiles(back),
      note: 'the frame’s making by the script is in it',
    },
  ];
}

function orderOf(number: number) {
  const clOrdId = encodeClientOrderId({ runMs: RUN_MS, plan: number + 1, leg: 0, attempt: 0 });
  return approved({ clOrdId, plan: number + 1 });
}
