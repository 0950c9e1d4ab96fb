import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FeedMemory } from '../src/actors/feed/feed-memory.ts';
import { FeeTable } from '../src/market/fee-table.ts';
import { SlidingWindow } from '../src/net/limiters/sliding-window.ts';
import { ACTOR_IDS } from '../src/runtime/counter-names.ts';
import { createSharedMemory, openConsumer, openProducer } from '../src/runtime/memory/shared-memory.ts';
import { openTable, type TableKind } from '../src/runtime/memory/shared-tables.ts';
import { planPlacement } from '../src/runtime/placement.ts';
import type { VenueName } from '../src/settings/config.ts';
import { checkConfig } from '../src/settings/read-config.ts';
import { topologyOf } from '../src/topology.ts';
import { createTestContext } from './support/test-context.ts';

const settings = [checkConfig({}), checkConfig({ limits: { instruments_max: 8, deltas_ring: 64, records_ring: 64 } })];
const topology = topologyOf(checkConfig({}));
const ids: readonly string[] = topology.children.map((child) => child.id);

describe('topology', () => {
  test('has every actor once, with a module to start it from', () => {
    expect([...ids].sort()).toEqual([...ACTOR_IDS].sort());
    for (const child of topology.children) {
      expect(existsSync(new URL(`../src/${child.entry}`, import.meta.url)), child.entry).toBe(true);
    }
  });

  test('every ring has a name of its own, one writer and one reader that exist, and they are not the same', () => {
    const names = topology.rings.map((ring) => ring.name);
    expect(new Set(names).size).toBe(names.length);
    for (const ring of topology.rings) {
      expect([...ids, 'supervisor']).toContain(ring.from);
      expect(ids).toContain(ring.to);
      expect(ring.from).not.toBe(ring.to);
    }
  });

  test('every ring has a capacity that is a power of two and slots of whole words, whatever the settings', () => {
    for (const config of settings) {
      for (const ring of topologyOf(config).rings) {
        expect(Math.log2(ring.capacity) % 1, ring.name).toBe(0);
        expect(ring.slotBytes % 8, ring.name).toBe(0);
      }
    }
  });

  test('every actor but persistence, and the supervisor, can record', () => {
    const recorders = topology.rings.filter((ring) => ring.to === 'persistence').map((ring) => ring.kind);
    const expected = [...ids.filter((id) => id !== 'persistence'), 'supervisor'].map((id) => `${id}_records`);
    expect([...recorders].sort()).toEqual(expected.sort());
  });

  test('starts whoever reads a ring before whoever writes it; only requests go against the stream', () => {
    const against = topology.rings.filter(
      ({ from, to }) => from !== 'supervisor' && ids.indexOf(to) > ids.indexOf(from),
    );
    expect(against.map((ring) => ring.kind)).toEqual(['resyncs']);
  });

  describe('with a second venue', () => {
    const [first, second] = ['kraken', 'elsewhere'] as VenueName[];
    const both = topologyOf(checkConfig({ limits: { instruments_max: 8 } }), [first, second] as VenueName[]);
    const named = (rows: readonly { readonly kind: string; readonly name: string }[], kind: string) =>
      rows.filter((row) => row.kind === kind).map((row) => row.name);

    test('what a venue has is there for each, by its name; the rest is there once', () => {
      for (const kind of ['deltas', 'resyncs', 'tops', 'feed_records', 'book_records']) {
        expect(named(both.rings, kind)).toEqual([`${kind}.kraken`, `${kind}.elsewhere`]);
      }
      expect(named(both.tables, 'instrument_log')).toEqual(['instrument_log.kraken', 'instrument_log.elsewhere']);
      for (const kind of ['opportunities', 'executions', 'risk_records'])
        expect(named(both.rings, kind)).toEqual([kind]);
      for (const kind of ['book_table', 'trading_gate']) expect(named(both.tables, kind)).toEqual([kind]);
    });

    test('a reader of several rings or tables of a kind cannot open any of them without its name', () => {
      const memory = createSharedMemory(both, planPlacement(both, checkConfig({}).runtime, 2).placement);
      const code = 'TOPOLOGY_INVALID';
      expect(() => openConsumer(memory, 'tops', 'detector')).toThrow(expect.objectContaining({ code }));
      expect(() => openTable(memory, 'instrument_log', 'detector')).toThrow(expect.objectContaining({ code }));
      expect(openConsumer(memory, 'tops.elsewhere', 'detector').available()).toBe(0);
    });
  });

  test('every table has a name of its own, one that writes it, and users that exist', () => {
    const names = topology.tables.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, writers, readers } of topology.tables) {
      expect(writers.length, name).toBeGreaterThan(0);
      for (const user of [...writers, ...readers]) expect([...ids, 'supervisor', 'readings'], name).toContain(user);
    }
  });

  test('memory has the tables of the rows, in the size that the settings say', () => {
    const config = checkConfig({ limits: { instruments_max: 8, instrument_log_bytes: 65_536 }, venue: { depth: 10 } });
    const small = topologyOf(config);
    const { tables } = createSharedMemory(small, planPlacement(small, config.runtime, 2).placement);
    expect(tables.map(({ name }) => name)).toEqual(small.tables.map(({ name }) => name));
    const memoryOf = (kind: TableKind) => tables.find((table) => table.kind === kind)?.memory;
    expect(memoryOf('book_table')).toMatchObject({ shape: { instruments: 8, levels: 10 } });
    expect(memoryOf('instrument_log')).toMatchObject({ text: { byteLength: 65_536 } });
  });

  test('a table is opened only for those that its row names', () => {
    const small = topologyOf(checkConfig({ limits: { instruments_max: 8 } }));
    const memory = createSharedMemory(small, planPlacement(small, checkConfig({}).runtime, 2).placement);
    for (const { kind, writers, readers } of small.tables) {
      for (const user of [...ACTOR_IDS, 'supervisor', 'readings'] as const) {
        const open = () => openTable(memory, kind, user);
        if ([...writers, ...readers].includes(user)) expect(open).not.toThrow();
        else expect(open).toThrow(expect.objectContaining({ code: 'TOPOLOGY_INVALID' }));
      }
    }
  });

  test('an actor’s context has no table that is not its own', () => {
    expect(() => createTestContext('detector').context.gate).toThrow(/detector neither writes nor reads/);
    expect(() => createTestContext('persistence').context.bookTable).toThrow(/persistence neither writes nor reads/);
    expect(createTestContext('detector').context.feeTable).toBeInstanceOf(FeeTable);
  });

  test('memory gives the ends of a ring only to those it belongs to', () => {
    const config = checkConfig({ limits: { instruments_max: 8 } });
    const small = topologyOf(config);
    const memory = createSharedMemory(small, planPlacement(small, config.runtime, 2).placement);
    for (const { name, from, to } of small.rings) {
      for (const id of ACTOR_IDS) {
        if (id !== from) expect(() => openProducer(memory, name, id)).toThrow(/does not write/);
        if (id !== to) expect(() => openConsumer(memory, name, id)).toThrow(/does not read/);
      }
    }
  });

  test('the feed’s memory holds the most attempts to connect that the settings allow', () => {
    const venue = { connects_per_window: 125 };
    expect(() => checkConfig({ venue: { connects_per_window: venue.connects_per_window + 1 } })).toThrow();
    const bytes = topologyOf(checkConfig({ venue })).children.find(({ id }) => id === 'feed')?.ownBytes ?? 0;
    const slots = new FeedMemory(new SharedArrayBuffer(bytes)).connectAttempts(SlidingWindow.bytesFor(125));
    expect(slots).toHaveLength(128);
  });
});
