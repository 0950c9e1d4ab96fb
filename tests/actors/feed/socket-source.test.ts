import { describe, expect, test } from 'vitest';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import type { Request } from '../../support/scripted-venue.ts';
import { startSocketStage } from '../../support/socket-stage.ts';

const PAIRS = ['BTC/USD', 'ETH/USD', 'ETH/BTC'];
const pairs = (count: number) => Array.from({ length: count }, (_, index) => `A${index}/USD`);
const sorted = (symbols: readonly string[]) => [...symbols].sort();
const symbolsOf = ({ params }: Request) => params.symbol ?? [];
const isBook = ({ method, params }: Request) => method === 'subscribe' && params.channel === 'book';

describe('subscribing', () => {
  test('first the instruments, then every book, each acknowledged by itself', async () => {
    const { venue, sink, count, audits, until } = await startSocketStage({ symbols: PAIRS });
    await until(() => expect([...sink.books.keys()].sort()).toEqual(sorted(PAIRS)));
    expect(venue.last.requests.map(({ method, params }) => `${method} ${params.channel}`)).toEqual([
      'subscribe instrument',
      'subscribe book',
    ]);
    expect(venue.last.requests[1]?.params.depth).toBe(25);
    await until(() => expect(sink.heard('ack subscribe')).toBe(4));
    expect([count('connects'), count('disconnects')]).toEqual([1, 0]);
    expect(audits('venue_connected')).toEqual([`0 ${venue.url}`]);
    expect(venue.extensionsOffered).toBeUndefined();
  });

  test('without configured symbols it takes the pairs on a cycle', async () => {
    const symbols = [...PAIRS, 'SOL/EUR'];
    const { venue, sink, until } = await startSocketStage({ symbols, venue: { symbols: [] } });
    await until(() => expect(venue.subscribed).toEqual(sorted(PAIRS)));
    expect(sink.books.has('SOL/EUR')).toBe(false);
  });

  test('many books are spread over sockets and sent in chunks, and nothing twice', async () => {
    const symbols = pairs(23);
    const { venue, sink, count, until } = await startSocketStage({
      symbols,
      venue: { symbols_per_socket: 10, symbols_per_message: 4 },
    });
    await until(() => expect(venue.subscribed).toEqual(sorted(symbols)));
    await until(() => expect(sink.heard('ack subscribe')).toBe(24));
    expect(venue.clients.map((client) => client.books.size).sort()).toEqual([10, 10, 3].sort());
    const chunks = venue.clients.flatMap((client) => client.asked('subscribe book')).map(({ params }) => params.symbol);
    expect(Math.max(...chunks.map((chunk) => chunk?.length ?? 0))).toBe(4);
    expect(chunks.flat().sort()).toEqual(sorted(symbols));
    expect(venue.clients.filter((client) => client.asked('subscribe instrument').length > 0)).toHaveLength(1);
    expect(count('connects')).toBe(3);
  });

  test('no more snapshots are asked for at once than the deltas ring can take', async () => {
    const held: (() => void)[] = [];
    const { venue, until, heartbeats } = await startSocketStage({
      symbols: pairs(7),
      venue: { symbols_per_socket: 4, depth: 10 },
      config: { limits: { deltas_ring: 128 } }, // half of it: three snapshots of 20 levels
      script: (scripted) => {
        scripted.script.answer = (client, request) => {
          if (!isBook(request)) return false;
          held.push(() => client.answer(request));
          return true;
        };
      },
    });
    const asked = () => venue.clients.flatMap((client) => client.asked('subscribe book')).flatMap(symbolsOf).length;
    for (const total of [3, 6, 7]) {
      await until(() => expect(asked()).toBe(total));
      await heartbeats(5);
      expect(asked()).toBe(total);
      for (const answer of held.splice(0)) answer();
    }
    await until(() => expect(venue.subscribed).toEqual(pairs(7)));
  });

  test('requests keep to the configured number a second', async () => {
    const { venue, until, advance, heartbeats } = await startSocketStage({
      symbols: pairs(12),
      venue: { symbols_per_message: 1, messages_per_second: 6 },
      virtualTime: true,
    });
    for (const requests of [6, 12, 13]) {
      await until(() => expect(venue.last?.requests).toHaveLength(requests));
      await heartbeats(5);
      expect(venue.last.requests).toHaveLength(requests);
      advance(999);
      await heartbeats(5);
      expect(venue.last.requests).toHaveLength(requests);
      advance(1);
    }
    await until(() => expect(venue.subscribed).toEqual(sorted(pairs(12))));
  });

  test('a symbol that the venue does not list is reported by name, and the others run', async () => {
    const config = { symbols: [...PAIRS, 'BTX/USD'] };
    const { venue, audits, until } = await startSocketStage({ symbols: PAIRS, venue: config });
    await until(() => expect(venue.subscribed).toEqual(sorted(PAIRS)));
    expect(audits('subscription_refused')).toEqual([expect.stringContaining('BTX/USD is not in the venue')]);
  });

  test('a symbol that the venue refuses as unknown is not asked for again', async () => {
    const { venue, sink, source, audits, until } = await startSocketStage({
      symbols: PAIRS,
      script: (scripted) => {
        scripted.script.answer = (client, request) => {
          if (!isBook(request)) return false;
          for (const symbol of request.params.symbol ?? []) {
            if (symbol === 'ETH/BTC') client.refuse(request, 'Currency pair not supported ETH/BTC', symbol);
            else client.answerBook(request, symbol);
          }
          return true;
        };
      },
    });
    await until(() => expect(sink.voids).toEqual(['ETH/BTC subscription_refused']));
    await until(() => expect(venue.subscribed).toEqual(['BTC/USD', 'ETH/USD']));
    expect(sink.heard('refusal subscribe')).toBe(1);
    expect(audits('subscription_refused')).toEqual([expect.stringMatching(/^1 .*ETH\/BTC.*not asked for again/)]);
    expect(source.resync(instrumentIndex(sink.indexOf('ETH/BTC')))).toBe(false);
    expect(source.resync(instrumentIndex(sink.indexOf('BTC/USD')))).toBe(true);
    await until(() => expect(sink.books.get('BTC/USD')).toBe(2));
    expect(venue.last.asked('subscribe book').filter(({ params }) => params.symbol?.includes('ETH/BTC'))).toHaveLength(
      1,
    );
  });

  test('a passing refusal is retried, and forgotten when the book comes', async () => {
    let refusals = 0;
    const { venue, sink, until } = await startSocketStage({
      symbols: ['BTC/USD'],
      script: (scripted) => {
        scripted.script.answer = (client, request) => {
          if (!isBook(request) || refusals === 3) return false;
          refusals += 1;
          client.refuse(request, 'EService:Busy', 'BTC/USD');
          return true;
        };
      },
    });
    await until(() => expect(sink.books.get('BTC/USD')).toBe(1));
    expect(sink.heard('refusal subscribe')).toBe(3);
    expect(venue.last.asked('subscribe book')).toHaveLength(4);
  });

  test('a symbol that is refused again and again is given up after a bounded number of times', async () => {
    const { venue, sink, audits, until } = await startSocketStage({
      symbols: PAIRS,
      script: (scripted) => {
        scripted.script.answer = (client, request) => {
          if (!isBook(request)) return false;
          for (const symbol of request.params.symbol ?? []) {
            if (symbol === 'ETH/BTC') client.refuse(request, 'EService:Busy', symbol);
            else client.answerBook(request, symbol);
          }
          return true;
        };
      },
    });
    await until(() => expect(audits('subscription_refused').at(-1)).toContain('not asked for again'));
    const refused = venue.last.asked('subscribe book').filter(({ params }) => params.symbol?.includes('ETH/BTC'));
    expect(refused).toHaveLength(5);
    expect(sink.heard('refusal subscribe')).toBe(5);
  });

  test('a refusal of the whole request counts for each of its symbols', async () => {
    const { sink, audits, until } = await startSocketStage({
      symbols: PAIRS,
      script: (scripted) => {
        scripted.script.answer = (client, request) => {
          if (isBook(request)) client.refuse(request, 'Subscription depth not supported');
          return isBook(request);
        };
      },
    });
    await until(() =>
      expect(sink.voids.sort()).toEqual(sorted(PAIRS).map((symbol) => `${symbol} subscription_refused`)),
    );
    await until(() => expect(audits('subscription_refused')).toHaveLength(3));
  });

  test('a refused instrument subscription is asked for again', async () => {
    let refused = false;
    const { venue, sink, until } = await startSocketStage({
      symbols: PAIRS,
      script: (scripted) => {
        scripted.script.answer = (client, request) => {
          if (refused) return false;
          refused = true;
          client.refuse(request, 'EService:Unavailable');
          return true;
        };
      },
    });
    await until(() => expect(venue.subscribed).toEqual(sorted(PAIRS)));
    expect(sink.heard('refusal subscribe')).toBe(1);
  });

  test('a snapshot before its acknowledgement is taken, and repeated acknowledgements count once', async () => {
    const { venue, sink, until, advance, heartbeats } = await startSocketStage({
      symbols: ['BTC/USD'],
      venue: { subscribe_timeout_ms: 60 },
      virtualTime: true,
      script: (scripted) => {
        scripted.script.answer = (client, request) => {
          if (!isBook(request)) return false;
          client.book('BTC/USD', 'snapshot');
          for (let copy = 0; copy < 3; copy++) client.ack(request, 'BTC/USD');
          client.books.add('BTC/USD');
          return true;
        };
      },
    });
    await until(() => expect(sink.heard('ack subscribe')).toBe(4));
    advance(4_000);
    await heartbeats(5);
    expect(venue.last.asked('subscribe book')).toHaveLength(1);
    expect(sink.voids).toEqual([]);
  });

  test('an acknowledgement that is late is answered by asking again, and both together end well', async () => {
    const late: (() => void)[] = [];
    const { venue, sink, until, advance } = await startSocketStage({
      symbols: ['BTC/USD'],
      venue: { subscribe_timeout_ms: 80 },
      virtualTime: true,
      script: (scripted) => {
        scripted.script.answer = (client, request) => {
          if (!isBook(request) || late.length > 0) return false;
          late.push(() => client.answerBook(request, 'BTC/USD'));
          return true;
        };
      },
    });
    await until(() => expect(late).toHaveLength(1));
    advance(80);
    await until(() => expect(venue.last.asked('subscribe book')).toHaveLength(2));
    late[0]?.();
    await until(() => expect(sink.books.get('BTC/USD')).toBe(1));
    expect(venue.subscribed).toEqual(['BTC/USD']);
    expect([...sink.voids, ...sink.disconnected]).toEqual([]);
  });

  test('a venue that answers no request is given up and connected to anew', async () => {
    const { venue, sink, audits, until } = await startSocketStage({
      symbols: PAIRS,
      venue: { subscribe_timeout_ms: 30 },
      script: (scripted) => {
        scripted.script.answer = (client, request) => isBook(request) && client === scripted.clients[0];
      },
    });
    await until(() => expect(venue.subscribed).toEqual(sorted(PAIRS)));
    expect(venue.clients.length).toBeGreaterThan(1);
    expect(sink.disconnected).toContain(0);
    expect(audits('venue_disconnected')[0]).toMatch(/^1 subscriptions stay unanswered/);
  });

  test('too many requests: it slows down and sends again what was dropped', async () => {
    const symbols = pairs(6);
    let dropped = 0;
    const { venue, sink, audits, until } = await startSocketStage({
      symbols,
      venue: { symbols_per_message: 2 },
      script: (scripted) => {
        scripted.script.answer = (client, request) => {
          if (!isBook(request) || dropped === 2) return false;
          dropped += 1;
          client.send('{"Error":"Exceeded msg rate"}');
          return true;
        };
      },
    });
    await until(() => expect(venue.subscribed).toEqual(symbols));
    expect(dropped).toBe(2);
    expect(sink.heard('refusal subscribe')).toBe(0);
    expect(audits('venue_rate_exceeded')[0]).toMatch(/at most 50 a second/);
    expect(venue.clients).toHaveLength(1);
  });
});

describe('silence', () => {
  test('a book that is acknowledged but never comes is void and subscribed anew', async () => {
    let muted = false;
    const { venue, sink, count, until, advance } = await startSocketStage({
      symbols: PAIRS,
      venue: { subscribe_timeout_ms: 60 },
      virtualTime: true,
      script: (scripted) => {
        scripted.script.answer = (client, request) => {
          if (!isBook(request) || muted) return false;
          muted = true;
          for (const symbol of request.params.symbol ?? []) {
            if (symbol !== 'ETH/USD') client.answerBook(request, symbol);
          }
          client.ack(request, 'ETH/USD');
          client.books.add('ETH/USD');
          return true;
        };
      },
    });
    await until(() => expect(sink.heard('ack subscribe')).toBe(4));
    advance(60);
    await until(() => expect(sink.books.get('ETH/USD')).toBe(1));
    expect(sink.voids).toEqual(['ETH/USD silent']);
    expect(venue.last.asked('unsubscribe book').map(({ params }) => params.symbol)).toEqual([['ETH/USD']]);
    expect(count('resyncs_sent')).toBe(1);
    expect(venue.clients).toHaveLength(1);
  });

  test('updates without a snapshot make no book: it is subscribed anew', async () => {
    let muted = false;
    const { venue, sink, until, advance, heartbeats } = await startSocketStage({
      symbols: ['BTC/USD'],
      venue: { subscribe_timeout_ms: 100 },
      virtualTime: true,
      script: (scripted) => {
        scripted.script.answer = (client, request) => {
          if (!isBook(request) || muted) return false;
          muted = true;
          client.ack(request, 'BTC/USD');
          client.books.add('BTC/USD');
          return true;
        };
      },
    });
    await until(() => expect(sink.heard('ack subscribe')).toBe(2));
    venue.last.book('BTC/USD', 'update');
    await until(() => expect(sink.books.get('BTC/USD')).toBe(1));
    advance(100);
    await until(() => expect(sink.books.get('BTC/USD')).toBe(2)); // the snapshot of the second subscription
    expect(sink.voids).toEqual(['BTC/USD silent']);
    advance(4_000);
    await heartbeats(5);
    expect(venue.last.asked('subscribe book')).toHaveLength(2);
  });

  test('a book that falls silent while the socket lives is void and subscribed anew; a busy one is not', async () => {
    const { venue, sink, until, advance } = await startSocketStage({
      symbols: ['BTC/USD', 'ETH/USD'],
      venue: { instrument_silence_ms: 150 },
      virtualTime: true,
    });
    await until(() => expect([...sink.books.values()]).toEqual([1, 1]));
    for (let update = 1; update <= 20; update++) {
      advance(10);
      venue.last.book('BTC/USD', 'update');
      await until(() => expect(sink.books.get('BTC/USD')).toBe(1 + update));
    }
    await until(() => expect(sink.books.get('ETH/USD')).toBe(2));
    expect(sink.voids).toEqual(['ETH/USD silent']);
  });

  test('silence is no fault while the venue is in maintenance, or the pair is', async () => {
    const { venue, sink, until, advance, heartbeats } = await startSocketStage({
      symbols: ['BTC/USD', 'ETH/USD'],
      venue: { instrument_silence_ms: 60 },
      virtualTime: true,
      script: (scripted) => {
        scripted.script.answer = (client, request) => {
          if (isBook(request)) client.status('maintenance');
          return false;
        };
      },
    });
    await until(() => expect(venue.subscribed).toHaveLength(2));
    venue.last.instruments('update', ['ETH/USD'], 'maintenance');
    await heartbeats(5);
    advance(1_000);
    await heartbeats(5);
    expect(sink.voids).toEqual([]);
    venue.last.status('online');
    await heartbeats(5);
    expect(sink.voids).toEqual([]);
    advance(60);
    await until(() => expect(sink.voids).toContain('BTC/USD silent'));
    expect(sink.voids).not.toContain('ETH/USD silent');
  });

  test('a socket that is half open is closed and opened anew', async () => {
    const { venue, sink, count, audits, until, advance, nextTimerMs } = await startSocketStage({
      symbols: PAIRS,
      venue: { socket_silence_ms: 150 },
      virtualTime: true,
    });
    await until(() => expect(venue.subscribed).toHaveLength(3));
    const [first] = venue.clients;
    first?.freeze();
    await until(() => {
      advance(50); // again and again: frames that were on the wire still come in
      expect(sink.disconnected).toEqual([0]);
    });
    advance(nextTimerMs() ?? 0);
    await until(() => expect(sink.books.get('ETH/BTC')).toBe(2));
    expect(venue.clients).toHaveLength(2);
    expect(sink.disconnected).toEqual([0]);
    expect([count('connects'), count('disconnects')]).toEqual([2, 1]);
    expect(audits('venue_disconnected')).toEqual([expect.stringMatching(/^1 no frame for \d+ ms/)]);
  });

  test('a server that takes the connection but never answers the upgrade runs into the time limit', async () => {
    let stalled = 0;
    const { venue, audits, until } = await startSocketStage({
      symbols: PAIRS,
      venue: { connect_timeout_ms: 60 },
      script: (scripted) => {
        scripted.script.upgrade = (attempt) => {
          if (attempt > 0) return undefined;
          stalled += 1;
          return -1;
        };
      },
    });
    await until(() => expect(venue.subscribed).toEqual(sorted(PAIRS)));
    expect(stalled).toBe(1);
    expect(audits('venue_disconnected')[0]).toMatch(/handshake has timed out/);
  });
});

describe('losing the connection', () => {
  test.each([1000, 1001, 1011, 4000])(
    'a close with %i is followed by a new connection and all subscriptions',
    async (code) => {
      const { venue, sink, count, audits, until } = await startSocketStage({ symbols: PAIRS });
      await until(() => expect(venue.subscribed).toHaveLength(3));
      venue.last.close(code, 'CloudFlare WebSocket proxy restarting');
      await until(() => expect([...sink.books.values()]).toEqual([2, 2, 2]));
      expect(venue.last.asked('subscribe instrument')).toHaveLength(1);
      expect(sink.disconnected).toEqual([0]);
      expect([count('connects'), count('disconnects')]).toEqual([2, 1]);
      expect(audits('venue_disconnected')).toEqual([`1 close ${code}: CloudFlare WebSocket proxy restarting`]);
    },
  );

  test('only the lost socket is void; the other goes on', async () => {
    const symbols = pairs(4);
    const { venue, sink, until } = await startSocketStage({ symbols, venue: { symbols_per_socket: 2 } });
    await until(() => expect(venue.subscribed).toEqual(symbols));
    venue.clients[1]?.cut();
    await until(() => expect(sink.books.get('A3/USD')).toBe(2));
    expect(sink.disconnected).toEqual([1]);
    expect([sink.books.get('A0/USD'), sink.books.get('A1/USD')]).toEqual([1, 1]);
    expect(venue.clients[2]?.asked('subscribe instrument')).toEqual([]);
  });

  const LATE = { refused_retry_min_ms: 5_000, refused_retry_max_ms: 300_000 };

  test('close 1008 is an alarm, and is tried again late', async () => {
    const { venue, sink, audits, until, advance, nextTimerMs } = await startSocketStage({
      symbols: PAIRS,
      virtualTime: true,
      venue: LATE,
    });
    await until(() => expect(venue.subscribed).toHaveLength(3));
    venue.last.close(1008, 'policy violation');
    await until(() => expect(sink.disconnected).toEqual([0]));
    expect(audits('market_data_refused')).toEqual([
      expect.stringMatching(/^2 the venue refused .*close 1008.*tried again later/),
    ]);
    expect(nextTimerMs()).toBeGreaterThanOrEqual(5_000);
    advance(nextTimerMs() ?? 0);
    await until(() => expect(venue.clients).toHaveLength(2));
    await until(() => expect(venue.last.books.size).toBe(3));
  });

  test.each([400, 401, 403, 404, 429])(
    'HTTP %i on upgrade is an alarm, and is tried again ever later',
    async (status) => {
      const refusals = [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000];
      const { venue, sink, count, audits, until, advance, nextTimerMs } = await startSocketStage({
        symbols: PAIRS,
        virtualTime: true,
        venue: { ...LATE, refused_give_up_ms: 80_000_000 },
        script: (scripted) => {
          scripted.script.upgrade = (attempt) => (attempt < refusals.length ? status : undefined);
        },
      });
      for (const [index, leastMs] of refusals.entries()) {
        await until(() => expect(audits('market_data_refused')).toHaveLength(index + 1));
        expect(audits('market_data_refused')[index]).toMatch(
          new RegExp(`^2 .*HTTP ${status} on upgrade; tried again later`),
        );
        expect(nextTimerMs()).toBeGreaterThanOrEqual(leastMs);
        expect(nextTimerMs()).toBeLessThanOrEqual(leastMs * 1.25 + 1);
        await until(() => expect(count('refused_since_ns')).toBeGreaterThan(0));
        advance(nextTimerMs() ?? 0);
      }
      await until(() => expect(venue.subscribed).toEqual(sorted(PAIRS)));
      await until(() => expect(sink.books.size).toBe(3));
      await until(() => expect(count('refused_since_ns')).toBe(0));
      expect([count('connects'), count('disconnects')]).toEqual([1, 0]);
    },
  );

  test('refused for as long as the settings allow, it asks for the end of the process', async () => {
    const { thrown, audits, until, advance } = await startSocketStage({
      symbols: PAIRS,
      virtualTime: true,
      venue: { ...LATE, refused_give_up_ms: 5_000 },
      script: (scripted) => {
        scripted.script.upgrade = () => 403;
      },
    });
    await until(() => expect(audits('market_data_refused')).toHaveLength(1));
    advance(4_999);
    expect(thrown).toEqual([]);
    advance(1);
    await until(() => expect(thrown).not.toEqual([]));
    expect(thrown[0]).toMatchObject({
      code: 'MARKET_DATA_REFUSED',
      message: expect.stringContaining('5000 ms (HTTP 403'),
    });
  });

  test('a connection that is let in and refused at once counts as refused all the time', async () => {
    const { thrown, count, until, advance, nextTimerMs } = await startSocketStage({
      symbols: PAIRS,
      virtualTime: true,
      venue: { ...LATE, refused_give_up_ms: 24_000 },
      script: (scripted) => {
        scripted.script.answer = (client) => {
          client.close(1008);
          return true;
        };
      },
    });
    await until(() => expect(count('disconnects')).toBe(1));
    advance(nextTimerMs() ?? 0);
    await until(() => expect(count('disconnects')).toBe(2));
    expect(nextTimerMs()).toBeGreaterThanOrEqual(10_000);
    advance(19_000);
    await until(() => expect(thrown).not.toEqual([]));
    expect(thrown[0]).toMatchObject({ code: 'MARKET_DATA_REFUSED' });
  });

  test.each([503, 500])('HTTP %i on upgrade is tried again', async (status) => {
    const { venue, count, until } = await startSocketStage({
      symbols: PAIRS,
      script: (scripted) => {
        scripted.script.upgrade = (attempt) => (attempt < 3 ? status : undefined);
      },
    });
    await until(() => expect(venue.subscribed).toEqual(sorted(PAIRS)));
    expect(venue.attemptsMs).toHaveLength(4);
    expect([count('connects'), count('disconnects')]).toEqual([1, 0]);
  });

  test('a venue that stays away is tried without end, inside the budget of every window', async () => {
    const attemptsMs: number[] = [];
    const stage = await startSocketStage({
      symbols: PAIRS,
      venue: { connects_per_window: 3, connect_window_ms: 300, backoff_repeated_min_ms: 20 },
      virtualTime: true,
      script: (scripted) => {
        scripted.script.upgrade = () => {
          attemptsMs.push(stage.nowMs());
          return 503;
        };
      },
    });
    while (attemptsMs.length < 12) {
      await stage.until(() => expect(stage.nextTimerMs() ?? attemptsMs.length).toBeGreaterThan(0));
      const failed = stage.audits('venue_disconnected').length;
      stage.advance(stage.nextTimerMs() ?? 0);
      if (stage.nextTimerMs() !== undefined) continue; // the budget was used up: it waits on
      await stage.until(() => expect(stage.audits('venue_disconnected')).toHaveLength(failed + 1));
    }
    for (const startMs of attemptsMs) {
      expect(attemptsMs.filter((at) => at >= startMs && at < startMs + 300).length).toBeLessThanOrEqual(3);
    }
    for (const [index, atMs] of attemptsMs.entries()) {
      if (index > 2) expect(atMs - (attemptsMs[index - 1] as number)).toBeGreaterThanOrEqual(20);
    }
  });

  test('a venue that closes as soon as it has opened counts as failing: the waits grow', async () => {
    const { venue, count, until, advance, nextTimerMs } = await startSocketStage({
      symbols: PAIRS,
      venue: { backoff_repeated_min_ms: 5_000 },
      virtualTime: true,
      script: (scripted) => {
        scripted.script.answer = (client) => {
          client.close(1001);
          return true;
        };
      },
    });
    for (const [failures, leastMs] of [0, 0, 5_000, 5_000, 5_000].entries()) {
      await until(() => expect(count('disconnects')).toBe(failures + 1));
      expect(nextTimerMs()).toBeGreaterThanOrEqual(leastMs);
      advance(nextTimerMs() ?? 0);
    }
    await until(() => expect(venue.clients).toHaveLength(6));
  });

  test('a connection that has lasted is forgiven its failures of before', async () => {
    const { venue, sink, until, advance, nextTimerMs } = await startSocketStage({
      symbols: PAIRS,
      venue: { backoff_repeated_min_ms: 5_000, backoff_max_ms: 1_000, backoff_base_ms: 100 },
      virtualTime: true,
      script: (scripted) => {
        scripted.script.upgrade = (attempt) => (attempt < 4 ? 503 : undefined);
      },
    });
    while (venue.clients.length === 0) {
      const attempts = venue.attemptsMs.length;
      advance(nextTimerMs() ?? 0);
      await until(() =>
        expect(venue.attemptsMs.length + Number(nextTimerMs() !== undefined)).toBeGreaterThan(attempts),
      );
    }
    await until(() => expect(venue.subscribed).toHaveLength(3));
    advance(1_000);
    await until(() => expect(sink.heard('heartbeat')).toBeGreaterThan(20));
    venue.last.close(1001);
    await until(() => expect(nextTimerMs()).toBeLessThan(1_000));
  });

  test('an address that cannot be one of a WebSocket is refused with its reason', async () => {
    const { venue, audits, until } = await startSocketStage({
      symbols: PAIRS,
      venue: { public_url: 'ws://127.0.0.1:1/#fragment' },
    });
    await until(() => expect(audits('market_data_refused')[0]).toMatch(/^2 .*fragment/));
    expect(venue.attemptsMs).toEqual([]);
  });

  test('after maintenance the wait is the long one, at the first failure already', async () => {
    const { venue, sink, until, nextTimerMs } = await startSocketStage({
      symbols: PAIRS,
      venue: { backoff_repeated_min_ms: 5_000 },
      virtualTime: true,
    });
    await until(() => expect(venue.subscribed).toHaveLength(3));
    venue.last.status('maintenance');
    venue.last.close(1001);
    await until(() => expect(sink.disconnected).toEqual([0]));
    expect(nextTimerMs()).toBeGreaterThanOrEqual(5_000);
  });

  test('a successor subscribes at once from what is known, and stays inside the budget', async () => {
    const { venue, source, until, successor } = await startSocketStage({
      symbols: PAIRS,
      venue: { connects_per_window: 2, connect_window_ms: 60_000 },
    });
    await until(() => expect(venue.subscribed).toHaveLength(3));
    await source.stop();
    const second = successor();
    await until(() => expect([...second.sink.books.keys()].sort()).toEqual(sorted(PAIRS)));
    expect(second.sink.voids.sort()).toEqual(sorted(PAIRS).map((symbol) => `${symbol} disconnected`));
    expect(venue.attemptsMs).toHaveLength(2);
    await second.source.stop();
    const third = successor();
    await until(() => expect(venue.clients[1]?.isClosed).toBe(true));
    expect(third.sink.frames).toBe(0);
    expect(venue.attemptsMs).toHaveLength(2);
  });
});

describe('resync', () => {
  test('unsubscribes and subscribes this one book, once, however often it is asked', async () => {
    const { venue, sink, source, count, until } = await startSocketStage({ symbols: PAIRS });
    await until(() => expect(sink.books.size).toBe(3));
    for (let asked = 0; asked < 20; asked++) expect(source.resync(instrumentIndex(sink.indexOf('ETH/USD')))).toBe(true);
    await until(() => expect(sink.books.get('ETH/USD')).toBe(2));
    const after = venue.last.requests.slice(2).map(({ method, params }) => `${method} ${params.symbol}`);
    expect(after).toEqual(['unsubscribe ETH/USD', 'subscribe ETH/USD']);
    expect(count('resyncs_sent')).toBe(1);
    expect([sink.books.get('BTC/USD'), sink.books.get('ETH/BTC')]).toEqual([1, 1]);
  });

  test('comes no faster than the back-off allows for one book', async () => {
    const { venue, sink, source, until, advance, heartbeats } = await startSocketStage({
      symbols: ['BTC/USD'],
      venue: { backoff_base_ms: 120, backoff_max_ms: 120 },
      virtualTime: true,
    });
    await until(() => expect(sink.books.get('BTC/USD')).toBe(1));
    source.resync(instrumentIndex(sink.indexOf('BTC/USD')));
    await until(() => expect(sink.books.get('BTC/USD')).toBe(2));
    source.resync(instrumentIndex(sink.indexOf('BTC/USD')));
    advance(119);
    await heartbeats(3);
    expect(venue.last.asked('unsubscribe book')).toHaveLength(1);
    advance(1);
    await until(() => expect(sink.books.get('BTC/USD')).toBe(3));
    expect(venue.last.asked('unsubscribe book')).toHaveLength(2);
  });

  test('updates of the old subscription do not count for the new one', async () => {
    const held: Request[] = [];
    const { venue, sink, source, until, advance } = await startSocketStage({
      symbols: ['BTC/USD'],
      venue: { subscribe_timeout_ms: 150 },
      virtualTime: true,
    });
    await until(() => expect(sink.books.get('BTC/USD')).toBe(1));
    // The venue acknowledges the new subscription, but its snapshot never comes; old updates arrive meanwhile.
    venue.script.answer = (client, request) => {
      if (request.method === 'unsubscribe' && held.length === 0) {
        held.push(request);
        client.book('BTC/USD', 'update');
        client.books.delete('BTC/USD');
        client.ack(request, 'BTC/USD');
        return true;
      }
      if (!isBook(request) || held.length > 1) return false;
      held.push(request);
      client.ack(request, 'BTC/USD');
      client.books.add('BTC/USD');
      return true;
    };
    source.resync(instrumentIndex(sink.indexOf('BTC/USD')));
    await until(() => expect(sink.heard('ack subscribe')).toBe(3));
    advance(150);
    await until(() => expect(sink.voids).toEqual(['BTC/USD silent']));
    await until(() => expect(sink.books.get('BTC/USD')).toBe(3)); // snapshot, old update, snapshot
  });

  test('of a book that is nowhere is refused', async () => {
    const { sink, source, until } = await startSocketStage({ symbols: PAIRS });
    expect(source.resync(instrumentIndex(0))).toBe(false);
    await until(() => expect(sink.books.size).toBe(3));
    expect(source.resync(instrumentIndex(1_000))).toBe(false);
  });
});

describe('instruments that change', () => {
  const symbols = [...PAIRS];

  test('a new pair on a cycle is subscribed, a delisted one is left', async () => {
    const { venue, sink, until } = await startSocketStage({ symbols, venue: { symbols: [] } });
    await until(() => expect(venue.subscribed).toEqual(sorted(PAIRS)));
    venue.symbols.push('SOL/USD', 'SOL/BTC');
    venue.last.instruments('update', ['SOL/USD', 'SOL/BTC']);
    await until(() => expect(venue.subscribed).toEqual(sorted([...PAIRS, 'SOL/USD', 'SOL/BTC'])));
    venue.last.instruments('update', ['SOL/BTC'], 'delisted');
    await until(() => expect(venue.subscribed).toEqual(sorted([...PAIRS, 'SOL/USD'])));
    expect(sink.voids).toEqual(['SOL/BTC not_online']);
    expect(venue.clients).toHaveLength(1);
  });

  test('a pair that may not be traded for a while keeps its book', async () => {
    const { venue, sink, until } = await startSocketStage({ symbols, venue: { symbols: [] } });
    await until(() => expect(venue.subscribed).toEqual(sorted(PAIRS)));
    for (const status of ['cancel_only', 'maintenance', 'online'])
      venue.last.instruments('update', ['ETH/BTC'], status);
    const before = sink.frames;
    await until(() => expect(sink.frames).toBeGreaterThan(before + 6));
    expect(venue.last.asked('unsubscribe book')).toEqual([]);
    expect(venue.last.asked('subscribe book')).toHaveLength(1);
    expect(sink.voids).toEqual([]);
  });

  test('a refused pair is asked for again when the venue says it is online', async () => {
    const { venue, sink, until } = await startSocketStage({
      symbols: PAIRS,
      script: (scripted) => {
        scripted.script.answer = (client, request) => {
          if (!isBook(request)) return false;
          client.refuse(request, 'Currency pair not supported');
          return true;
        };
      },
    });
    await until(() => expect(sink.voids).toHaveLength(3));
    venue.script.answer = undefined;
    venue.last.instruments('update', ['ETH/USD'], 'post_only');
    venue.last.instruments('update', ['ETH/USD'], 'online');
    await until(() => expect(venue.subscribed).toEqual(['ETH/USD']));
  });

  test('a change of precision renews the book', async () => {
    const { venue, sink, until } = await startSocketStage({ symbols: PAIRS });
    await until(() => expect(sink.books.size).toBe(3));
    const pairs = [{ symbol: 'ETH/USD', status: 'online', price_precision: 2 }];
    venue.last.send(JSON.stringify({ channel: 'instrument', type: 'update', data: { assets: [], pairs } }));
    await until(() => expect(sink.books.get('ETH/USD')).toBe(2));
    expect(sink.books.get('BTC/USD')).toBe(1);
  });

  test('a socket that carries nothing any more is closed, and taken again when needed', async () => {
    const symbols = pairs(3);
    const { venue, count, until } = await startSocketStage({ symbols, venue: { symbols_per_socket: 2 } });
    await until(() => expect(venue.subscribed).toEqual(symbols));
    venue.clients[0]?.instruments('update', ['A2/USD'], 'delisted');
    await until(() => expect(venue.clients[1]?.closeCode).toBe(1000));
    venue.clients[0]?.instruments('update', ['A2/USD'], 'online');
    await until(() => expect(venue.clients[2]?.books).toEqual(new Set(['A2/USD'])));
    expect([count('connects'), count('disconnects')]).toEqual([3, 1]);
  });
});

describe('frames', () => {
  test('garbage and binary frames go to the router and harm nothing', async () => {
    const { venue, sink, until } = await startSocketStage({ symbols: PAIRS });
    await until(() => expect(sink.books.size).toBe(3));
    for (const frame of ['', '{', 'null', '[]', '{"method":7}', Buffer.from([0, 255, 254]), '{"channel":"x"}']) {
      venue.last.send(frame);
    }
    await until(() => expect(sink.malformed).toBe(7));
    venue.last.book('BTC/USD', 'update');
    await until(() => expect(sink.books.get('BTC/USD')).toBe(2));
    expect(venue.clients).toHaveLength(1);
  });

  test('a frame beyond the limit ends the connection, is counted, and all is subscribed again', async () => {
    const stage = await startSocketStage({ symbols: PAIRS, venue: { frame_bytes_max: 2_000 } });
    const { venue, sink, count, until, audits } = stage;
    await until(() => expect(sink.books.size).toBe(3));
    venue.last.send('x'.repeat(2_001));
    await until(() => expect(sink.books.get('BTC/USD')).toBe(2));
    expect(count('frames_too_large')).toBe(1);
    expect(venue.clients[0]?.closeCode).toBe(1009);
    expect(audits('market_data_refused')[0]).toMatch(/^2 .*more than venue\.frame_bytes_max \(2000 bytes\): raise it/);
  });

  test('answers that belong to nothing are ignored', async () => {
    const { venue, sink, count, until } = await startSocketStage({ symbols: ['BTC/USD'] });
    await until(() => expect(sink.books.size).toBe(1));
    const foreign = { method: 'subscribe', req_id: 99_999, params: { channel: 'book', symbol: [] }, atMs: 0 };
    venue.last.ack(foreign, 'BTC/USD');
    venue.last.ack({ ...foreign, req_id: 0 }, 'WWW/USD');
    venue.last.refuse(foreign, 'EService:Busy', 'BTC/USD');
    venue.last.refuse(foreign, 'EService:Busy');
    venue.last.send('{"method":"pong","req_id":4711}');
    await until(() => expect(sink.heard('pong')).toBe(1));
    expect(count('clock_offset_us')).toBe(0);
    expect(venue.last.requests).toHaveLength(2);
    expect(sink.voids).toEqual([]);
  });

  test('frames carry their receive time in whole microseconds', async () => {
    const { sink, until, context } = await startSocketStage({ symbols: PAIRS });
    await until(() => expect(sink.books.size).toBe(3));
    const nowMs = context.clock.wallMs();
    for (const atMs of sink.times) expect(Math.abs(nowMs - atMs)).toBeLessThan(20_000);
    expect([...sink.times].sort((a, b) => a - b)).toEqual(sink.times);
  });
});

test("the ping tells how far the venue's clock is ahead", async () => {
  const { venue, sink, count, until, advance } = await startSocketStage({
    symbols: PAIRS,
    venue: { ping_interval_ms: 1_000 },
    virtualTime: true,
    script: (scripted) => {
      scripted.script.answer = (client, { method, req_id }) => {
        if (method !== 'ping') return false;
        // Virtual time stands at 1 s after 1970 when the ping leaves, and when its pong comes in.
        const times = { time_in: '1970-01-01T00:00:05.000250Z', time_out: '1970-01-01T00:00:05.000350Z' };
        client.send(JSON.stringify({ method: 'pong', req_id, ...times }));
        return true;
      };
    },
  });
  await until(() => expect(venue.subscribed).toHaveLength(3));
  advance(1_000);
  await until(() => expect(count('clock_offset_us')).toBe(4_000_300));
  expect([count('pings'), sink.heard('pong')]).toEqual([1, 1]);
});

describe('stop', () => {
  test('closes every socket with 1000 and waits for it', async () => {
    const { venue, source, count, audits, until } = await startSocketStage({
      symbols: pairs(4),
      venue: { symbols_per_socket: 2 },
    });
    await until(() => expect(venue.subscribed).toHaveLength(4));
    await source.stop();
    await until(() => expect(venue.clients.map(({ closeCode }) => closeCode)).toEqual([1000, 1000]));
    expect([count('connects'), count('disconnects')]).toEqual([2, 2]);
    expect(audits('venue_disconnected')).toEqual(['0 close 1000', '0 close 1000']);
    await source.stop(); // a second stop finds nothing to do
  });

  test('cuts off a venue that does not answer the close', async () => {
    const { venue, source, audits, until } = await startSocketStage({ symbols: PAIRS });
    await until(() => expect(venue.subscribed).toHaveLength(3));
    venue.last.freeze();
    await Promise.all([source.stop(), source.stop()]);
    expect(audits('venue_disconnected')).toEqual([expect.stringMatching(/^1 not closed within \d+ ms/)]);
  });

  test('while it waits for the next attempt', async () => {
    const { venue, source, audits, until } = await startSocketStage({
      symbols: PAIRS,
      venue: { backoff_base_ms: 60_000, backoff_max_ms: 60_000, backoff_repeated_min_ms: 60_000 },
      script: (scripted) => {
        scripted.script.upgrade = () => 503;
      },
    });
    await until(() => expect(audits('venue_disconnected')).toHaveLength(1));
    await source.stop();
    expect(venue.attemptsMs).toHaveLength(1);
  });

  test('while it connects', async () => {
    const { venue, source, count, until } = await startSocketStage({
      symbols: PAIRS,
      script: (scripted) => {
        scripted.script.upgrade = () => -1;
      },
    });
    await until(() => expect(venue.attemptsMs).toHaveLength(1));
    await source.stop();
    expect([count('connects'), count('disconnects')]).toEqual([0, 0]);
  });

  test('before anything was opened, and after the venue refused', async () => {
    const early = await startSocketStage({ symbols: PAIRS });
    await early.source.stop();
    const refused = await startSocketStage({
      symbols: PAIRS,
      script: (scripted) => {
        scripted.script.upgrade = () => 403;
      },
    });
    await refused.until(() => expect(refused.audits('market_data_refused')).toHaveLength(1));
    await refused.source.stop();
    expect(early.sink.books.size).toBe(0);
  });
});
