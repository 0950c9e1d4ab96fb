/** Resident memory of a process and of everything it has started, from `/proc` (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

/** Bytes of physical memory by process, the root first. Pages that two processes share count twice. */
export function residentBytes(root: number): ReadonlyMap<number, number> {
  const parents = parentsOfAll();
  const found = new Map<number, number>();
  const visit = (pid: number): void => {
    const bytes = residentOf(pid);
    if (bytes !== undefined) found.set(pid, bytes);
    for (const [child, parent] of parents) if (parent === pid) visit(child);
  };
  visit(root);
  return found;
}

function parentsOfAll(): readonly (readonly [number, number])[] {
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid));
  return pids.flatMap((pid) => {
    const parent = fieldOf(pid, 'PPid');
    return parent === undefined ? [] : [[pid, parent] as const];
  });
}

function residentOf(pid: number): number | undefined {
  const kilobytes = fieldOf(pid, 'VmRSS');
  return kilobytes === undefined ? undefined : kilobytes * 1_024;
}

/** A number of `/proc/<pid>/status`; undefined when the process has ended. */
function fieldOf(pid: number, name: string): number | undefined {
  try {
    const found = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found?.[1] === undefined ? undefined : Number(found[1]);
  } catch {
    return undefined;
  }
}
