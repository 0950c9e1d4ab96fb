/** `arbitrade run` against a practice exchange that is served in this process, with files of its own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { askControl } from '../../src/control/control-client.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { startPracticeServer } from '../../src/practice/network/practice-server.ts';
import { type Running, type StartOptions, start, until } from './arbitrade.ts';
import { DEMO_CAPTURE } from './captures.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface Stage {
  readonly config: string;
  readonly database: string;
  readonly socket: string;
  readonly killSwitch: string;
  run(args?: readonly string[], options?: StartOptions): Running;
}

export interface Status {
  readonly trading: string;
  readonly frames: number;
  readonly opportunities: number;
  readonly records: { readonly received: number; readonly committed: number };
  readonly checksums: { readonly verified: number; readonly failed: number };
}

/** The market that never ends; every cycle is an opportunity, so that there is much to record. */
export async function engineStage(settings: object = {}): Promise<Stage> {
  const server = await startPracticeServer(
    { capture: DEMO_CAPTURE, port: 0, settings: { speed: 20, loop: true, seed: 1 } },
    systemClock,
  );
  onTestFinished(() => server.close());
  const folder = temporaryDirectory();
  const files = {
    config: join(folder, 'run.yaml'),
    database: join(folder, 'records.duckdb'),
    socket: join(folder, 'control.sock'),
    killSwitch: join(folder, 'halt'),
  };
  const config = {
    mode: 'paper',
    venue: { public_url: server.wsPublic },
    strategy: { min_edge_bps: -10_000 },
    fees: { taker_pct: '0' },
    persistence: { database: files.database },
    risk: { kill_switch_file: files.killSwitch },
    control: { socket: files.socket },
    ...settings,
  };
  writeFileSync(files.config, stringify(config));
  return { ...files, run: (args = [], options = {}) => start(['run', '--config', files.config, ...args], options) };
}

export const statusOf = async (stage: Stage): Promise<Status> =>
  (await askControl(stage.socket, { command: 'status' })) as Status;

/** Waits until it trades data: so many records are committed. @returns its status then. */
export async function untilCommitted(stage: Stage, records: number, running: Running): Promise<Status> {
  let status: Status | undefined;
  await until(async () => {
    if (running.process.exitCode !== null) throw new Error(`it ended: ${running.stderr()} ${running.stdout()}`);
    status = await statusOf(stage).catch(() => undefined); // it may not listen yet
    return (status?.records.committed ?? 0) >= records;
  });
  return status as Status;
}
