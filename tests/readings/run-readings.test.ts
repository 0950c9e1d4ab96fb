import { expect, test } from 'vitest';
import { collectReadings } from '../../src/readings/run-readings.ts';
import { EdgeDistribution } from '../../src/runtime/memory/edge-distribution.ts';
import { openTable } from '../../src/runtime/memory/shared-tables.ts';
import { checkConfig } from '../../src/settings/read-config.ts';
import { createTestContext } from '../support/test-context.ts';

const CONFIG = checkConfig({ limits: { deltas_ring: 64 } });
const SECOND = 1e9;

test('readings are what the actors wrote, and reading changes nothing', () => {
  const book = createTestContext('book', { config: CONFIG });
  const detector = createTestContext('detector', { config: CONFIG, memory: book.memory });
  const { memory } = book;
  book.context.counters.set(book.context.counters.at('book_messages'), 500);
  book.context.counters.set(book.context.counters.at('checksums_verified'), 499);
  book.context.latency('book_verified').record(12_000);
  detector.context.counters.set(detector.context.counters.at('evaluations'), 3_000);
  new EdgeDistribution(memory.edges.net_edge).recordFrom(Float64Array.of(0.998), 0);
  openTable(memory, 'trading_gate', 'supervisor').setRisk('paused', 'market_data_stale');
  openTable(memory, 'trading_gate', 'supervisor').setSupervisor('active', 'none');
  const producer = detector.producer('deltas');
  expect(producer.tryClaim(16)).toBe(true);
  producer.publish(16);

  const first = collectReadings(memory, CONFIG, 12 * SECOND, 2 * SECOND);
  expect(first).toMatchObject({
    seconds: 10,
    updates: 500,
    updatesPerSecond: 50,
    verified: 499,
    evaluationsPerSecond: 300,
    restarts: 0,
    gate: { state: 'paused', risk: { reason: 'market_data_stale' }, supervisor: { state: 'active' } },
  });
  expect(first.best).toBeUndefined();
  expect(first.edges.net_edge.every((bps) => Math.abs(bps + 20) < 0.11)).toBe(true);
  expect(first.edges.gross_edge.every(Number.isNaN)).toBe(true);
  expect(first.latency.book_verified).toMatchObject({ count: 1, p50Us: 12 });
  expect(first.rings.find(({ name }) => name === 'deltas.kraken')).toEqual({
    name: 'deltas.kraken',
    kind: 'deltas',
    isOfRecords: false,
    fill: 0.25,
    refused: 0,
  });

  const again = collectReadings(memory, CONFIG, 12 * SECOND, 2 * SECOND);
  expect(again).toEqual(first);
  book.context.counters.set(book.context.counters.at('book_messages'), 900);
  expect(collectReadings(memory, CONFIG, 14 * SECOND, 2 * SECOND, first)).toMatchObject({ updatesPerSecond: 200 });
});
