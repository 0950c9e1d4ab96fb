/** Processes and users as texts that a person can act on, as far as the system reports them. */
import { readFileSync, statSync } from 'node:fs';

/** For instance `process 4711 (node, user ana)`. */
export function describeProcess(pid: number): string {
  try {
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
    return `process ${pid} (${name}, user ${describeUser(statSync(`/proc/${pid}`).uid)})`;
  } catch {
    return `process ${pid}`; // it has ended meanwhile, or the system does not report it
  }
}

/** A user's name, or the number where there is none. */
export function describeUser(uid: number): string {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(uid));
    return line?.split(':')[0] ?? String(uid);
  } catch {
    return String(uid);
  }
}

/** Who holds a lock on `file`, in words; undefined when the system does not tell. This process does not count. */
export function describeLockHolder(file: string): string | undefined {
  try {
    const inode = String(statSync(file).ino);
    // 1: POSIX  ADVISORY  WRITE 4711 08:01:131083 0 EOF
    const locks = readFileSync('/proc/locks', 'utf8').split('\n');
    const pids = locks.flatMap((line) => {
      const [, pid, at] = /^\d+: (?:POSIX|OFDLCK|FLOCK)\s+\S+\s+\S+\s+(-?\d+)\s+[^:]+:[^:]+:(\d+) /.exec(line) ?? [];
      return at === inode && Number(pid) > 0 && Number(pid) !== process.pid ? [Number(pid)] : [];
    });
    const [first] = pids;
    return first === undefined ? undefined : describeProcess(first);
  } catch {
    return undefined;
  }
}
