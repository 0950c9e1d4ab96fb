/**
 * Every counter there is, by actor. The order is the layout of the counters table; console, summary and metrics use the
 * same names. A counter has one writer (its actor) and survives the actor's restart.
 */

/** Written by the runtime for every actor. */
export const RUNTIME_COUNTERS = [
  'heartbeat_ns', // monotonic time of the last turn
  'turns',
  'messages_handled',
  'longest_turn_ns',
  'restarts', // written by the supervisor
  'messages_set_aside', // written by the supervisor
] as const;

export const ACTOR_COUNTERS = {
  feed: [
    'frames',
    'frames_malformed',
    'frames_fallback', // decoded by JSON.parse because the byte decoder did not recognise their form
    'frames_too_large',
    'book_messages',
    'levels',
    'heartbeats',
    'instruments',
    'subscribe_acks',
    'subscribe_errors',
    'pings',
    'pongs',
    'connects',
    'disconnects',
    'resyncs_requested', // resync requests taken from the book
    'resyncs_sent', // resubscriptions sent to the venue
    'messages_refused', // book messages with a value that does not fit the instrument; each invalidates its book
    'messages_unknown', // book messages of a symbol that was not announced and not in a snapshot
    'records_waited', // turns cut short because the records ring was full
    'messages_lagging', // book messages dropped because the deltas ring was full; each invalidates its book
    'source_ended', // 1 when a capture has been read to its end
    'source_cut_short', // 1 when that end is in the middle of a row
    'last_frame_ns', // monotonic time of the last frame
    'system_status', // index into SYSTEM_STATUSES
    'refused_since_ns', // monotonic time since which the venue refuses a socket's connection; 0 while it refuses none
    'frames_unknown', // frames of no known kind that name no book; counted, and of no consequence
    'levels_clamped', // levels too large to count: published as the largest quantity that can be
    'frame_seq', // newest market sequence given
    'clock_offset_us',
  ],
  book: [
    'book_messages',
    'levels',
    'snapshots',
    'checksums_verified',
    'checksums_failed',
    'checksums_skipped', // messages that came while the book was not valid and were no snapshot
    'books_valid',
    'invalidations',
    'resyncs_requested',
    'resyncs_completed',
    'given_up',
    'publications_waited', // turns cut short because the detector still needed the oldest version
    'handled_seq',
  ],
  detector: [
    'updates',
    'evaluations',
    'candidates', // cycles that passed the float screen
    'candidates_over_budget', // of these, not decided: more at one message than the strategy's settings allow
    'opportunities',
    'opportunities_sized',
    'cycles',
    'best_cycle', // number of the cycle with the best net multiplier seen, plus 1; 0 when the instruments changed since
    'best_leg_1', // its legs in the spelling's order: edge (see asset-graph.ts) plus 1, 0 for none
    'best_leg_2',
    'best_leg_3',
    'best_leg_4',
    'best_gross_multiplier', // in floats: good to 15 digits, unlike an opportunity's
    'best_net_multiplier',
    'opportunities_refused', // not passed on because the sequencer's ring was full
    'handled_seq',
    'instruments_position', // instrument log taken over up to here
    'records_waited',
  ],
  sequencer: [
    'opportunities_received',
    'plans_opened',
    'plans_refused',
    'plans_completed',
    'plans_abandoned',
    'plans_unwound',
    'plans_stranded',
    'fills',
    'plans_active',
    'records_waited',
    'opportunities_announced', // in alert mode: cycles that would have been traded
    'account_state', // index into ACCOUNT_STATES; stays 0 without an account
    'account_known_ns', // monotonic: all of the account was as expected, or the connection came
    'account_progress_ns', // monotonic: something of the current reading came; 0 when none is asked for
    'dead_mans_switch', // 1 while the venue's switch is armed
    'reconciliations', // readings of the account that were as expected in the end
    'deviations', // balances without explanation
    'fills_recovered', // fills booked that belong to no plan at work
    'events_unexpected', // events a plan's state did not expect; each is recorded
  ],
  risk: [
    'executions',
    'halts',
    'pauses',
    'resumes',
    'gate_state', // index into GATE_STATES
    'gate_reason', // index into GATE_REASONS
    'books_stale',
    'records_waited',
  ],
  persistence: [
    'records_received',
    'records_committed',
    'commits',
    'rows',
    'commit_failures',
    'commit_failing',
    'last_commit_ns',
  ],
} as const;

export type ActorId = keyof typeof ACTOR_COUNTERS;
export type RuntimeCounter = (typeof RUNTIME_COUNTERS)[number];
export type CounterName<A extends ActorId> = RuntimeCounter | (typeof ACTOR_COUNTERS)[A][number];

export const ACTOR_IDS = Object.keys(ACTOR_COUNTERS) as ActorId[];

/**
 * Latency histograms, by stage. Each has one writer (the actor in brackets) and counts nanoseconds from the moment the
 * frame was read (`stampNs`) unless it says otherwise. The first three are samples: every 16th message (frame, for the
 * feed) by its number is timed, for every instrument.
 */
export const LATENCY_STAGES = [
  'feed_decode', // [feed] frame read → its messages published
  'book_verified', // [book] frame read → checksum verified and version published
  'decision', // [detector] frame read → all its cycles evaluated
  'plan_opened', // [sequencer] frame read → plan decided upon
  'commit', // [persistence] begin → end of one commit
] as const;
export type LatencyStage = (typeof LATENCY_STAGES)[number];

/** Edge histograms of the detector: distribution of gross and net edge, in basis points from 1. */
export const EDGE_HISTOGRAMS = ['gross_edge', 'net_edge'] as const;
export type EdgeHistogram = (typeof EDGE_HISTOGRAMS)[number];
