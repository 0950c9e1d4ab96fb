import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { seededChance } from '../../../src/platform/chance.ts';
import { VirtualClock } from '../../../src/platform/clock.ts';
import { MemoryNonceStore } from '../../../src/trading/nonce-store.ts';
import { Credentials } from '../../../src/venues/kraken/keys/credentials.ts';
import { NonceSource } from '../../../src/venues/kraken/keys/nonce-source.ts';
import type { RateTier } from '../../../src/venues/kraken/rate-tier.ts';
import type { ById } from '../../../src/venues/kraken/rest/order-rows.ts';
import type { RestResult } from '../../../src/venues/kraken/rest/rest-answer.ts';
import { RestClient } from '../../../src/venues/kraken/rest/rest-client.ts';
import { readPages } from '../../../src/venues/kraken/rest/rest-pages.ts';
import { refusal, result, ScriptedHttp } from '../../support/scripted-http.ts';

interface Row {
  readonly id: string;
  readonly atS: number;
}

const ROW = z.object({ time: z.string() });
const START_S = 1_700_000_000;

/** A venue whose list grows, and its REST counter, which refuses what comes too fast. */
function stageList(given: { tier?: RateTier; perSecond?: number; withoutCount?: boolean } = {}) {
  const { tier = 'pro', perSecond = 0, withoutCount = false } = given;
  const clock = new VirtualClock(BigInt(START_S) * 1_000_000_000n);
  const nowS = () => clock.nowNs() / 1e9 + START_S;
  const rows: Row[] = [];
  const http = new ScriptedHttp();
  const decayPerS = { starter: 0.33, intermediate: 0.5, pro: 1 }[tier];
  let counter = 0;
  let counterS = nowS();
  let added = 0;
  let exceeded = 0;
  let answered = 0;
  const grow = () => {
    for (const dueS = () => START_S + (added + 1) / perSecond; perSecond > 0 && dueS() <= nowS(); added++) {
      rows.push({ id: `N${added}`, atS: dueS() });
    }
  };
  const answer = (params: URLSearchParams) => {
    grow();
    counter = Math.max(0, counter - (nowS() - counterS) * decayPerS);
    counterS = nowS();
    if (counter + 2 > (tier === 'starter' ? 15 : 20) + 1e-6) {
      exceeded++;
      return refusal('EAPI:Rate limit exceeded');
    }
    counter += 2;
    const end = Number(params.get('end') ?? 'Infinity');
    const from = Number(params.get('ofs') ?? '0');
    const found = rows.filter(({ atS }) => atS <= end).toSorted((a, b) => b.atS - a.atS);
    const page = found.slice(from, from + 50);
    const closed = Object.fromEntries(page.map(({ id, atS }) => [id, { time: atS.toFixed(4) }]));
    return result(withoutCount ? { closed } : { closed, count: found.length });
  };
  const client = new RestClient({
    http,
    clock,
    chance: seededChance(1),
    baseUrl: 'https://api.kraken.com',
    timeoutMs: 5_000,
    attemptsMax: 4,
    tier,
    account: {
      credentials: new Credentials('KEY', Buffer.alloc(64, 7).toString('base64')),
      nonces: new NonceSource(clock, new MemoryNonceStore()),
    },
    onNotice: () => {},
  });
  const progress: number[] = [];
  /** Reads the list on the way, 50 ms to the venue and back. */
  const read = (isNewestOnly = false): RestResult<ById<{ time: string }>> => {
    let got: RestResult<ById<{ time: string }>> | undefined;
    const timeOf = ({ time }: { time: string }) => Number(time);
    const list = { endpoint: 'ClosedOrders', params: {}, key: 'closed', row: ROW, timeOf } as const;
    readPages(client, { ...list, isNewestOnly, onProgress: (count) => progress.push(count) }, (all) => {
      got = all;
    });
    for (let turn = 0; got === undefined && turn < 100_000; turn++) {
      clock.advanceTo(clock.nowNs() + 5e7);
      for (; answered < http.sent.length; answered++) {
        http.sent[answered]?.answer(answer(new URLSearchParams(http.sent[answered]?.body)));
      }
    }
    if (got === undefined) throw new Error('the list was never read to its end');
    return got;
  };
  return { rows, read, http, progress, exceeded: () => exceeded };
}

const old = (count: number, perSecond: number): Row[] =>
  Array.from({ length: count }, (_row, at) => ({ id: `O${at}`, atS: START_S - 1 - Math.floor(at / perSecond) }));

describe('a list that is read page by page', () => {
  test.each<[RateTier, number]>([
    ['pro', 20],
    ['starter', 20],
    ['pro', 0],
  ])('of 10,000 rows is read whole on tier %s with %d arrivals a second, within the counter', (tier, perSecond) => {
    const { rows, read, http, progress, exceeded } = stageList({ tier, perSecond });
    rows.push(...old(10_000, 3));
    const got = read();
    expect(got.ok).toBe(true);
    const ids = got.ok ? Object.keys(got.value) : [];
    expect(ids.filter((id) => id.startsWith('O'))).toHaveLength(10_000);
    expect(http.sent.length).toBeLessThan(260); // two hundred, and what pages share with each other
    expect(exceeded()).toBe(0);
    expect(progress.length).toBe(http.sent.length);
  });

  test('is read whole where hundreds of rows fall into one second, and without a count', () => {
    for (const withoutCount of [false, true]) {
      const { rows, read } = stageList({ perSecond: 20, withoutCount });
      rows.push(...old(1_000, 170));
      const got = read();
      expect(got.ok && Object.keys(got.value).filter((id) => id.startsWith('O'))).toHaveLength(1_000);
    }
  });

  test('is read whole when it is shorter than a page, as long as one, and empty', () => {
    for (const count of [0, 1, 49, 50, 51, 100]) {
      const { rows, read } = stageList();
      rows.push(...old(count, 1));
      const got = read();
      expect(got.ok && Object.keys(got.value)).toHaveLength(count);
    }
  });

  test('gives its newest page alone when no more is wanted', () => {
    const { rows, read, http } = stageList({ perSecond: 20 });
    rows.push(...old(10_000, 3));
    const got = read(true);
    expect(got.ok && Object.keys(got.value)).toHaveLength(50);
    expect(http.sent).toHaveLength(1);
  });
});
