/** Finds the factory of an actor from the entry its child spec names. */
import { seededChance } from '../../platform/chance.ts';
import { arbitradeError, reasonOf } from '../../platform/errors.ts';
import type { ActorFactory } from '../actor.ts';
import { ACTOR_IDS, type ActorId } from '../counter-names.ts';
import type { ChildSpec } from '../topology-spec.ts';

const SOURCE_ROOT = new URL('../../', import.meta.url);

/**
 * Imports the module of `child` and takes its `createActor`. An entry is a path below `src/`, or a whole file URL.
 * @throws TOPOLOGY_INVALID when there is no such module or it has no `createActor`.
 */
export async function loadActorFactory(child: Pick<ChildSpec, 'id' | 'entry'>): Promise<ActorFactory> {
  let module: { createActor?: unknown };
  try {
    module = await import(new URL(child.entry, SOURCE_ROOT).href);
  } catch (thrown) {
    throw arbitradeError('TOPOLOGY_INVALID', `${child.entry} of ${child.id} cannot be loaded: ${reasonOf(thrown)}`);
  }
  if (typeof module.createActor !== 'function') {
    throw arbitradeError('TOPOLOGY_INVALID', `${child.entry} exports no createActor`);
  }
  return module.createActor as ActorFactory;
}

/** The source of chance of one actor: of the run's seed, but not the same numbers as its neighbour's. */
export const chanceOf = (seed: number, actor: ActorId) => seededChance(seed + 0x1000 * (ACTOR_IDS.indexOf(actor) + 1));
