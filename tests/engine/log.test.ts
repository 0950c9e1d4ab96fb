import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { holdLog } from '../../src/engine/log.ts';

test('what happens while a screen is shown is reported afterwards, the newest when it was too much', () => {
  const told: string[] = [];
  const held = holdLog((_actor, _severity, _event, text) => void told.push(text));
  for (let number = 0; number < 250; number++) held.log('feed', 'warn', 'venue_disconnected', `event ${number}`);
  expect(told).toEqual([]);
  held.release();
  expect(told).toHaveLength(200);
  expect([told[0], told.at(-1)]).toEqual(['event 50', 'event 249']);
  held.log('feed', 'warn', 'venue_disconnected', 'later');
  expect(told.at(-1)).toBe('later');
  held.release();
  expect(told).toHaveLength(201);
});

test('a secret does not come out of the log, neither as a field nor within a text', () => {
  const log = new URL('../../src/engine/log.ts', import.meta.url).href;
  const output = new URL('../../src/engine/standard-output.ts', import.meta.url).href;
  const program = `
    import { jsonLog } from ${JSON.stringify(log)};
    import { standardOutput } from ${JSON.stringify(output)};
    const log = jsonLog('stdout', 'info', ['c2VjcmV0/+=']);
    log('sequencer', 'warn', 'venue_connected', 'refused: c2VjcmV0/+=', { secret: 'x1', apiKey: { name: 'x2' } });
    log('sequencer', 'warn', 'venue_connected', 'nested', { a: { secret: 'x3', token: 'x4', kept: 'here' } });
    await standardOutput.close();
  `;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
  expect(stdout).toContain('refused: [secret]');
  expect(stdout).toContain('here');
  expect(stdout).not.toMatch(/c2VjcmV0|x[1-4]/);
});
