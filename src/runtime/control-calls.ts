/**
 * The calls that other threads may make to an actor: their arguments and what they answer. Plain data in, plain data out;
 * never on the tick path. An actor answers all that are listed under its name here, and no others can be made.
 */

import type { FlattenAsk, FlattenReport } from '../messages/flatten-message.ts';
import type { GateCause } from '../trading/gate-cause.ts';
import type { ActorId } from './counter-names.ts';

export interface ControlCalls {
  feed: {
    /** Frames that could not be read, the newest ones. */
    malformedFrames(): readonly MalformedFrame[];
  };
  book: Record<never, never>;
  detector: Record<never, never>;
  sequencer: {
    /** From here on no plan is opened. @returns plans at work, which go on to their end. */
    drain(): number;
    /** What is exposed, and what bringing it home would come to; what a person has accepted is begun. */
    flatten(ask: FlattenAsk): FlattenReport;
  };
  risk: {
    /** Halts trading until a person resumes it. */
    halt(reason: string, by: string): HaltAnswer;
    /** Begins nothing new until a person resumes; plans at work go on to their end. */
    drain(reason: string, by: string): HaltAnswer;
    /**
     * Answers every cause that waits for a person; refused while one of them persists, and when there is nothing to
     * resume. `setAside`: the supervisor has something, a message that was set aside.
     */
    resume(reason: string, by: string, setAside?: boolean): RiskAnswer;
    status(): RiskStatus;
  };
  persistence: {
    /** Commits everything that is on the rings now. */
    flush(): Promise<void>;
    /** Counts of this run's rows, after a flush. */
    summary(): Promise<RecordSummary>;
    /** Writes this run's opportunities as JSON lines, each once, in market order, after a flush. @returns how many. */
    exportOpportunities(file: string): Promise<number>;
  };
}

/** A table such as {@link ControlCalls}: by actor, its calls. */
export type CallTable = Readonly<Record<ActorId, object>>;

export type CallName<Calls extends CallTable, A extends ActorId> = keyof Calls[A] & string;

type Call<Calls extends CallTable, A extends ActorId, N extends CallName<Calls, A>> = Extract<
  Calls[A][N],
  (...args: never[]) => unknown
>;
export type CallArguments<Calls extends CallTable, A extends ActorId, N extends CallName<Calls, A>> = Parameters<
  Call<Calls, A, N>
>;
/** Possibly a promise of it; over threads always. */
export type CallAnswer<Calls extends CallTable, A extends ActorId, N extends CallName<Calls, A>> = ReturnType<
  Call<Calls, A, N>
>;

/** What risk's control calls answer. `text` says what holds now, or why not. */
export interface RiskAnswer {
  readonly ok: boolean;
  readonly text: string;
}

export interface HaltAnswer extends RiskAnswer {
  /** Whether its record is queued for the disk; else it follows as soon as there is room. */
  readonly isRecorded: boolean;
}

/** What risk says of itself: its causes, and more, for people to read. */
export interface RiskStatus {
  readonly causes: readonly GateCause[];
  readonly [more: string]: unknown;
}

/** Counts of this boot. */
export interface RecordSummary {
  readonly boot: number;
  readonly rows: Readonly<Record<string, number>>;
  /** Records that should be there and are not, over all sources. */
  readonly missing: number;
  /** Records that are there more than once. */
  readonly doubled: number;
}

export interface MalformedFrame {
  readonly recvIndex: number;
  readonly connection: number;
  readonly why: string;
  /** Length of the whole frame; `text` is cut. */
  readonly bytes: number;
  readonly text: string;
}
