import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FeedMemory } from '../src/actors/feed/feed-memory.ts';
import { SlidingWindow } from '../src/net/limiters/sliding-window.ts';
import { ACTOR_IDS } from '../src/runtime/counter-names.ts';
import { createSharedMemory, openConsumer, openProducer } from '../src/runtime/memory/shared-memory.ts';
import { planPlacement } from '../src/runtime/placement.ts';
import { checkConfig } from '../src/settings/config.ts';
import { topologyOf } from '../src/topology.ts';

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
    const recorders = topology.rings.filter((ring) => ring.to === 'persistence').map((ring) => ring.name);
    const expected = [...ids.filter((id) => id !== 'persistence'), 'supervisor'].map((id) => `${id}_records`);
    expect([...recorders].sort()).toEqual(expected.sort());
  });

  test('starts whoever reads a ring before whoever writes it; only requests go against the stream', () => {
    const against = topology.rings.filter(
      ({ from, to }) => from !== 'supervisor' && ids.indexOf(to) > ids.indexOf(from),
    );
    expect(against.map((ring) => ring.name)).toEqual(['resyncs']);
  });

  test('every table is written by somebody that exists', () => {
    for (const table of topology.tables) {
      expect(table.writers.length, table.name).toBeGreaterThan(0);
      for (const writer of table.writers) expect([...ids, 'supervisor']).toContain(writer);
    }
  });

  test('memory gives the ends of a ring only to those it belongs to', () => {
    const config = checkConfig({ limits: { instruments_max: 8 } });
    const small = topologyOf(config);
    const memory = createSharedMemory(small, config, planPlacement(small, config.runtime, 2).placement);
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
