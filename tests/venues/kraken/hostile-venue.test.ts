/** A venue that says anything at all, on the socket and by REST: nothing is thrown, nothing is reported twice in the same figures or without measure. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { INT64_MAX } from '../../../src/money/money.ts';
import { wallMs } from '../../../src/platform/time.ts';
import type { Fill } from '../../../src/venues/trading-port.ts';
import { approved } from '../../support/approved.ts';
import { replaceOne } from '../../support/replace-one.ts';
import { AT, CL, canceled, filled, ID, isNew, liveStage, pendingNew, trade } from './trading-stage.ts';

const BALANCE = { asset: 'USD', wallet_type: 'spot', wallet_id: 'main', balance: 7, ref_id: 'TAAAAA-1' };
const REPLY = { method: 'add_order', req_id: 5, success: true, result: { order_id: ID, cl_ord_id: CL } };
const stream = (channel: string, ...data: object[]) => ({ channel, type: 'update', data, sequence: 2 });
const FRAMES: readonly object[] = [
  ...[pendingNew(), isNew(), trade(), trade({ exec_id: 'TAAAAA-2' }), filled(), canceled()].map((one) =>
    stream('executions', one),
  ),
  stream('balances', BALANCE),
  { ...stream('executions', trade()), type: 'snapshot' },
  REPLY,
  { ...REPLY, success: false, error: 'EOrder:Insufficient funds', result: null },
  { channel: 'status', type: 'update', data: [{ system: 'online' }] },
  { method: 'pong', req_id: 1, time_in: AT, time_out: AT },
];
const BODIES = [
  '',
  '<html><body>502 Bad Gateway</body></html>',
  '{"error":[],"result":',
  '{"error":"EService:Busy"}',
  '{"error":[],"result":null}',
  '{"error":[null],"result":{}}',
  '{"error":[],"result":[]}',
  '{"error":[],"result":{"open":{"O1":{}},"closed":[],"count":-1,"token":7,"__proto__":{"count":1}}}',
  '{"error":["WGeneral:Danger"],"result":{"count":1e999}}',
];
const ENDPOINTS = ['OpenOrders', 'ClosedOrders', 'QueryOrders', 'BalanceEx', 'CancelOrder', 'CancelAll'];
const ODD = ['1e99', '-1', 1e60, -1, 0, null, true, {}, [], 'x'.repeat(5_000), '__proto__', 2 ** 53, '٣'];

/** What a fill says, but for when. */
const figures = ({ atMs: _, ...said }: Fill) => said;

function changed(frame: object, other: unknown, pick: number): object {
  const copy = structuredClone(frame);
  replaceOne(copy, other, pick);
  return copy;
}

const frame = fc
  .tuple(
    fc.constantFrom(...FRAMES),
    fc.option(fc.oneof(fc.constantFrom(...ODD), fc.jsonValue({ maxDepth: 2 }))),
    fc.nat(),
  )
  .map(([one, other, pick]) => JSON.stringify(other === null ? one : changed(one, other, pick)));
const answer = fc.record({ status: fc.constantFrom(200, 200, 301, 429, 503, 520), body: fc.constantFrom(...BODIES) });

test('whatever it says, nothing is thrown, and a fill is reported again only in other figures, all of which can be kept', () => {
  let mostOfOne = 0;
  const told = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.array(fc.tuple(frame, fc.nat({ max: 40 })), { minLength: 1, maxLength: 25 }),
      fc.array(answer, { minLength: ENDPOINTS.length, maxLength: ENDPOINTS.length }),
      (frames, answers) => {
        const { port, venue, pass, events } = liveStage();
        ENDPOINTS.forEach((endpoint, at) => {
          venue.rest[endpoint] = () => ({ ok: true, ...answers[at]! });
        });
        port.send(approved());
        port.lookUp(CL, undefined);
        port.readAccount({ scope: 'everything', sinceMs: wallMs(0) });
        for (const [text, ms] of frames) {
          venue.line.raw(text);
          pass(ms * 10);
        }
        port.cancel(CL);
        port.cancelAll();
        pass(20_000);
        const fills = events.flatMap((event) => (event.type === 'order.filled' ? [event.fill] : []));
        for (const reports of Map.groupBy(fills, ({ execId }) => execId).values()) {
          reports.slice(1).forEach((repeat, at) => {
            expect(figures(repeat)).not.toEqual(figures(reports[at]!));
            expect(figures(repeat)).not.toEqual(figures(reports[0]!));
          });
        }
        for (const { execId } of fills)
          mostOfOne = Math.max(mostOfOne, fills.filter((fill) => fill.execId === execId).length);
        for (const { qtyLots, priceTicks, costUnits, feeUnits, atMs } of fills) {
          for (const amount of [qtyLots, priceTicks, costUnits, feeUnits]) expect(amount <= INT64_MAX).toBe(true);
          expect(qtyLots > 0n && atMs >= 0).toBe(true);
        }
        expect(events.filter(({ type }) => type === 'account')).toEqual([]);
        for (const { type } of events) told.set(type, (told.get(type) ?? 0) + 1);
      },
    ),
    { numRuns: 250 },
  );
  expect(mostOfOne).toBeGreaterThan(1);
  for (const type of ['order.filled', 'order.ended', 'order.uncertain', 'balance', 'account_unknown', 'unexpected']) {
    expect(told.get(type), type).toBeGreaterThan(0);
  }
});
