import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock, VirtualClock } from '../../../src/platform/clock.ts';
import { openNonceFile } from '../../../src/venues/kraken/keys/nonce-file.ts';
import { NonceSource } from '../../../src/venues/kraken/keys/nonce-source.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const fresh = () => join(temporaryDirectory(), 'nonces');
const refusal = (why: RegExp) =>
  expect.objectContaining({ code: 'NONCE_FILE_UNUSABLE', message: expect.stringMatching(why) });

/** Another process that holds the file and uses nonces without end, and one that it used. */
async function holdingProcess(file: string): Promise<[ChildProcess, bigint]> {
  const script = fileURLToPath(new URL('../../support/nonce-holder.ts', import.meta.url));
  const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  return [child, BigInt(first.toString().split('\n')[0] ?? '')];
}

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

  test('one process at a time: as long as it lives, and no longer, however it dies', async () => {
    const file = fresh();
    const [child, begun] = await holdingProcess(file);
    expect(() => openNonceFile(file, 'k')).toThrowError(
      refusal(new RegExp(`process ${child.pid} .*, user .* uses it`)),
    );
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    const source = new NonceSource(systemClock, openNonceFile(file, 'k'));
    expect(source.next()).toBeGreaterThan(begun);
    source.close();
  });

  test('a successor within the process takes the file over', () => {
    const file = fresh();
    openNonceFile(file, 'k').reserve(9n); // never closed: it died
    expect(openNonceFile(file, 'k').highest).toBe(9n);
  });

  test('a predecessor that closes late does not give away what its successor holds', async () => {
    const file = fresh();
    const late = openNonceFile(file, 'k');
    const successor = openNonceFile(file, 'k');
    onTestFinished(() => successor.close());
    late.close();
    const script = fileURLToPath(new URL('../../support/nonce-holder.ts', import.meta.url));
    const child = spawn(process.execPath, [script, file], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).not.toBe(0);
  });

  test('a nonce of the far future is followed by the next one, the last of all by none', () => {
    const file = fresh();
    const future = openNonceFile(file, 'k');
    future.reserve(9_000_000_000_000_000_000n);
    future.close();
    const after = new NonceSource(systemClock, openNonceFile(file, 'k'));
    expect(after.next()).toBe(9_000_000_000_000_000_001n);
    after.close();
    const last = openNonceFile(file, 'k');
    last.reserve(2n ** 64n - 2n);
    const spent = new NonceSource(systemClock, last);
    expect(spent.next()).toBe(2n ** 64n - 1n);
    expect(() => spent.next()).toThrow('no nonce left');
    expect(last.highest).toBe(2n ** 64n - 1n);
    spent.close();
  });

  test.each([
    '',
    '[]',
    '{"x":"1"}',
    '{"0123456789abcdef":1}',
    '{"0123456789abcdef":"-1"}',
    '{"0123456789abcdef":',
    '{"0123456789abcdef":"18446744073709551616"}',
  ])('a file that holds %j is refused, and left as it is', (content) => {
    const file = fresh();
    writeFileSync(file, content);
    expect(() => openNonceFile(file, 'k')).toThrowError(refusal(/nonces/));
    expect(readFileSync(file, 'utf8')).toBe(content);
  });

  test('a file that cannot be written is refused, and closed means closed', () => {
    expect(() => openNonceFile(join(fresh(), 'deeper', 'file'), 'k')).toThrowError(refusal(/unable to open/));
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
