/** Persistence on a stage: the test plays the actors that write records. */
import path from 'node:path';
import { systemClock } from '../../src/platform/clock.ts';
import type { Actor } from '../../src/runtime/actor.ts';
import type { RecordSummary } from '../../src/runtime/control-calls.ts';
import { RecordWriter } from '../../src/runtime/records/record-writer.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { createTestContext, type TestContext, type TestContextOptions } from './test-context.ts';

export const RING_SOURCES = ['feed', 'book', 'detector', 'sequencer', 'risk', 'supervisor'] as const;
export type RingSource = (typeof RING_SOURCES)[number];

export interface RecordStage {
  readonly stage: TestContext<'persistence'>;
  /** The database. */
  readonly file: string;
  writer(source: RingSource): RecordWriter;
}

export function createRecordStage(options: TestContextOptions & { persistence?: object } = {}): RecordStage {
  const file = path.join(temporaryDirectory(), 'records.duckdb');
  const config = { ...(options.config ?? {}), persistence: { database: file, ...options.persistence } };
  const stage = createTestContext('persistence', { wallStartNs: 1_700_000_000_000_000_000n, ...options, config });
  return { stage, file, writer: (source) => new RecordWriter(stage.producer(`${source}_records`), stage.clock) };
}

/** Turns the actor, and lets the event loop turn, until `done`. */
export async function turnUntil(actor: Actor, done: () => boolean): Promise<void> {
  while (!done()) {
    actor.doWork();
    await new Promise<void>((resolve) => systemClock.after(1, resolve));
  }
}

export async function started(actor: Actor): Promise<Actor> {
  await actor.onStart();
  return actor;
}

/** What other threads may call. */
export interface RecordControl {
  flush(): Promise<void>;
  summary(): Promise<RecordSummary>;
  exportOpportunities(file: string): Promise<number>;
}

export function controlOf(actor: Actor): RecordControl {
  return actor.control as unknown as RecordControl;
}
