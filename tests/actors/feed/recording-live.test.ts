import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startSocketStage } from '../../support/socket-stage.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

interface Row {
  readonly t: string;
  readonly conn: string;
  readonly ns: string;
  readonly data: string;
  readonly url?: string;
}

const rowsOf = (file: string): Row[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line));

test('a live recording has every connection, every request and every frame, in order of time', async () => {
  const record = join(temporaryDirectory(), 'live.cap.jsonl');
  const stage = await startSocketStage({ symbols: ['BTC/USD', 'ETH/USD'], options: { record } });
  const { venue, source, sink, until } = stage;
  await until(() => expect(sink.books.size).toBe(2));
  venue.last.cut();
  await until(() => expect([...sink.books.values()]).toEqual([2, 2]));
  await source.stop();

  const rows = rowsOf(record);
  const times = rows.map(({ ns }) => BigInt(ns));
  expect([...times].sort((a, b) => Number(a - b))).toEqual(times);
  const sent = rows.filter(({ t }) => t === 'send').map(({ data }) => JSON.parse(data));
  const asked = venue.clients.flatMap(({ requests }) => requests.map(({ atMs, ...request }) => request));
  expect(sent).toEqual(asked);
  expect(rows.filter(({ t }) => t === 'recv')).toHaveLength(sink.frames);
  expect(rows.filter(({ t }) => t === 'connect').map(({ url, conn }) => `${conn} ${url}`)).toEqual([
    `S0 ${venue.url}`,
    `S0 ${venue.url}`,
  ]);
});
