/** What the venue and a pair allow in their present state (protocol reference 1.5 and 1.6). */

import { VENUE_REFUSAL } from '../protocols/kraken/venue-refusals.ts';
import type { OrderDraft } from './orders/exchange-order.ts';

/** States in which orders meet each other. */
const MATCHING = ['online', 'limit_only'];
/** States in which an open order can be taken back. */
const CANCELLING = ['online', 'cancel_only', 'post_only', 'limit_only', 'reduce_only'];

export function isMatching(system: string, pair: string): boolean {
  return MATCHING.includes(system) && MATCHING.includes(pair);
}

/** Why an order cannot be taken back now; in an unknown state nothing is cancelled. */
export function cancelRefusal(system: string): string | undefined {
  return CANCELLING.includes(system) ? undefined : VENUE_REFUSAL.unavailable;
}

/** Why a new order is not taken now. */
export function placeRefusal(
  system: string,
  draft: Pick<OrderDraft, 'pair' | 'type' | 'postOnly'>,
): string | undefined {
  return modeRefusal(system, draft) ?? pairRefusal(draft);
}

function pairRefusal(draft: Pick<OrderDraft, 'pair' | 'type' | 'postOnly'>): string | undefined {
  const { status } = draft.pair;
  if (status === 'delisted' || status === 'work_in_progress') return VENUE_REFUSAL.pair;
  return status === 'reduce_only' ? VENUE_REFUSAL.reduceOnly : modeRefusal(status, draft);
}

function modeRefusal(status: string, { type, postOnly }: Pick<OrderDraft, 'type' | 'postOnly'>): string | undefined {
  switch (status) {
    case 'online':
      return undefined;
    case 'post_only':
      return postOnly ? undefined : VENUE_REFUSAL.mode(status);
    case 'limit_only':
      return type === 'market' ? VENUE_REFUSAL.mode(status) : undefined;
    case 'cancel_only':
      return VENUE_REFUSAL.mode(status);
    default:
      return VENUE_REFUSAL.unavailable;
  }
}
