/**
 * The engine as process 1, as in a container without an init: the kernel drops a signal that process 1 has no handler
 * for, and orphans of others become its children. Needs root and `unshare`; where there is neither, it is skipped.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LAUNCHER, type Running, start } from '../support/arbitrade.ts';
import { engineStage, untilCommitted } from '../support/running-engine.ts';
import { readStored } from '../support/stored-records.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const AS_PROCESS_ONE = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'] as const;

const canUnshare = (): boolean => {
  const [file, ...args] = AS_PROCESS_ONE;
  return spawnSync(file, [...args, 'true']).status === 0;
};

/** The process that is number 1 in there, by its number out here. */
const processOne = ({ process: { pid } }: Running): number =>
  Number(execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }));

/** Processes of this machine with `word` on their command line; zombies have none. */
function withWord(word: string): readonly string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(word);
    } catch {
      return false; // it ended while we looked
    }
  });
}

describe.skipIf(!canUnshare())('as process 1', () => {
  test.each([
    ['the program', MAIN],
    ['its launcher', LAUNCHER],
  ])('%s stops in order on SIGTERM, and takes with it what others left behind', async (_, file) => {
    const stage = await engineStage();
    // Two orphans of a script that became the engine: one that goes on in a session of its own, one that ends at once.
    const foreign = `8640${process.hrtime.bigint()}`;
    const script = `(setsid sleep ${foreign} &); (true &); exec "${process.execPath}" "${file}" "$@"`;
    const running = stage.run([], { command: [...AS_PROCESS_ONE, 'bash', '-c', script, 'script'] });
    await untilCommitted(stage, 100, running);
    expect(withWord(foreign)).not.toEqual([]);
    process.kill(processOne(running), 'SIGTERM');
    const { code, stdout } = await running.ended;
    expect(stdout).toContain('SIGTERM: stopping');
    expect(code).toBe(0);
    expect(withWord(stage.config)).toEqual([]);
    expect(withWord(foreign)).toEqual([]);
    expect(existsSync(stage.socket)).toBe(false);
    expect(existsSync(`${stage.database}.wal`)).toBe(false);
    const last = "SELECT event FROM audit_events WHERE source = 'supervisor' ORDER BY record_seq DESC LIMIT 1";
    expect(await readStored(stage.database, last)).toEqual([{ event: 'process_stopping' }]);
  });

  test('a command that only asks ends on SIGTERM too, while it waits for an answer', async () => {
    const stage = await engineStage();
    const silent = createServer();
    const asked = once(silent, 'connection');
    await new Promise<void>((resolve) => silent.listen(stage.socket, resolve));
    onTestFinished(() => void silent.close());
    const command = [...AS_PROCESS_ONE, process.execPath, MAIN] as const;
    const running = start(['status', '--config', stage.config], { command });
    const [connection] = (await asked) as [Socket];
    process.kill(processOne(running), 'SIGTERM');
    expect((await running.ended).code).toBe(128 + 15);
    connection.destroy();
  });
});
