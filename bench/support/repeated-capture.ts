/** A long capture out of a short one: its rows again and again, on a time that goes on. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export interface RepeatedCapture {
  readonly frames: number;
  readonly bookMessages: number;
}

/**
 * Writes the capture `from` to the plain file `to`, `times` over. Every lap begins with the capture's own snapshots, so
 * every checksum of every lap is right. The receive times of a lap follow on those of the lap before.
 * @param timeOf receive time of a row instead, in ns from the first, by its number from 0.
 */
export function writeRepeated(
  from: string | URL,
  to: string,
  times: number,
  timeOf?: (row: number) => number,
): RepeatedCapture {
  const [header = '', ...lines] = gunzipSync(readFileSync(from)).toString().trimEnd().split('\n');
  const rows = lines.map(splitAtTime);
  const startNs = rows[0]?.ns ?? 0n;
  const lapNs = (rows.at(-1)?.ns ?? 0n) - startNs + 1_000_000n;
  const file = openSync(to, 'w');
  writeSync(file, `${header}\n`);
  for (let lap = 0; lap < times; lap++) {
    const timed = rows.map(({ before, ns, after }, index) => {
      const plain = ns + BigInt(lap) * lapNs;
      const own = timeOf === undefined ? plain : startNs + BigInt(timeOf(lap * rows.length + index));
      return `${before}${own}${after}\n`;
    });
    writeSync(file, timed.join(''));
  }
  closeSync(file);
  const books = lines.filter((line) => line.includes('"data":"{\\"channel\\":\\"book\\"'));
  return { frames: times * lines.length, bookMessages: times * books.length };
}

function splitAtTime(row: string): { before: string; ns: bigint; after: string } {
  const found = /^(.*?"ns":")(\d+)(".*)$/s.exec(row);
  const [, before = '', ns = '', after = ''] = found ?? [];
  return { before, ns: BigInt(ns), after };
}
