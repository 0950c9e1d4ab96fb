/**
 * The process that writes to stdout and stderr for the program, one batch after the other for each of them. A write may
 * block here for as long as it likes (a pipe that is not read, a disk that hangs): the program has its own threads free,
 * and this process can be ended at any moment. What failed is reported, never retried here.
 */
import { write } from 'node:fs';
import { CAUGHT_SIGNALS } from '../platform/caught-signals.ts';
import { systemClock } from '../platform/clock.ts';
import type { FromOutput, ToOutput } from './standard-output.ts';

/** A descriptor that was set to not block is asked again after this long. */
const AGAIN_MS = 10;
/** What is still being written when the program is gone gets this long. */
const LAST_WRITES_MS = 2_000;

let writing = 0;
let isLeaving = false;

process.on('message', (message) => {
  const { to, bytes } = message as ToOutput;
  writing++;
  report({ to, begun: true });
  writeAll(to, Buffer.from(bytes), 0);
});

process.on('disconnect', () => {
  isLeaving = true;
  leaveWhenDone();
  // `process.exit` would wait for a write that blocks; this does not.
  systemClock.after(LAST_WRITES_MS, () => process.kill(process.pid, 'SIGKILL'));
});

// It ends when the program has no more to say, not when a terminal or a service manager signals the whole group.
for (const signal of CAUGHT_SIGNALS) process.on(signal, () => undefined);

function writeAll(to: ToOutput['to'], bytes: Buffer, done: number): void {
  write(to, bytes, done, bytes.length - done, null, (error, count) => {
    if (error?.code === 'EAGAIN') return void systemClock.after(AGAIN_MS, () => writeAll(to, bytes, done));
    const written = done + (error === null ? count : 0);
    if (error === null && written < bytes.length) return writeAll(to, bytes, written);
    writing--;
    report({ to, written, error: error?.code });
    leaveWhenDone();
  });
}

function report(message: FromOutput): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function leaveWhenDone(): void {
  if (isLeaving && writing === 0) process.exit(0);
}
