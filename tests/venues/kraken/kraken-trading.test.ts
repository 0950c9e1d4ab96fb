import { describe, expect, test } from 'vitest';
import { approved } from '../../support/approved.ts';
import { CL, canceled, filled, ID, isNew, liveStage, pendingNew, trade, tradingStage } from './trading-stage.ts';

describe('connecting', () => {
  test('fetches a token, subscribes to both channels with it and says that it is connected', () => {
    const { port, venue, pass, events } = tradingStage();
    expect(port.isConnected).toBe(false);
    port.start();
    pass(50);
    expect(port.isConnected).toBe(true);
    expect(events).toEqual([{ type: 'connected' }]);
    expect(venue.called('GetWebSocketsToken')).toHaveLength(1);
    const asked = venue.line.asked('subscribe');
    expect(asked.map(({ params }) => [params.channel, params.token])).toEqual([
      ['executions', 'T1'],
      ['balances', 'T1'],
    ]);
    expect(port.hasRoomFor(0)).toBe(true);
  });
});

describe('an order', () => {
  test('is acknowledged, filled and ended, each once', () => {
    const { port, venue, pass, events } = liveStage();
    port.send(approved());
    pass(10);
    venue.line.executions([pendingNew()]);
    venue.line.executions([isNew()]);
    venue.line.executions([trade()]);
    venue.line.executions([filled()]);
    pass(10);
    expect(events).toEqual([
      { type: 'order.acked', clOrdId: CL, venueOrderId: ID },
      {
        type: 'order.filled',
        clOrdId: CL,
        venueOrderId: ID,
        fill: {
          execId: 'TAAAAA-1',
          qtyLots: 25_000_000n,
          priceTicks: 265_000n,
          costUnits: 662_500_000_000n,
          feeUnits: 50_000n,
          feeAsset: 0,
          atMs: Date.parse('2023-11-14T22:13:20.123Z') + 0.456,
        },
      },
      { type: 'order.ended', clOrdId: CL, venueOrderId: ID, filledLots: 25_000_000n, reason: '' },
    ]);
  });

  test('that finds nothing ends with nothing', () => {
    const { port, venue, pass, of } = liveStage();
    port.send(approved());
    pass(10);
    venue.line.executions([pendingNew(), canceled()]);
    pass(10);
    expect(of('order.ended')).toEqual([
      { type: 'order.ended', clOrdId: CL, venueOrderId: ID, filledLots: 0n, reason: 'IOC order' },
    ]);
  });
});
