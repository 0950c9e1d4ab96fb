import { describe, expect, test } from 'vitest';
import { venueReplyOf } from '../../../src/venues/kraken/wire/venue-reply.ts';

const ack = { kind: 'ack', error: undefined, reqId: undefined, channel: undefined, symbol: undefined };

describe('venue reply', () => {
  test.each([
    [
      { channel: 'status', type: 'update', data: [{ system: 'online', version: '2.0.0' }] },
      { kind: 'status', system: 'online' },
    ],
    [
      { channel: 'status', type: 'update', data: [{ system: 'odd_new_state' }] },
      { kind: 'status', system: 'odd_new_state' },
    ],
    [{ channel: 'heartbeat' }, { kind: 'heartbeat' }],
    [{ Error: 'Exceeded msg rate' }, { kind: 'rate_exceeded' }],
    [
      { method: 'subscribe', req_id: 17, result: { channel: 'book', symbol: 'BTC/USD' }, success: true },
      { ...ack, method: 'subscribe', reqId: 17, channel: 'book', symbol: 'BTC/USD' },
    ],
    [
      {
        method: 'subscribe',
        req_id: 0,
        success: false,
        error: 'Currency pair not supported WWW/USD',
        symbol: 'WWW/USD',
      },
      {
        ...ack,
        kind: 'refusal',
        method: 'subscribe',
        reqId: 0,
        symbol: 'WWW/USD',
        error: 'Currency pair not supported WWW/USD',
      },
    ],
    [
      { method: 'subscribe', result: { channel: 'book' } },
      { ...ack, kind: 'refusal', method: 'subscribe', channel: 'book', error: 'no reason given' },
    ],
    [
      { method: 'subscribe', success: 'true' },
      { ...ack, kind: 'refusal', method: 'subscribe', error: 'no reason given' },
    ],
  ])('%j', (frame, reply) => {
    expect(venueReplyOf(frame)).toEqual(reply);
  });

  test('a pong keeps the microseconds of the venue clock', () => {
    const frame = {
      method: 'pong',
      req_id: 101,
      time_in: '2023-09-24T14:10:23.799685Z',
      time_out: '2023-09-24T14:10:23.799703Z',
    };
    const second = Date.parse('2023-09-24T14:10:23Z');
    const reply = venueReplyOf(frame);
    if (reply?.kind !== 'pong') throw new Error('not a pong');
    expect(reply.reqId).toBe(101);
    expect(reply.timeInMs - second).toBeCloseTo(799.685, 3);
    expect(reply.timeOutMs - second).toBeCloseTo(799.703, 3);
  });

  test('a pong without times has no time, and does not fail', () => {
    expect(venueReplyOf({ method: 'pong' })).toMatchObject({ kind: 'pong', timeInMs: Number.NaN });
  });

  test('anything else is not recognised', () => {
    for (const frame of [null, 1, 'x', [], {}, { channel: 'status', data: [] }, { method: 7 }, { error: 'x' }]) {
      expect(venueReplyOf(frame)).toBeUndefined();
    }
  });
});
