/**
 * What the actor and the database process say to each other. The process exists because DuckDB's binding must not be
 * in a worker thread that can be terminated: a call in progress then aborts the whole program.
 */

import type { InstrumentLine } from '../../../market/instrument-log.ts';
import type { ErrorCode } from '../../../platform/errors.ts';
import type { RecordSummary } from '../../../runtime/control-calls.ts';
import type { RingWriter } from '../../../runtime/topology-spec.ts';
import type { LockWait } from './open-database.ts';

/** Who writes records: those with a ring to persistence, and `persistence` itself. */
export type RecordSource = RingWriter;

/** Number of the newest committed record of each source that has one. */
export type Positions = Readonly<Partial<Record<string, number>>>;

/** What identifies one run of the program, written to `boots`. */
export interface BootIdentity {
  /** Process id of the program. */
  readonly processId: number;
  readonly startedNs: bigint;
  readonly version: string;
  readonly configHash: string;
  /** Account that it trades, see `trading-account.ts`. */
  readonly account: string | undefined;
}

export interface OpenRequest {
  readonly type: 'open';
  readonly file: string;
  readonly identity: BootIdentity;
  /** True when this run may have its row in `boots` already. */
  readonly resume: boolean;
  readonly nowNs: bigint;
  readonly lock: LockWait;
}

/** Records as they lay on the rings, one after the other, with what is needed to name their instruments. */
export interface RecordBatch {
  readonly records: Uint8Array;
  /** In the order of `records`: how many of them come from whom. */
  readonly runs: readonly { readonly source: RecordSource; readonly count: number }[];
  /** Lines of the instrument log that were not sent before. */
  readonly instruments: readonly InstrumentLine[];
}

export interface CommitRequest extends RecordBatch {
  readonly type: 'commit';
}

export type ToDatabase =
  | OpenRequest
  | CommitRequest
  | { readonly type: 'export'; readonly file: string }
  | { readonly type: 'summary' }
  | { readonly type: 'close' };

export interface Opened {
  readonly boot: number;
  /** Numbers of the migrations that were applied now. */
  readonly migrated: readonly number[];
  readonly positions: Positions;
  /** Rows of this boot. */
  readonly rows: number;
}

export interface Committed {
  readonly rows: number;
}

export interface Exported {
  /** Opportunities written. */
  readonly opportunities: number;
}

/**
 * Every request is answered in order, by its answer or by `failed`. `migrating` may come before `opened`, and `working`
 * comes again and again while a request takes long.
 */
export type FromDatabase =
  | { readonly type: 'migrating' }
  | { readonly type: 'working' }
  | { readonly type: 'answer'; readonly value: Opened | Committed | Exported | RecordSummary | null }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };
