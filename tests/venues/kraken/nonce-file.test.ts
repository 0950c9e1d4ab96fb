import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../src/shared/clock.ts';
import { openNonceFile } from '../../../src/venues/kraken/nonce-file.ts';
import { NonceSource } from '../../../src/venues/kraken/nonce-source.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const fresh = () => join(temporaryDirectory(), 'nonces');
const refusal = (why: RegExp) =>
  expect.objectContaining({ code: 'NONCE_FILE_UNUSABLE', message: expect.stringMatching(why) });

describe('nonce file', () => {
  test('keeps the highest nonce of each key, and no key', () => {
    const file = fresh();
    const one = openNonceFile(file, 'key one');
    expect(one.highest).toBe(0n);
    one.reserve(18_446_744_073_709_551_615n);
    one.close();
    const other = openNonceFile(file, 'key two');
    expect(other.highest).toBe(0n);
    other.reserve(7n);
    other.close();
    expect(openNonceFile(file, 'key one').highest).toBe(18_446_744_073_709_551_615n);
    expect(readFileSync(file, 'utf8')).not.toContain('key');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('one process at a time: that of another is respected, that of a dead one and our own is not', () => {
    const file = fresh();
    writeFileSync(`${file}.lock`, String(process.ppid));
    expect(() => openNonceFile(file, 'k')).toThrowError(refusal(new RegExp(`process ${process.ppid} uses it`)));
    for (const holder of ['999999999', 'garbage', '', String(process.pid)]) {
      writeFileSync(`${file}.lock`, holder);
      openNonceFile(file, 'k').close();
      expect(existsSync(`${file}.lock`)).toBe(false);
    }
  });

  test.each(['', '[]', '{"x":"1"}', '{"0123456789abcdef":1}', '{"0123456789abcdef":"-1"}', '{"0123456789abcdef":'])(
    'a file that holds %j is refused, and left as it is',
    (content) => {
      const file = fresh();
      writeFileSync(file, content);
      expect(() => openNonceFile(file, 'k')).toThrowError(refusal(/nonces/));
      expect(readFileSync(file, 'utf8')).toBe(content);
    },
  );

  test('a file that cannot be written is refused, and closed means closed', () => {
    expect(() => openNonceFile(join(fresh(), 'deeper', 'file'), 'k')).toThrowError(refusal(/ENOENT/));
    const store = openNonceFile(fresh(), 'k');
    store.close();
    store.close();
    expect(() => store.reserve(1n)).toThrowError(refusal(/closed/));
  });

  test('whenever a process dies, and whatever the clock does, its successor never uses a nonce again', () => {
    const life = fc.record({
      nonces: fc.integer({ min: 1, max: 5 }),
      clockMs: fc.integer({ min: -600_000, max: 600_000 }),
    });
    fc.assert(
      fc.property(fc.array(life, { minLength: 1, maxLength: 5 }), (lives) => {
        const file = fresh();
        let highest = 0n;
        for (const { nonces, clockMs } of lives) {
          const clock = new VirtualClock(1_785_641_750_000_000_000n + BigInt(clockMs) * 1_000_000n);
          const source = new NonceSource(clock, openNonceFile(file, 'k')); // never closed: it died
          for (let count = 0; count < nonces; count++) {
            const next = source.next();
            expect(next).toBeGreaterThan(highest);
            highest = next;
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});
