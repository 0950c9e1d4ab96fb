import { describe, expect, test } from 'vitest';
import { MadeExchange } from './made-exchange.ts';
import { PrivateClient } from './private-client.ts';

const AT = '2026-08-02T03:35:50.000000Z';

function open(options: ConstructorParameters<typeof MadeExchange>[0] = {}) {
  const made = new MadeExchange(options);
  const client = (account = 'alice') => new PrivateClient(made.exchange, account);
  return { made, client };
}

/** Ids and nothing else replaced by their kind and number, so that frames can be compared whole. */
function shown(client: PrivateClient): string[] {
  const known = new Map<string, string>();
  return client.frames.map((frame) =>
    frame.replace(/"([OTLAD])[A-Z2-7]{5}-[A-Z2-7]{5}-[A-Z2-7]{6}"/g, (id: string, kind: string) => {
      const count = [...known.values()].filter((name) => name.startsWith(`"${kind}`)).length;
      const name = known.get(id) ?? `"${kind}${count + 1}"`;
      known.set(id, name);
      return name;
    }),
  );
}

const times = `"time_in":"${AT}","time_out":"${AT}"`;

describe('an order as its client sees it', () => {
  test('every frame of an order that takes, rests and is cancelled, to the last digit', () => {
    const { client } = open();
    const one = client();
    one.subscribe('executions');
    one.subscribe('balances');
    one.add({ order_qty: 1.5, limit_price: 101, cl_ord_id: 'a1' });
    one.ask('cancel_order', { cl_ord_id: ['a1'] });
    expect(one.frames[0]).toMatch(
      /^{"channel":"status","type":"update","data":\[{"version":"[\d.]+","system":"online"/,
    );
    expect(shown(one).slice(1)).toEqual([
      `{"method":"subscribe","req_id":7,"result":{"channel":"executions","maxratecount":180,"snap_orders":true,"snap_trades":false},"success":true,${times}}`,
      '{"channel":"executions","type":"snapshot","data":[],"sequence":1}',
      `{"method":"subscribe","req_id":7,"result":{"channel":"balances","snapshot":true},"success":true,${times}}`,
      '{"channel":"balances","type":"snapshot","data":[{"asset":"USD","asset_class":"currency","balance":1000.0000,"wallets":[{"type":"spot","id":"main","balance":1000.0000}]},{"asset":"BTC","asset_class":"currency","balance":10.0000000000,"wallets":[{"type":"spot","id":"main","balance":10.0000000000}]},{"asset":"ETH","asset_class":"currency","balance":100.0000000000,"wallets":[{"type":"spot","id":"main","balance":100.0000000000}]}],"sequence":1}',
      `{"method":"add_order","req_id":7,"result":{"order_id":"O1","cl_ord_id":"a1"},"success":true,${times}}`,
      `{"channel":"executions","type":"update","data":[{"order_id":"O1","cl_ord_id":"a1","symbol":"BTC/USD","order_qty":1.50000000,"cum_cost":0.0000,"time_in_force":"GTC","exec_type":"pending_new","side":"buy","order_type":"limit","limit_price_type":"static","limit_price":101.0,"stop_price":0.0,"order_status":"pending_new","fee_usd_equiv":0.0000,"fee_ccy_pref":"fciq","timestamp":"${AT}"}],"sequence":2}`,
      `{"channel":"executions","type":"update","data":[{"timestamp":"${AT}","order_status":"new","exec_type":"new","cl_ord_id":"a1","order_id":"O1"}],"sequence":3}`,
      `{"channel":"executions","type":"update","data":[{"order_id":"O1","cl_ord_id":"a1","exec_id":"T1","exec_type":"trade","trade_id":1,"symbol":"BTC/USD","side":"buy","last_qty":1.00000000,"last_price":101.0,"liquidity_ind":"t","cost":101.0000,"order_type":"limit","timestamp":"${AT}","order_status":"partially_filled","cum_qty":1.00000000,"cum_cost":101.0000,"avg_price":101.0,"fee_usd_equiv":0.4040,"fees":[{"asset":"USD","qty":0.4040}]}],"sequence":4}`,
      `{"channel":"balances","type":"update","data":[{"ledger_id":"L1","ref_id":"T1","timestamp":"${AT}","type":"trade","asset":"BTC","asset_class":"currency","category":"trade","wallet_type":"spot","wallet_id":"main","amount":1.0000000000,"fee":0.0000000000,"balance":11.0000000000}],"sequence":2}`,
      `{"channel":"balances","type":"update","data":[{"ledger_id":"L2","ref_id":"T1","timestamp":"${AT}","type":"trade","asset":"USD","asset_class":"currency","category":"trade","wallet_type":"spot","wallet_id":"main","amount":-101.0000,"fee":0.4040,"balance":898.5960}],"sequence":3}`,
      `{"method":"cancel_order","req_id":7,"result":{"cl_ord_id":"a1"},"success":true,${times}}`,
      `{"channel":"executions","type":"update","data":[{"timestamp":"${AT}","order_status":"canceled","exec_type":"canceled","cum_qty":1.00000000,"cum_cost":101.0000,"fee_usd_equiv":0.4040,"avg_price":101.0,"cancel_reason":"User requested","reason":"User requested","cl_ord_id":"a1","order_id":"O1"}],"sequence":5}`,
    ]);
  });
});
