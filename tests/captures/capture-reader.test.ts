import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CAPTURE_ROW_KINDS } from '../../src/captures/capture-format.ts';
import { type CaptureReader, READ_ROW } from '../../src/captures/capture-reader.ts';
import { CaptureWriter } from '../../src/captures/capture-writer.ts';
import { CAPTURES, capturePath, framesOf, readAll, scratchFolder } from '../support/captures.ts';

interface Row {
  readonly t: string;
  readonly conn: string;
  readonly ns: string;
  readonly data: string;
}

const HEADER = '{"t":"header","venue":"kraken","api":"ws-v2"}';

const rowOf = (reader: CaptureReader): Row => ({
  t: CAPTURE_ROW_KINDS[reader.kind] ?? '?',
  conn: reader.connLabels[reader.conn] ?? '?',
  ns: (BigInt(reader.wallSeconds) * 1_000_000_000n + BigInt(reader.wallNanos)).toString(),
  data: Buffer.from(reader.frame.subarray(0, reader.frameLength)).toString('utf8'),
});

async function rowsOf(path: string): Promise<Row[]> {
  const rows: Row[] = [];
  await readAll(path, (reader) => rows.push(rowOf(reader)));
  return rows;
}

async function reading(text: string): Promise<Row[]> {
  using folder = scratchFolder();
  writeFileSync(folder.path('a.cap.jsonl'), text);
  return await rowsOf(folder.path('a.cap.jsonl'));
}

describe('capture reader', () => {
  test.each(CAPTURES)('reads $name exactly as JSON.parse does', async ({ name, frames }) => {
    const lines = gunzipSync(readFileSync(capturePath(name)))
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .slice(1);
    const expected = lines.map((line) => JSON.parse(line) as Row);
    expect(await rowsOf(capturePath(name))).toEqual(expected);
    expect(expected.filter((row) => row.t === 'recv')).toHaveLength(frames);
  });

  test('numbers received frames from 0 and leaves out the other rows', async () => {
    using folder = scratchFolder();
    const path = folder.path('a.jsonl');
    const row = (t: string) => JSON.stringify({ t, conn: 'A', ns: '1700000000000000001', data: 'x' });
    writeFileSync(path, [HEADER, row('connect'), row('recv'), row('send'), row('recv'), ''].join('\n'));
    const numbers: number[] = [];
    await readAll(path, (reader) => numbers.push(reader.recvIndex));
    expect(numbers).toEqual([-1, 0, 0, 1]);
  });

  test('reads any text and any time that a writer can produce', async () => {
    const rows = fc.array(
      fc.record({
        t: fc.constantFrom('recv', 'send', 'connect'),
        conn: fc.string({ unit: 'binary', maxLength: 4 }),
        ns: fc.bigInt(1_000_000_000n, 9_223_372_036_854_775_807n).map(String),
        data: fc.string({ unit: 'binary', maxLength: 20 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        expect(await reading([HEADER, ...given.map((row) => JSON.stringify(row)), ''].join('\n'))).toEqual(given);
      }),
      { numRuns: 100 },
    );
  });

  test('a row longer than the buffers comes through whole', async () => {
    const data = `"${'é\\\n'.repeat(700_000)}"`;
    const row = { t: 'recv', conn: 'A', ns: '1700000000000000001', data };
    expect(await reading([HEADER, JSON.stringify(row), ''].join('\n'))).toEqual([row]);
  });

  test('reads a capture again from its start, with the same rows', async () => {
    const first: string[] = [];
    const second: string[] = [];
    const path = capturePath('derived_ws2_d10_bitflyer_20210722');
    const reader = await readAll(path, (row) => first.push(rowOf(row).data));
    reader.rewind();
    for (let found = reader.next(); found === READ_ROW; found = reader.next()) {
      reader.unescape();
      second.push(rowOf(reader).data);
    }
    expect(second).toEqual(first);
  });

  test.each([
    ['no header', '{"t":"recv","conn":"A","ns":"1700000000000000001","data":"x"}\n', 'line 1'],
    ['an empty file', '', 'empty'],
    ['a row that is no JSON', `${HEADER}\n{"t":"recv"\n`, 'line 2'],
    ['an unknown kind of row', `${HEADER}\n{"t":"other","conn":"A","ns":"1700000000000000001","data":"x"}\n`, 'line 2'],
    ['a row without time', `${HEADER}\n\n{"t":"recv","conn":"A","data":"x"}\n`, 'line 3'],
    ['a time that is no number', `${HEADER}\n{"t":"recv","conn":"A","ns":"soon","data":"x"}\n`, 'line 2'],
  ])('%s is refused with its place', async (_what, text, where) => {
    await expect(reading(text)).rejects.toMatchObject({
      code: 'CAPTURE_UNREADABLE',
      message: expect.stringContaining(where),
    });
  });

  test('a missing file is refused', async () => {
    await expect(rowsOf('/nowhere/at.all')).rejects.toMatchObject({ code: 'CAPTURE_UNREADABLE' });
  });

  test('a damaged gzip file is refused', async () => {
    using folder = scratchFolder();
    const bytes = readFileSync(capturePath('derived_ws2_d10_bitflyer_20210722'));
    bytes.fill(0xff, 200, 400);
    writeFileSync(folder.path('a.gz'), bytes);
    await expect(rowsOf(folder.path('a.gz'))).rejects.toMatchObject({ code: 'CAPTURE_UNREADABLE' });
  });

  test.each([['a.jsonl'], ['a.jsonl.gz']])(
    'a cut-off %s gives every whole row and says that it was cut',
    async (name) => {
      using folder = scratchFolder();
      const packed = readFileSync(capturePath('derived_ws2_d10_bitflyer_20210722'));
      const bytes = name.endsWith('.gz') ? packed : gunzipSync(packed);
      writeFileSync(folder.path(name), bytes.subarray(0, Math.floor(bytes.length / 2) + 1));
      let rows = 0;
      const reader = await readAll(folder.path(name), () => rows++);
      expect(reader.truncated).toBe(true);
      expect(rows).toBeGreaterThan(20);
    },
  );
});

describe('capture writer', () => {
  test.each([['a.jsonl'], ['a.jsonl.gz']])('%s reads back as it was written', async (name) => {
    using folder = scratchFolder();
    const frames = await framesOf(capturePath('derived_ws2_d10_bitflyer_20210722'));
    const writer = new CaptureWriter(folder.path(name), { venue: 'kraken', api: 'ws-v2' });
    frames.forEach((frame, index) => {
      writer.write('recv', frame.conn, 1_700_000_000_123_456_789n + BigInt(index), Buffer.from(frame.bytes).toString());
    });
    await writer.close();
    const rows = await rowsOf(folder.path(name));
    expect(rows.map((row) => row.data)).toEqual(frames.map((frame) => Buffer.from(frame.bytes).toString()));
    expect(rows.at(-1)?.ns).toBe((1_700_000_000_123_456_789n + BigInt(frames.length - 1)).toString());
    expect(readFileSync(folder.path(name))[0]).toBe(name.endsWith('.gz') ? 0x1f : 0x7b);
  });

  test('every row of a plain capture is on disk before it is closed', async () => {
    using folder = scratchFolder();
    const writer = new CaptureWriter(folder.path('a.jsonl'), { venue: 'kraken', api: 'ws-v2' });
    writer.write('recv', 'A', 1_700_000_000_000_000_000n, 'one');
    writer.write('send', 'A', 1_700_000_000_000_000_001n, 'two');
    expect((await rowsOf(folder.path('a.jsonl'))).map((row) => row.data)).toEqual(['one', 'two']);
    await writer.close();
  });

  test('does not write over a file, but goes on with one when it is asked to', async () => {
    using folder = scratchFolder();
    const open = (append: boolean) => new CaptureWriter(folder.path('a'), { venue: 'kraken', api: 'v2' }, { append });
    await open(false).close();
    expect(() => open(false)).toThrow('a new file that can be written');
    const writer = open(true);
    writer.write('recv', 'A', 1_700_000_000_000_000_000n, 'one');
    await writer.close();
    expect(await rowsOf(folder.path('a'))).toHaveLength(1);
  });

  test('refuses to go on with a packed one, and leaves it as it was', async () => {
    using folder = scratchFolder();
    const open = (append: boolean) =>
      new CaptureWriter(folder.path('a.gz'), { venue: 'kraken', api: 'v2' }, { append });
    await open(false).close();
    const before = readFileSync(folder.path('a.gz'));
    expect(() => open(true)).toThrow('a plain file to go on with');
    expect(readFileSync(folder.path('a.gz'))).toEqual(before);
  });
});
