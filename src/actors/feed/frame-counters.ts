/** The counters that follow from frames. */
import type { ActorContext } from '../../runtime/actor.ts';

const COUNTED = [
  'frames',
  'frames_malformed',
  'frames_fallback',
  'frames_too_large',
  'book_messages',
  'levels',
  'heartbeats',
  'instruments',
  'subscribe_acks',
  'subscribe_errors',
  'pongs',
  'messages_refused',
  'messages_unknown',
  'messages_lagging',
  'records_waited',
  'last_frame_ns',
  'system_status',
  'frames_unknown',
  'levels_clamped',
  'frame_seq',
] as const;

/** Where each of them stands in the counters table. */
export type FrameCounters = Readonly<Record<(typeof COUNTED)[number], number>>;

export function frameCounters(context: ActorContext<'feed'>): FrameCounters {
  const entries = COUNTED.map((name) => [name, context.counters.at(name)]);
  return Object.fromEntries(entries) as Record<(typeof COUNTED)[number], number>;
}
