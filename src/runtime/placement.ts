/**
 * Which actors share a thread, and how each thread idles. Both follow from the number of cores unless the settings say
 * otherwise; what was chosen is said in one line for the log.
 */
import { availableParallelism } from 'node:os';
import type { Config } from '../settings/config.ts';
import { ACTOR_IDS, type ActorId } from './counter-names.ts';
import type { Placement } from './memory/shared-memory.ts';
import type { IdleStrategy } from './threads/duty-loop.ts';
import type { Topology } from './topology-spec.ts';

/** One worker thread: its actors in order of starting. */
export interface PlacedThread {
  readonly actors: readonly ActorId[];
  readonly idle: IdleStrategy;
}

export interface PlacementPlan {
  readonly kind: 'threads' | 'fused';
  /** In order of starting. */
  readonly threads: readonly PlacedThread[];
  readonly placement: Placement;
  /** What was chosen and why. */
  readonly text: string;
}

/** From a frame to a decision. `fused` puts these on one thread. */
const FUSED: readonly ActorId[] = ['detector', 'book', 'feed'];
/** Whose hop counts: these may spin when cores are free. */
const HOT: readonly ActorId[] = [...FUSED, 'sequencer'];
/** From here on feed, book and detector can each have a core, beside one for all the rest. */
const CORES_FOR_THREADS = 4;

/** @param cores that the process may use; those of the machine by default. */
export function planPlacement(
  topology: Topology,
  runtime: Config['runtime'],
  cores: number = availableParallelism(),
): PlacementPlan {
  const auto = cores >= CORES_FOR_THREADS ? 'threads' : 'fused';
  const kind = runtime.placement === 'auto' ? auto : runtime.placement;
  const groups = groupsOf(
    topology.children.map((child) => child.id),
    kind,
  );
  const spare = cores - groups.filter(isHot).length;
  const threads = groups.map((actors) => ({ actors, idle: idleOf(actors, runtime.idle, spare) }));
  return { kind, threads, placement: placementOf(threads), text: describe(kind, threads, runtime, cores) };
}

/** The one thread in place of the first of its actors: they stand next to each other in the topology. */
function groupsOf(ids: readonly ActorId[], kind: 'threads' | 'fused'): readonly (readonly ActorId[])[] {
  if (kind === 'threads') return ids.map((id) => [id]);
  const fused = ids.filter((id) => FUSED.includes(id));
  return ids.flatMap((id) => {
    if (!FUSED.includes(id)) return [[id]];
    return id === fused[0] ? [fused] : [];
  });
}

/** Spinning pays when every hot thread and one thread more can run at the same time; nothing else is worth a core. */
function idleOf(actors: readonly ActorId[], wanted: Config['runtime']['idle'], spare: number): IdleStrategy {
  if (wanted !== 'auto') return wanted;
  return isHot(actors) && spare >= 1 ? 'adaptive' : 'park';
}

const isHot = (actors: readonly ActorId[]): boolean => actors.some((id) => HOT.includes(id));

function placementOf(threads: readonly PlacedThread[]): Placement {
  const threadOf = (id: ActorId) => threads.findIndex((thread) => thread.actors.includes(id));
  return Object.fromEntries(ACTOR_IDS.map((id) => [id, Math.max(0, threadOf(id))])) as Placement;
}

function describe(kind: string, threads: readonly PlacedThread[], runtime: Config['runtime'], cores: number): string {
  const each = threads.map((thread) => `${thread.actors.join('+')} ${thread.idle}`).join(', ');
  const asked = `placement ${runtime.placement}, idle ${runtime.idle}`;
  return `${kind} on ${cores} cores (asked: ${asked}): ${each}`;
}
