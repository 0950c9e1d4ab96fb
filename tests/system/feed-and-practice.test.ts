/**
 * The real feed and the real book against the real practice exchange, over sockets and on real time: the market goes
 * live, and each fault of the exchange is noticed and healed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { SYSTEM_STATUSES } from '../../src/messages/market-messages.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { FaultReport } from '../../src/practice/faults/fault-plan.ts';
import type { FaultName } from '../../src/practice/faults/faults.ts';
import { readCaptureRows } from '../../src/practice/market/capture-rows.ts';
import { readTape } from '../../src/practice/market/market-tape.ts';
import { startPracticeServer } from '../../src/practice/network/practice-server.ts';
import type { PracticeSettings } from '../../src/practice/practice-exchange.ts';
import { InlineHost } from '../../src/runtime/inline-host.ts';
import { openConsumer } from '../../src/runtime/memory/shared-memory.ts';
import { checkConfig } from '../../src/settings/read-config.ts';
import { topologyOf } from '../../src/topology.ts';
import { capturePath } from '../support/captures.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const CAPTURE = capturePath('ws2_book_d25_ETHUSD_XRPUSD_2sockets_20260802');
const SYMBOLS = ['ETH/USD', 'XRP/USD'];
const SEED = 20_260_802;
const BOOK = {
  snapshot_timeout_ms: 150,
  resync_backoff_base_ms: 20,
  resync_backoff_max_ms: 200,
  resync_attempts_max: 100,
};
const DRAINED = [
  ['tops', 'detector'],
  ['feed_records', 'persistence'],
  ['book_records', 'persistence'],
] as const;

/** Short waits, so that healing takes milliseconds. */
const VENUE = {
  symbols: SYMBOLS,
  depth: 10,
  backoff_base_ms: 5,
  backoff_max_ms: 50,
  subscribe_timeout_ms: 400,
  ping_interval_ms: 100,
  socket_silence_ms: 1_500,
  instrument_silence_ms: 700,
  messages_per_second: 40,
} as const;

async function startVenue(settings: Partial<PracticeSettings> = {}) {
  const faults: FaultReport[] = [];
  const server = await startPracticeServer(
    { capture: CAPTURE, port: 0, settings: { speed: 4, seed: SEED, ...settings } },
    systemClock,
    { onFault: (report) => faults.push(report) },
  );
  onTestFinished(() => server.close());
  return { ...server, faults };
}

/** Feed and book on this thread; what they hand on is taken off and thrown away. */
async function startEngine(given: object, options: Record<string, unknown> = {}) {
  const config = checkConfig(given);
  const topology = topologyOf(config);
  const children = topology.children.filter(({ id }) => id === 'feed' || id === 'book');
  const host = new InlineHost({
    topology: { ...topology, children },
    config,
    clock: systemClock,
    seed: SEED,
    options,
  });
  const drains = DRAINED.map(([ring, reader]) => openConsumer(host.memory, ring, reader));
  await host.start();
  onTestFinished(() => host.stop());
  const until = (met: () => boolean) =>
    host.runUntil(() => {
      for (const ring of drains) ring.drain(() => {}, 65_536);
      return met();
    });
  const feed = host.countersOf('feed');
  const book = host.countersOf('book');
  const live = () => until(() => book.get('books_valid') === SYMBOLS.length);
  return { host, feed, book, until, live };
}

async function startBoth(settings: Partial<PracticeSettings> = {}, venue: object = {}) {
  const exchange = await startVenue(settings);
  const engine = await startEngine({ venue: { ...VENUE, public_url: exchange.wsPublic, ...venue }, book: BOOK });
  return { ...engine, ...exchange };
}

test('goes live, and every checksum verifies over several passes of the market', async () => {
  const { live, until, book, feed, exchange } = await startBoth({ speed: 'max', loop: true });
  await live();
  await until(() => exchange.stats().passes >= 3 && book.get('checksums_verified') > 3_000);
  expect(book.get('checksums_failed')).toBe(0);
  expect(book.get('checksums_skipped')).toBe(0);
  expect(feed.get('frames_malformed')).toBe(0);
  expect(feed.get('instruments')).toBe(2);
  expect(feed.get('subscribe_acks')).toBeGreaterThanOrEqual(2);
});

test.each<FaultName>(['checksum', 'digit', 'drop', 'reorder', 'truncate'])(
  '%s: the book is invalid at once, resynced, and live again',
  async (fault) => {
    const { live, until, book, feed, exchange, faults } = await startBoth({}, { instrument_silence_ms: 60_000 });
    await live();
    exchange.orderFault(fault);
    await until(() => book.get('invalidations') > 0);
    expect(faults.map((report) => report.fault)).toEqual([fault]);
    await until(() => book.get('resyncs_completed') > 0);
    await live();
    const verified = book.get('checksums_verified');
    await until(() => book.get('checksums_verified') > verified + 100);
    expect(book.get('books_valid')).toBe(2);
    expect(feed.get('resyncs_sent')).toBe(1);
    expect(feed.get('connects')).toBe(1);
    expect(feed.get('frames_malformed')).toBe(fault === 'truncate' ? 1 : 0);
  },
);

test('duplicate: a repeated update changes nothing', async () => {
  const { live, until, book, exchange, faults } = await startBoth();
  await live();
  exchange.orderFault('duplicate', 20);
  await until(() => faults.length === 20);
  const verified = book.get('checksums_verified');
  await until(() => book.get('checksums_verified') > verified + 50);
  expect(book.get('invalidations')).toBe(0);
  expect(book.get('checksums_failed')).toBe(0);
});

test('silent: a subscription that says nothing is renewed', async () => {
  const { live, until, book, feed, exchange, faults } = await startBoth();
  await live();
  exchange.orderFault('silent');
  await until(() => faults.length === 1);
  await until(() => book.get('invalidations') > 0);
  await live();
  expect(feed.get('resyncs_sent')).toBeGreaterThan(0);
  expect(feed.get('connects')).toBe(1);
});

test.each<FaultName>(['half-open', 'disconnect-1001', 'disconnect-1006'])(
  '%s: the socket is given up, a new one opened, and all books are live again',
  async (fault) => {
    const { live, until, feed, book, exchange, faults } = await startBoth({}, { instrument_silence_ms: 60_000 });
    await live();
    exchange.orderFault(fault);
    await until(() => faults.length === 1 && feed.get('connects') === 2);
    await live();
    expect(feed.get('disconnects')).toBe(1);
    expect(book.get('invalidations')).toBe(2);
    expect(book.get('checksums_failed')).toBe(0);
  },
);

test('disconnect-1008: reconnecting would make it worse, so the books stay invalid', async () => {
  const { live, until, feed, book, exchange } = await startBoth();
  await live();
  exchange.orderFault('disconnect-1008');
  await until(() => feed.get('disconnects') === 1 && book.get('books_valid') === 0);
  let looks = 0;
  await until(() => ++looks > 2_000);
  expect(exchange.stats().connections).toBe(1);
  expect(book.get('invalidations')).toBe(2);
});

test.each<FaultName>(['subscribe-error', 'slow-ack', 'no-snapshot', 'no-data'])(
  '%s: the subscription is asked for again until its book is live',
  async (fault) => {
    const exchange = await startVenue();
    exchange.exchange.orderFault(fault);
    const { live, book } = await startEngine({ venue: { ...VENUE, public_url: exchange.wsPublic }, book: BOOK });
    await live();
    expect(exchange.exchange.stats().market).not.toBe('ended'); // where no update could come any more
    expect(exchange.faults.map((report) => report.fault)).toEqual([fault]);
    expect(book.get('checksums_failed')).toBe(0);
  },
);

test('status: maintenance is known at once', async () => {
  const { live, until, feed, exchange } = await startBoth();
  await live();
  exchange.orderFault('status');
  await until(() => SYSTEM_STATUSES[feed.get('system_status')] === 'maintenance');
  expect(feed.get('connects')).toBe(1);
});

test('instrument-precision: the book is void, subscribed again and verifies with the new digits', async () => {
  const { live, until, book, exchange, faults } = await startBoth();
  await live();
  exchange.orderFault('instrument-precision');
  await until(() => faults.length === 1 && book.get('invalidations') > 0);
  await live();
  const verified = book.get('checksums_verified');
  await until(() => book.get('checksums_verified') > verified + 100);
  expect(book.get('books_valid')).toBe(2);
});

test('a storm of faults: whatever strikes, the books come back', async () => {
  const rates = { checksum: 0.004, digit: 0.004, drop: 0.004, reorder: 0.004, truncate: 0.004, duplicate: 0.01 };
  const lines = { silent: 0.0005, 'disconnect-1001': 0.0005, 'disconnect-1006': 0.0005 };
  const { until, live, book, faults } = await startBoth({
    speed: 10,
    loop: true,
    faults: { ...rates, ...lines, 'subscribe-error': 0.05 },
  });
  await until(() => faults.length > 30 && book.get('resyncs_completed') > 8);
  await live();
  expect(book.get('given_up')).toBe(0);
  expect(book.get('checksums_verified')).toBeGreaterThan(book.get('checksums_failed') * 5);
});

test.each(['SIGTERM', 'time'])(
  'record: a recording of the exchange, ended by %s, replays with every checksum verified',
  async (end) => {
    const { wsPublic, exchange } = await startVenue({ speed: 20, loop: true });
    const folder = temporaryDirectory();
    const out = join(folder, 'market.cap.jsonl.gz');
    const config = join(folder, 'record.yaml');
    writeFileSync(config, stringify({ venue: { ...VENUE, public_url: wsPublic } }));
    const options = { config, out, forMs: end === 'time' ? 3_000 : undefined };
    const urlOf = (file: string) => JSON.stringify(new URL(`../../src/${file}`, import.meta.url).href);
    const code = `
      const { record } = await import(${urlOf('cli/record.ts')});
      const { standardOutput } = await import(${urlOf('engine/standard-output.ts')});
      process.exitCode = await record(${JSON.stringify(options)});
      await standardOutput.close();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code]);
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stdout.on('data', (data) => (said += data));
    child.stderr.on('data', (data) => (said += data));
    if (end === 'SIGTERM') {
      await expect.poll(() => exchange.stats().framesSent, { timeout: 30_000 }).toBeGreaterThan(800);
      child.kill('SIGTERM');
    }
    expect([await once(child, 'close'), said]).toEqual([[0, null], expect.stringMatching(/recorded .*frames \d+/)]);

    const recorded = readTape(out, readCaptureRows(out));
    expect(recorded.checksums.failed).toBe(0);
    expect(recorded.checksums.verified).toBeGreaterThan(300);
    const { until, feed, book } = await startEngine({ venue: { ...VENUE, depth: 10 } }, { capture: out, speed: 'max' });
    await until(() => feed.get('source_ended') === 1 && book.get('handled_seq') === feed.get('frame_seq'));
    expect(book.get('checksums_verified')).toBe(recorded.checksums.verified);
    expect(book.get('checksums_failed')).toBe(0);
  },
);
