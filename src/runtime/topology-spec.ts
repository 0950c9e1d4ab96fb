/** The vocabulary in which `src/topology.ts` writes the map down: actors, rings, tables. */
import type { VenueName } from '../settings/config.ts';
import type { ActorId } from './counter-names.ts';
import type { TableKind, TableMemories } from './memory/shared-tables.ts';

/** Who can write to a ring: an actor, or the supervisor on the main thread. */
export type RingWriter = ActorId | 'supervisor';

/** What happens when a ring is full. Nothing is ever dropped without a counter and a consequence. */
export type WhenFull =
  /** The instrument is marked lagging, its book is void, and it is resynced. */
  | 'lag'
  /** The producer leaves its own input where it is and tries again next turn. */
  | 'wait'
  /** The opportunity is recorded and counted as refused, and not traded. */
  | 'refuse';

/** What a ring or table of one venue is called: `deltas.kraken`. What there is once has its kind for a name. */
export const nameAt = (kind: string, venue: VenueName): string => `${kind}.${venue}`;

/** A ring's name, and what it connects. */
export interface RingEnds {
  /** What it carries. An actor opens a ring by this where one of the kind is its own, else by name. */
  readonly kind: string;
  readonly name: string;
  readonly from: RingWriter;
  readonly to: ActorId;
}

export interface RingSpec extends RingEnds {
  readonly message: string;
  readonly slotBytes: number;
  readonly capacity: number;
  readonly whenFull: WhenFull;
}

/** OTP's three: always restarted, restarted unless it ended normally, never restarted. */
export type RestartKind = 'permanent' | 'transient' | 'temporary';

export interface ChildSpec {
  readonly id: ActorId;
  /** Module below `src/` whose `createActor` is an ActorFactory. */
  readonly entry: string;
  readonly restart: RestartKind;
  /** Bytes of memory of its own that outlive it. */
  readonly ownBytes: number;
}

/** Who can open a table: an actor, the supervisor, or what shows people how the run goes (`src/readings`). */
export type TableUser = RingWriter | 'readings';

/** One shared table. Memory is made from these rows, and opened only for those that they name. */
export interface TableRow<K extends TableKind> {
  readonly kind: K;
  readonly name: string;
  /** A writer may read as well. Several write only where each has words or entries of its own. */
  readonly writers: readonly RingWriter[];
  readonly readers: readonly TableUser[];
  readonly create: () => TableMemories[K];
}

/** A row of any kind, which makes the memory of its own kind. */
export type TableSpec = { readonly [K in TableKind]: TableRow<K> }[TableKind];

export interface Topology {
  readonly rings: readonly RingSpec[];
  /** In order of starting; stopped in reverse. */
  readonly children: readonly ChildSpec[];
  readonly tables: readonly TableSpec[];
}
