/** The program as a user starts it: through its launcher, as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';

const ROOT = join(import.meta.dirname, '..', '..');
export const LAUNCHER = join(ROOT, 'bin', 'arbitrade.mjs');

export interface Ended {
  /** Exit code; -1 when a signal ended the process that was started. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  /** Settles when the process has ended and its output is complete. */
  readonly ended: Promise<Ended>;
  stdout(): string;
  stderr(): string;
  /** Waits until stdout or stderr hold `text`. @throws when the process ends before. */
  says(text: string | RegExp): Promise<void>;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Instead of the launcher under this Node. */
  readonly command?: readonly [string, ...string[]];
}

/** Starts `arbitrade` with `args`. It and everything it has started is killed when the test ends. */
export function start(args: readonly string[], options: StartOptions = {}): Running {
  const [file, ...first] = options.command ?? [process.execPath, LAUNCHER];
  const child = spawn(file, [...first, ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a group of its own, so that all of it can be ended
  });
  onTestFinished(() => killGroup(child));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code]) => ({ code: (code as number | null) ?? -1, stdout, stderr }));
  return {
    process: child,
    ended,
    stdout: () => stdout,
    stderr: () => stderr,
    says: (text) =>
      until(() => {
        if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode} before it said ${text}: ${stderr}`);
        const said = stdout + stderr;
        return typeof text === 'string' ? said.includes(text) : text.test(said);
      }),
  };
}

/** Runs `arbitrade` with `args` to its end. */
export const runToEnd = (args: readonly string[], options: StartOptions = {}): Promise<Ended> =>
  start(args, options).ended;

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // nothing of it is left, as it should be
  }
}

/** Waits until `done`, looking every few milliseconds. The test's own time limit ends it. */
export async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise<void>((resolve) => systemClock.after(5, resolve));
}

/** Processes in the group of `child` that still run, as `pid command line`. */
export function leftOf(child: ChildProcess): string[] {
  return processes()
    .filter(({ group }) => group === child.pid)
    .map(({ pid, command }) => `${pid} ${command}`);
}

/** The program's own process below its launcher. */
export function programOf(child: ChildProcess): number | undefined {
  return processes().find(({ group, command }) => group === child.pid && command.includes('src/main.ts'))?.pid;
}

interface ProcessEntry {
  readonly pid: number;
  readonly group: number;
  readonly command: string;
}

/** From /proc; a zombie has ended and does not count. */
function processes(): ProcessEntry[] {
  const entries = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return entries.flatMap((name) => {
    try {
      const [state, , group] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      if (state === 'Z') return [];
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return [{ pid: Number(name), group: Number(group), command }];
    } catch {
      return []; // it ended while we looked
    }
  });
}
