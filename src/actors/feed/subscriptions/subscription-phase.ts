/**
 * The phase of one book's subscription.
 *
 *   OFFLINE ──▶ QUEUED ──▶ SENT ──▶ ACKED ──▶ LIVE ──▶ RENEW_QUEUED ──▶ QUEUED …      RENEW: unsubscribe and subscribe
 *                 ▲          │                            ▲
 *                 │          ├──▶ REFUSED_WAIT ──▶ QUEUED │
 *                 └─ no reply┘└─▶ REFUSED     RENEW_WAIT ─┘      LEAVING ──▶ ABSENT
 *
 * The venue may send a snapshot before its acknowledgement: it makes SENT live. A message of an old
 * subscription differs from one of the new only by order, so between an unsubscribe and its answer nothing counts.
 */
export const PHASE = {
  ABSENT: 0,
  /** Wanted; its socket is not open. */
  OFFLINE: 1,
  /** The subscribe is to be sent. */
  QUEUED: 2,
  /** The subscribe is out, neither answered nor followed by a snapshot. */
  SENT: 3,
  /** Acknowledged, no snapshot yet. */
  ACKED: 4,
  /** The snapshot came. */
  LIVE: 5,
  /** To be renewed, once some time has passed since the last renewal. */
  RENEW_WAIT: 6,
  /** The unsubscribe of a renewal is to be sent. */
  RENEW_QUEUED: 7,
  /** Refused; asked for again later. */
  REFUSED_WAIT: 8,
  /** Refused for good, or too often. */
  REFUSED: 9,
  /** Wanted no more; its unsubscribe is to be sent. */
  LEAVING: 10,
} as const;
export type Phase = (typeof PHASE)[keyof typeof PHASE];
