import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { InlineHost } from '../../src/runtime/inline-host.ts';
import type { ConfigInput } from '../../src/settings/config.ts';
import { checkConfig } from '../../src/settings/read-config.ts';
import { topologyOf } from '../../src/topology.ts';
import { capturePath, fixturePath } from '../support/captures.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describe('a capture through all actors, on one thread', () => {
  test.each([
    ['derived_ws2_d25_gemini_20210417', 25, 3],
    ['derived_ws2_d10_bitflyer_20210722', 10, 0],
  ] as const)('%s ends in the rows of its brute force that are above 1 and new', async (name, depth, count) => {
    const lines = await replay(name, { venue: { depth } });
    expect(lines).toHaveLength(count);
    const rows = rowsAboveOne(name);
    for (const { recvIndex, ns, symbol, cycle, startAsset, grossMultiplier } of lines) {
      const row = rows.find((candidate) => candidate.recvIndex === recvIndex && candidate.cycle === cycle)!;
      expect({ ns, symbol, startAsset }).toEqual({ ns: row.ns, symbol: row.symbol, startAsset: row.startAsset });
      expect(Math.abs(grossMultiplier - row.multiplier)).toBeLessThan(1e-9);
    }
    // What has no line repeats what the cycle's row before it said.
    for (const [index, row] of rows.entries()) {
      if (lines.some(({ recvIndex }) => recvIndex === row.recvIndex)) continue;
      expect(rows[index - 1]).toMatchObject({ multiplier: row.multiplier, qty: row.qty });
    }
  });

  test('a size spends what it says, leg by leg, and ends with what it says', async () => {
    const fees = { taker_pct: '0', pairs_taker_pct: { 'BTC/USD': '0.0001' } };
    const lines = await replay('derived_ws2_d25_gemini_20210417', { fees });
    expect(lines.length).toBeGreaterThan(0);
    for (const { size, legs } of lines) {
      const [sell, buy, sellBack] = legs;
      expect(size).toMatchObject({ asset: 'BTC' });
      expect(Number(sell!.qty)).toBeCloseTo(Number(size!.startQty), 10);
      expect(Number(sell!.fee)).toBeGreaterThanOrEqual(Number(sell!.cost) * 1e-6 - 1e-15);
      expect(Number(buy!.cost)).toBeLessThanOrEqual(Number(sell!.cost) - Number(sell!.fee));
      expect(buy!.qty).toBe(sellBack!.qty);
      expect(sellBack!.cost).toBe(size!.endQty);
    }
  });
});

interface Line {
  readonly recvIndex: number;
  readonly ns: string;
  readonly symbol: string;
  readonly cycle: string;
  readonly startAsset: string;
  readonly grossMultiplier: number;
  readonly size: { readonly asset: string; readonly startQty: string; readonly endQty: string } | null;
  readonly legs: readonly { readonly qty: string; readonly cost: string; readonly fee: string }[];
}

async function replay(name: string, settings: ConfigInput): Promise<Line[]> {
  const free: ConfigInput = { fees: { taker_pct: '0' }, persistence: { database: ':memory:' } };
  const options = { capture: capturePath(name), speed: 'max' as const, replay: true, captureTime: true };
  const config = checkConfig({ ...free, ...settings });
  const host = new InlineHost({
    topology: topologyOf(config),
    config,
    clock: systemClock,
    seed: 1,
    options,
  });
  await host.start();
  const feed = host.countersOf('feed');
  await host.runUntil(() => feed.get('source_ended') === 1 && host.isDrained());
  const file = join(temporaryDirectory(), 'opportunities.jsonl');
  const count = await host.call('persistence', 'exportOpportunities', file);
  await host.stop();
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  expect(lines).toHaveLength(count);
  return lines.map((line) => JSON.parse(line) as Line);
}

function rowsAboveOne(name: string) {
  const [, ...lines] = gunzipSync(readFileSync(fixturePath(`${name}.oracle.csv.gz`)))
    .toString()
    .trimEnd()
    .split(/\r?\n/);
  return lines
    .map((line) => {
      const [recvIndex, ns, symbol, cycle, startAsset, multiplier, qty] = line.split(',');
      return { recvIndex: Number(recvIndex), ns, symbol, cycle, startAsset, multiplier: Number(multiplier), qty };
    })
    .filter(({ multiplier }) => multiplier > 1);
}
