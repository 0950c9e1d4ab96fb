import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { practiceHelp } from '../../src/cli/practice.ts';
import { parseSpeed } from '../../src/cli/speed.ts';
import { parseFaultRates } from '../../src/practice/faults/fault-rules.ts';
import { FAULT_NAMES } from '../../src/practice/faults/faults.ts';
import { SocketClient } from '../practice/socket-client.ts';

const CAPTURE = fileURLToPath(new URL('../fixtures/kraken/ws2_book_d25_BTCUSD_20260802.cap.jsonl.gz', import.meta.url));
const OUTPUT = new URL('../../src/engine/standard-output.ts', import.meta.url).href;
const MODULE = new URL('../../src/cli/practice.ts', import.meta.url).href;
let child: ChildProcessWithoutNullStreams | undefined;

afterEach(() => void child?.kill('SIGKILL'));

function run(options: object) {
  const code = `import(${JSON.stringify(MODULE)}).then(async ({ practice }) => { process.exitCode = await practice(${JSON.stringify(options)}); await (await import(${JSON.stringify(OUTPUT)})).standardOutput.close(); })`;
  child = spawn(process.execPath, ['--input-type=module', '-e', code]);
  return child;
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'serves alone, says where in one JSON line, and stops cleanly on %s',
  async (signal) => {
    const started = run({
      capture: CAPTURE,
      port: 0,
      json: true,
      speed: 'max',
      loop: true,
      faults: ['checksum=0.1'],
      seed: 3,
    });
    const errors: string[] = [];
    started.stderr.on('data', (data) => errors.push(String(data)));
    const [line] = (await once(createInterface(started.stdout), 'line')) as [string];
    expect(Object.keys(JSON.parse(line))).toEqual(['rest', 'wsPublic', 'wsPrivate', 'accounts']);
    for (const account of JSON.parse(line).accounts) {
      expect(Object.keys(account)).toEqual(['name', 'key', 'secret', 'tier', 'balances']);
    }
    const client = await SocketClient.connect(JSON.parse(line).wsPublic);
    client.subscribe(['BTC/USD']);
    await client.until(() => client.frames.length > 3_000);
    started.kill(signal);
    const [exitCode] = await once(started, 'exit');
    await client.until(() => client.closedWith !== undefined);
    expect(exitCode).toBe(0);
    expect(client.closedWith).toBe(1001);
    expect(errors.join('')).toMatch(/fault {4}checksum on connection 1, BTC\/USD/);
    expect(errors.join('')).toMatch(/stopped {2}1 connections/);
  },
);

test('takes the list of pairs of the venue from the command line', async () => {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const pairs = fileURLToPath(new URL('../fixtures/kraken/rest_AssetPairs_20250722.json.gz', import.meta.url));
  const started = spawn(process.execPath, [main, 'practice', '--capture', CAPTURE, '--asset-pairs', pairs, '--json']);
  child = started;
  const errors: string[] = [];
  started.stderr.on('data', (data) => errors.push(String(data)));
  const [line] = (await once(createInterface(started.stdout), 'line')) as [string];
  const { rest } = JSON.parse(line) as { rest: string };
  const answer = (await (await fetch(`${rest}/0/public/AssetPairs?pair=XBTUSD`)).json()) as object;
  expect(answer).toMatchObject({
    error: [],
    result: { XXBTZUSD: { ordermin: '0.00005', costmin: '0.5', cost_decimals: 5 } },
  });
  started.kill('SIGTERM');
  await once(started, 'exit');
  expect(errors.join('')).not.toContain('no instrument entry');
});

test('unknown faults, bad probabilities and bad speeds are refused by name', () => {
  expect(() => parseFaultRates('checksum,earthquake')).toThrow(/expected some of checksum.*found "earthquake"/);
  expect(() => parseFaultRates('drop=2')).toThrow(/probability from 0 to 1/);
  expect(() => parseFaultRates('drop=')).toThrow(/probability/);
  expect(parseFaultRates('drop,checksum=0.5')).toEqual({ drop: 0.001, checksum: 0.5 });
  expect(parseSpeed('max')).toBe('max');
  expect(parseSpeed('2.5')).toBe(2.5);
  for (const bad of ['0', '-1', 'fast', '', '1e3']) expect(() => parseSpeed(bad)).toThrow(/--speed/);
});

test('help lists every fault', () => {
  for (const name of FAULT_NAMES) expect(practiceHelp()).toContain(name);
});
