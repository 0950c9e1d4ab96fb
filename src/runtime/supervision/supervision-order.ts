/** OTP's three strategies and three kinds of child, as functions over the order of starting. */
import type { RestartKind } from '../topology-spec.ts';

export const STRATEGIES = ['one_for_one', 'one_for_all', 'rest_for_one'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** Who is stopped (in reverse order) and started again (in order) when `dead` is restarted: itself included. */
export function restartGroup<T>(children: readonly T[], dead: T, strategy: Strategy): readonly T[] {
  switch (strategy) {
    case 'one_for_one':
      return [dead];
    case 'one_for_all':
      return children;
    case 'rest_for_one':
      return children.slice(children.indexOf(dead));
    default:
      return strategy satisfies never;
  }
}

/** Whether a child of this kind is restarted after it has ended. */
export function isRestarted(kind: RestartKind, endedNormally: boolean): boolean {
  return kind === 'permanent' || (kind === 'transient' && !endedNormally);
}

/** The kind of a thread with several actors: that of the one that is most in need of a restart. */
export function strictestKind(kinds: readonly RestartKind[]): RestartKind {
  if (kinds.includes('permanent')) return 'permanent';
  return kinds.includes('transient') ? 'transient' : 'temporary';
}
