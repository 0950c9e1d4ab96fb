/** What the program prints never holds it up: a reader that stands still, a full disk, a reader that goes away. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';

const MODULE = new URL('../../src/engine/standard-output.ts', import.meta.url).href;

/** Runs `body` with `output` at hand. What it wants to say goes over IPC, so that stdout and stderr are for the test. */
function program(body: string, stdout: 'pipe' | number): ChildProcess {
  const source = `
    import { standardOutput as output, STDOUT } from ${JSON.stringify(MODULE)};
    const tell = (message) => process.send(message);
    const until = async (done) => { while (!done()) await new Promise((next) => setTimeout(next, 5)); };
    ${body}
    await output.close();
    process.disconnect();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', stdout, 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

function heard(child: ChildProcess): Promise<Record<string, number | string>> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Record<string, number | string>));
    child.once('exit', (code) => reject(new Error(`it ended with ${code} and said nothing`)));
  });
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once('exit', (code) => resolve(code)));

test('a reader that stands still costs lines, which are counted, and neither time nor the end', async () => {
  const child = program(
    `for (let number = 0; number < 3_000; number++) output.write(STDOUT, 'x'.repeat(999) + '\\n');
     await until(() => output.reading(STDOUT).blockedForMs > 100);
     tell(output.reading(STDOUT));`,
    'pipe',
  );
  child.stdout?.pause();
  const reading = await heard(child);
  expect(reading['dropped']).toBeGreaterThan(1_500);
  expect(reading['waitingBytes']).toBeGreaterThan(500_000);
  expect(await ended(child)).toBe(0); // although what waits can never be written
});

test('when the reader reads again everything that was kept comes, in order', async () => {
  const child = program(
    `for (let number = 1; number <= 5_000; number++) output.write(STDOUT, 'line ' + number + ' ' + 'x'.repeat(90) + '\\n');
     tell({ dropped: output.reading(STDOUT).dropped });
     await until(() => output.reading(STDOUT).waitingBytes === 0);`,
    'pipe',
  );
  const exit = ended(child);
  expect(await heard(child)).toEqual({ dropped: 0 });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (more: string) => (text += more));
  expect(await exit).toBe(0);
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[1]),
  ).toEqual(Array.from({ length: 5_000 }, (_, index) => String(index + 1)));
});

test('a full disk is counted and tried again, and ends nothing', async () => {
  const full = openSync('/dev/full', 'w');
  const child = program(
    `output.write(STDOUT, 'one\\n');
     await until(() => output.reading(STDOUT).failure !== undefined);
     tell(output.reading(STDOUT));`,
    full,
  );
  closeSync(full);
  expect(await heard(child)).toMatchObject({ failure: 'ENOSPC', waitingBytes: 4 });
  expect(await ended(child)).toBe(0);
});

test('a writer that is killed is replaced, and what it had in hand is written again', async () => {
  const child = program(
    `output.write(STDOUT, 'before\\n');
     await until(() => output.reading(STDOUT).waitingBytes === 0);
     const { execFileSync } = await import('node:child_process');
     const writer = Number(execFileSync('pgrep', ['-P', String(process.pid), '-f', 'output-process'], { encoding: 'utf8' }));
     process.kill(writer, 'SIGSTOP');
     output.write(STDOUT, 'in hand\\n');
     output.write(STDOUT, 'after\\n');
     process.kill(writer, 'SIGKILL');
     await until(() => output.reading(STDOUT).waitingBytes === 0);
     tell({ dropped: output.reading(STDOUT).dropped });`,
    'pipe',
  );
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (more: string) => (text += more));
  const exit = ended(child);
  expect(await heard(child)).toEqual({ dropped: 0 });
  await exit;
  expect(text).toBe('before\nin hand\nafter\n');
});

test('a writer that a busy machine starts late is waited for: what a short command has to say is not lost', async () => {
  const child = program(
    `output.write(STDOUT, 'what there is to say\\n');
     const { execFileSync } = await import('node:child_process');
     const writer = Number(execFileSync('pgrep', ['-P', String(process.pid), '-f', 'output-process'], { encoding: 'utf8' }));
     process.kill(writer, 'SIGSTOP');
     tell({ stopped: writer });
     setTimeout(() => process.kill(writer, 'SIGCONT'), 3_000);`,
    'pipe',
  );
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (more: string) => (text += more));
  const exit = ended(child);
  await heard(child);
  expect(await exit).toBe(0);
  expect(text).toBe('what there is to say\n');
});

test('a writer that dies before it has taken anything up is replaced: what a short command has to say is not lost', async () => {
  const child = program(
    `output.write(STDOUT, 'why it was refused\\n');
     const { execFileSync } = await import('node:child_process');
     execFileSync('pkill', ['-KILL', '-P', String(process.pid), '-f', 'output-process']);
     tell({});`,
    'pipe',
  );
  const exit = ended(child);
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (more: string) => (text += more));
  await heard(child);
  expect(await exit).toBe(0);
  expect(text).toBe('why it was refused\n');
});

test('a reader that goes away is reported once it is seen, and the rest of the program goes on', async () => {
  const child = program(
    `let gone;
     output.onReaderGone = (to) => { gone = to; };
     process.once('message', async () => {});
     tell({ ready: 1 });
     await until(() => { output.write(STDOUT, 'x\\n'); return gone !== undefined; });
     tell({ gone, failure: output.reading(STDOUT).failure });`,
    'pipe',
  );
  await heard(child);
  child.stdout?.destroy();
  expect(await heard(child)).toEqual({ gone: 1, failure: 'EPIPE' });
  expect(await ended(child)).toBe(0);
});
