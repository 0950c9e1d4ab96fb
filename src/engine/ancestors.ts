/**
 * Who started this process, watched: when that dies, no one is left to stop what it has started, so it stops by
 * itself. Watched are the parent; below the launcher (`bin/arbitrade.mjs`) also the launcher's parent; and, when that is
 * a shell which npm put in between, npm. Not watched is who started a process that is its session's leader (`setsid`, a
 * service manager, a container): it was meant to stand alone. Nor is process 1.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { CancelTimer, Clock } from '../platform/clock.ts';

/** How often it is looked. */
const LOOK_MS = 250;
const SHELLS: ReadonlySet<string> = new Set(['sh', 'dash', 'bash', 'ash', 'zsh', 'busybox']);

/** Set by the launcher: its own process and the one that had started it, as `launcher:starter`. */
const LAUNCHED_BY = 'ARBITRADE_LAUNCHED_BY';
// Read when the program is loaded: later the parent may be dead already, and another in its place.
const PARENT = process.ppid;
const [LAUNCHER, STARTER] = (process.env[LAUNCHED_BY] ?? '').split(':').map(Number);
delete process.env[LAUNCHED_BY]; // it says nothing of what this process starts

interface ProcessState {
  readonly name: string;
  readonly parent: number;
  readonly session: number;
  /** In ticks since the machine started: with the number it names a process for good. */
  readonly startedAt: string;
}

interface Ancestor {
  readonly pid: number;
  readonly name: string;
  /** Undefined where the system does not report it. */
  readonly startedAt: string | undefined;
}

/** From the process up. Empty when no death is of consequence. */
function watchedAncestors(): readonly Ancestor[] {
  const watched: Ancestor[] = [];
  let [child, next] = [process.pid, PARENT];
  if (STARTER !== undefined && LAUNCHER !== undefined) {
    watched.push(ancestor(LAUNCHER)); // the process that started that: without its launcher an engine gets no signal any more
    [child, next] = [LAUNCHER, STARTER];
  }
  while (next > 1 && stateOf(child)?.session !== child) {
    watched.push(ancestor(next));
    const state = stateOf(next);
    if (process.env['npm_execpath'] === undefined || state === undefined || !SHELLS.has(state.name)) break;
    [child, next] = [next, state.parent];
  }
  return watched;
}

function ancestor(pid: number): Ancestor {
  const state = stateOf(pid);
  return { pid, name: state?.name ?? 'process', startedAt: state?.startedAt };
}

/** Calls `onGone` once, with the name and number of the first that is found dead. */
export function watchAncestors(clock: Clock, onGone: (who: string) => void): CancelTimer {
  const watched = watchedAncestors();
  const isParentGone = (): boolean => process.ppid !== PARENT && watched.some(({ pid }) => pid === PARENT);
  let cancelTimer: CancelTimer = () => undefined;
  const look = (): void => {
    const gone = watched.find((one) => !isAlive(one)) ?? (isParentGone() ? watched[0] : undefined);
    if (gone !== undefined) onGone(`${gone.name} (process ${gone.pid})`);
    else cancelTimer = clock.after(LOOK_MS, look);
  };
  if (watched.length > 0) cancelTimer = clock.after(LOOK_MS, look);
  return () => cancelTimer();
}

function isAlive({ pid, startedAt }: Ancestor): boolean {
  if (process.platform === 'linux') return startedAt !== undefined && stateOf(pid)?.startedAt === startedAt;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'; // it is there, and of another user
  }
}

/** Undefined for one that is dead, a zombie too, and where there is no /proc. */
function stateOf(pid: number): ProcessState | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state = 'Z', parent, , session] = fields;
    if (state === 'Z' || state === 'X') return undefined;
    return { name: basename(name), parent: Number(parent), session: Number(session), startedAt: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}
