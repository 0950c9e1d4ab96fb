/**
 * The run file: what there is to know of a running process without asking it. It lies beside the control socket
 * (`SOCKET.run`) and says who runs; its time of change is the newest heartbeat of the main thread. So `halt` can distinguish a
 * process that does not answer from one that is not there. A link in a folder of the user leads to it, so that a process
 * is found when what stands in its settings has changed.
 */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../settings/config.ts';

const HEARTBEAT_MS = 500;

const RUN_FACTS = z.object({
  pid: z.int().min(1),
  /** Distinguishes the process from a later one with the same pid; empty where the system does not say. */
  startedAt: z.string(),
  mode: z.string(),
  /** Absolute path of the settings file that it was started with. */
  settings: z.string(),
  socket: z.string(),
  killSwitch: z.string().optional(),
});
export type RunFacts = z.infer<typeof RUN_FACTS>;

export interface RunReading extends RunFacts {
  /** Milliseconds since its newest heartbeat. */
  readonly heartbeatAgeMs: number;
}

export interface RunFile {
  /** Ends the heartbeat and removes the file. */
  close(): void;
}

export const runFilePath = (socket: string): string => `${socket}.run`;

/**
 * Begins the run file of this process, with a heartbeat. Where another process that lives has one, or none can be
 * written, there is none: the control socket itself says whether it is taken.
 */
export function openRunFile(config: Config, settings: string, clock: Clock): RunFile {
  const { socket } = config.control;
  const file = runFilePath(socket);
  if (readRun(socket, clock) !== undefined) return { close: () => undefined };
  const facts: RunFacts = {
    ...{ pid: process.pid, startedAt: startOf(process.pid), mode: config.mode, socket },
    settings: resolve(settings),
    killSwitch: config.risk.kill_switch_file,
  };
  if (!tryTo(() => writeFileSync(file, `${JSON.stringify(facts)}\n`, { mode: 0o600 })))
    return { close: () => undefined };
  const link = linkTo(file);
  const beat = (): void => {
    tryTo(() => utimesSync(file, clock.wallMs() / 1e3, clock.wallMs() / 1e3));
    cancel = clock.after(HEARTBEAT_MS, beat);
  };
  let cancel = clock.after(HEARTBEAT_MS, beat);
  return {
    close: () => {
      cancel();
      tryTo(() => rmSync(file, { force: true }));
      if (link !== undefined) tryTo(() => rmSync(link, { force: true }));
    },
  };
}

/** The process that runs with this control socket; undefined when there is none that lives. */
export function readRun(socket: string, clock: Clock): RunReading | undefined {
  const file = runFilePath(socket);
  try {
    const facts = RUN_FACTS.parse(JSON.parse(readFileSync(file, 'utf8')));
    if (!isAlive(facts)) return undefined;
    return { ...facts, heartbeatAgeMs: Math.max(0, clock.wallMs() - statSync(file).mtimeMs) };
  } catch {
    return undefined; // no such file, or none of ours: nothing is known of a process
  }
}

/**
 * Every process that this user runs, once. A link has its process's pid for a name: one that leads to the run file of
 * another is left over from a run that was killed on the same socket.
 */
export function readOwnRuns(clock: Clock): readonly RunReading[] {
  const folder = ownFolder();
  if (folder === undefined) return [];
  return readdirSync(folder).flatMap((name) => {
    const link = join(folder, name);
    const run = readRun(socketOf(link), clock);
    if (run !== undefined && String(run.pid) === name) return run;
    tryTo(() => rmSync(link, { force: true })); // of a process that died
    return [];
  });
}

function socketOf(link: string): string {
  try {
    return readlinkSync(link).replace(/\.run$/, '');
  } catch {
    return '';
  }
}

function linkTo(file: string): string | undefined {
  const folder = ownFolder();
  if (folder === undefined) return undefined;
  const link = join(folder, String(process.pid));
  tryTo(() => rmSync(link, { force: true }));
  return tryTo(() => symlinkSync(file, link)) ? link : undefined;
}

/** A folder that this user alone can write; undefined when there is none to be had. */
function ownFolder(): string | undefined {
  const { uid } = userInfo();
  const folder = join(process.env['XDG_RUNTIME_DIR'] || tmpdir(), `arbitrade-${uid}`);
  tryTo(() => mkdirSync(folder, { mode: 0o700 }));
  const found = lstatSync(folder, { throwIfNoEntry: false });
  const isOwn = found?.isDirectory() === true && found.uid === uid && (found.mode & 0o022) === 0;
  return isOwn ? folder : undefined;
}

function isAlive({ pid, startedAt }: RunFacts): boolean {
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EPERM') return false; // EPERM: it lives, and is another user's
  }
  const now = startOf(pid);
  return startedAt === '' || now === '' || startedAt === now;
}

/** When a process was started, as the system counts; empty where it does not say. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''; // the name before it may hold anything
  } catch {
    return '';
  }
}

/** False when it cannot be done: a run goes on without its run file. */
function tryTo(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
