/** An error that no one caught stops the engine in order instead of ending the process with orders out. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const MODULE = JSON.stringify(new URL('../../src/engine/uncaught-errors.ts', import.meta.url).href);

test.each([
  ['thrown in a callback', "setTimeout(() => { throw new Error('lost'); }, 1)"],
  ['a rejection that nobody takes', "void Promise.reject(new Error('lost'))"],
])('%s', (_, failure) => {
  const program = `
    import { stopOnUncaughtErrors } from ${MODULE};
    const alive = setInterval(() => undefined, 10);
    const signals = { stop: (cause) => { console.log('stop', cause, uncaught.count); clearInterval(alive); } };
    const uncaught = stopOnUncaughtErrors(signals, (...event) => console.log(...event.slice(0, 3), event[3].split('\\n')[0]));
    ${failure};
  `;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  expect(stdout.trimEnd().split('\n')).toEqual([
    'supervisor error process_failed unexpected failure of the main thread, everything stops: Error: lost',
    'stop engine 1',
  ]);
  expect(status).toBe(0);
});
