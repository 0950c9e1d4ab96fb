/**
 * Where each book's subscription stands, in flat arrays by instrument. No I/O: time and chance come in, and whoever owns the socket
 * takes from here what is to be sent next.
 */

import type { InstrumentIndex } from '../../../market/instrument.ts';
import { backOffMs } from '../../../net/back-off.ts';
import type { Chance } from '../../../platform/chance.ts';
import type { RequestId } from '../../../venues/market-data.ts';
import { PHASE, type Phase } from './subscription-phase.ts';

export interface SubscriptionSettings {
  readonly symbolsPerMessage: number;
  /** Time for an acknowledgement, and again for the snapshot after it. */
  readonly subscribeTimeoutMs: number;
  /** A live book without a message for this long is renewed. */
  readonly instrumentSilenceMs: number;
  /** Least time between two renewals of one book, and the base of the wait after a refusal. */
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** Snapshots that may be asked for at once, over all sockets: as many as the deltas ring can take in one go. */
  readonly snapshotsMax: number;
}

/** What became of a refusal: `final` ones are not asked for again; `ignored` ones belong to no open request. */
export type RefusalOutcome = 'retry' | 'final' | 'ignored';

/** Refusals of one book after which it is not asked for again. */
export const REFUSALS_MAX = 5;
/** Requests in a row without any reply after which the socket is given up. */
export const UNANSWERED_MAX = 3;
/** A book that stays silent after renewals is renewed ever more rarely: the time limit doubles up to 2^this. */
const SILENT_DOUBLINGS_MAX = 5;

const NO_SOCKET = -1;
const NO_REQUEST = 0;

export class SubscriptionTable {
  readonly #settings: SubscriptionSettings;
  readonly #chance: Chance;
  readonly #phases: Uint8Array;
  readonly #sockets: Int16Array;
  /** Time of the newest book message. */
  readonly #heardMs: Float64Array;
  readonly #dueMs: Float64Array;
  readonly #renewedMs: Float64Array;
  /** The newest subscribe, and the first one of this round: a late reply to any of the round counts. */
  readonly #request: Float64Array;
  readonly #firstRequest: Float64Array;
  /** The unsubscribe that is not answered yet. */
  readonly #unsubscribe: Float64Array;
  readonly #ackOpen: Uint8Array;
  readonly #refusals: Uint8Array;
  readonly #silences: Uint8Array;
  readonly #unanswered: Uint8Array;
  readonly #renewal: Uint8Array;
  /** Whether the venue should be sending: the pair is online. */
  readonly #active: Uint8Array;
  readonly #members: InstrumentIndex[][] = [];
  #venueOnline = true;

  constructor(instrumentsMax: number, settings: SubscriptionSettings, chance: Chance) {
    this.#settings = settings;
    this.#chance = chance;
    this.#phases = new Uint8Array(instrumentsMax);
    this.#sockets = new Int16Array(instrumentsMax).fill(NO_SOCKET);
    this.#heardMs = new Float64Array(instrumentsMax);
    this.#dueMs = new Float64Array(instrumentsMax);
    this.#renewedMs = new Float64Array(instrumentsMax).fill(Number.NEGATIVE_INFINITY);
    this.#request = new Float64Array(instrumentsMax);
    this.#firstRequest = new Float64Array(instrumentsMax);
    this.#unsubscribe = new Float64Array(instrumentsMax);
    this.#ackOpen = new Uint8Array(instrumentsMax);
    this.#refusals = new Uint8Array(instrumentsMax);
    this.#silences = new Uint8Array(instrumentsMax);
    this.#unanswered = new Uint8Array(instrumentsMax);
    this.#renewal = new Uint8Array(instrumentsMax);
    this.#active = new Uint8Array(instrumentsMax);
  }

  phaseOf(instrument: InstrumentIndex): Phase {
    return (this.#phases[instrument] ?? PHASE.ABSENT) as Phase;
  }

  /** The socket that carries this book, or -1. */
  socketOf(instrument: InstrumentIndex): number {
    return this.#sockets[instrument] ?? NO_SOCKET;
  }

  /** Books on one socket, in the order in which they were put there. */
  membersOf(socket: number): readonly InstrumentIndex[] {
    return this.#membersOf(socket);
  }

  /** Puts a book on a socket. */
  follow(instrument: InstrumentIndex, socket: number, isOpen: boolean): void {
    this.#membersOf(socket).push(instrument);
    this.#sockets[instrument] = socket;
    this.#refusals[instrument] = 0;
    this.#silences[instrument] = 0;
    this.#reset(instrument, isOpen ? PHASE.QUEUED : PHASE.OFFLINE);
  }

  /** The book is wanted no more. */
  leave(instrument: InstrumentIndex): void {
    const phase = this.phaseOf(instrument);
    if (phase === PHASE.ABSENT) return;
    const isSubscribed =
      phase === PHASE.SENT ||
      phase === PHASE.ACKED ||
      phase === PHASE.LIVE ||
      phase === PHASE.RENEW_WAIT ||
      phase === PHASE.RENEW_QUEUED;
    if (isSubscribed) this.#phases[instrument] = PHASE.LEAVING;
    else this.#remove(instrument);
  }

  /** Whether the venue should be sending this pair's book; one that is in maintenance is not judged silent. */
  setActive(instrument: InstrumentIndex, isActive: boolean, nowMs: number): void {
    if (isActive && this.#active[instrument] === 0) this.#forgiveSilence(instrument, nowMs);
    this.#active[instrument] = isActive ? 1 : 0;
  }

  /** While the venue is not online, silence is no fault and refusals are not asked about again. */
  setVenueOnline(isOnline: boolean, nowMs: number): void {
    if (isOnline && !this.#venueOnline) {
      for (const members of this.#members) for (const instrument of members) this.#forgiveSilence(instrument, nowMs);
    }
    this.#venueOnline = isOnline;
  }

  /** A refused book gets another chance: the venue changed what it says of it. */
  retryRefused(instrument: InstrumentIndex, isOpen: boolean): void {
    const phase = this.phaseOf(instrument);
    if (phase !== PHASE.REFUSED && phase !== PHASE.REFUSED_WAIT) return;
    this.#refusals[instrument] = 0;
    this.#reset(instrument, isOpen ? PHASE.QUEUED : PHASE.OFFLINE);
  }

  onSocketOpened(socket: number): void {
    for (const instrument of this.#membersOf(socket)) {
      if (this.#phases[instrument] === PHASE.OFFLINE) this.#phases[instrument] = PHASE.QUEUED;
    }
  }

  onSocketLost(socket: number): void {
    for (const instrument of [...this.#membersOf(socket)]) {
      const phase = this.#phases[instrument];
      if (phase === PHASE.LEAVING) this.#remove(instrument);
      else if (phase !== PHASE.REFUSED) this.#reset(instrument, PHASE.OFFLINE);
    }
  }

  /** A book message came. Tick path: no allocation. */
  onBookMessage(instrument: InstrumentIndex, isSnapshot: boolean, nowMs: number): void {
    this.#heardMs[instrument] = nowMs;
    if (!isSnapshot) return; // without a snapshot there is no book, with anything else that comes
    const phase = this.#phases[instrument];
    if (phase !== PHASE.SENT && phase !== PHASE.ACKED) return;
    if (this.#unsubscribe[instrument] !== NO_REQUEST) return; // still the old subscription's
    this.#phases[instrument] = PHASE.LIVE;
    this.#silences[instrument] = 0;
    this.#refusals[instrument] = 0;
    this.#unanswered[instrument] = 0;
  }

  /** Asks for a fresh snapshot. True when one is asked for or will be; false when the book cannot be had. */
  renew(instrument: InstrumentIndex, nowMs: number): boolean {
    const phase = this.phaseOf(instrument);
    if (phase === PHASE.ABSENT || phase === PHASE.REFUSED || phase === PHASE.LEAVING) return false;
    if (phase === PHASE.LIVE) this.#renewWhenDue(instrument, nowMs);
    return true;
  }

  /** Fills `taken` with the books of the next unsubscribe message, which will carry `request`. */
  takeUnsubscribes(socket: number, request: RequestId, nowMs: number, taken: InstrumentIndex[]): void {
    const { symbolsPerMessage } = this.#settings;
    this.#collect(socket, taken, symbolsPerMessage, (phase) => phase === PHASE.RENEW_QUEUED || phase === PHASE.LEAVING);
    for (const instrument of taken) {
      if (this.#phases[instrument] === PHASE.LEAVING) this.#remove(instrument);
      else this.#beginRenewal(instrument, request, nowMs);
    }
  }

  /**
   * Fills `taken` with the books of the next subscribe message, which will carry `request`.
   * @returns how many of them are renewals.
   */
  takeSubscribes(socket: number, request: RequestId, nowMs: number, taken: InstrumentIndex[]): number {
    const limit = Math.min(this.#settings.symbolsPerMessage, this.#settings.snapshotsMax - this.#snapshotsDue(nowMs));
    this.#collect(socket, taken, limit, (phase) => phase === PHASE.QUEUED);
    let renewals = 0;
    for (const instrument of taken) {
      this.#phases[instrument] = PHASE.SENT;
      this.#request[instrument] = request;
      if (this.#firstRequest[instrument] === NO_REQUEST) this.#firstRequest[instrument] = request;
      this.#dueMs[instrument] = nowMs + this.#settings.subscribeTimeoutMs;
      this.#ackOpen[instrument] = 1;
      renewals += this.#renewal[instrument] as number;
      this.#renewal[instrument] = 0;
    }
    return renewals;
  }

  /** A subscribe was acknowledged. Without effect when no request of this book waits for it: a repeated or foreign one. */
  onAcked(instrument: InstrumentIndex, request: RequestId | undefined, nowMs: number): void {
    if (this.#ackOpen[instrument] !== 1 || !this.#isOfThisRound(instrument, request)) return;
    this.#ackOpen[instrument] = 0;
    this.#unsubscribe[instrument] = NO_REQUEST; // the venue answers in order
    this.#unanswered[instrument] = 0;
    const phase = this.#phases[instrument];
    if (phase === PHASE.SENT || phase === PHASE.QUEUED) this.#awaitSnapshot(instrument, nowMs);
  }

  /** An unsubscribe was answered, accepted or refused: what comes now is the new subscription's. */
  onUnsubscribed(instrument: InstrumentIndex, request: RequestId | undefined): void {
    if (request === undefined || this.#unsubscribe[instrument] === request) {
      this.#unsubscribe[instrument] = NO_REQUEST;
    }
  }

  /** The venue has this subscription already: either ours of before, or one whose unsubscribe was lost. */
  onAlreadySubscribed(instrument: InstrumentIndex, request: RequestId | undefined, nowMs: number): void {
    if (this.#phases[instrument] !== PHASE.SENT || !this.#isOfThisRound(instrument, request)) return;
    this.#ackOpen[instrument] = 0;
    if (this.#unsubscribe[instrument] === NO_REQUEST) this.#awaitSnapshot(instrument, nowMs);
    else this.#renewWhenDue(instrument, nowMs);
  }

  /** A subscribe was refused. */
  onRefused(
    instrument: InstrumentIndex,
    request: RequestId | undefined,
    isFinal: boolean,
    nowMs: number,
  ): RefusalOutcome {
    if (this.#phases[instrument] !== PHASE.SENT || !this.#isOfThisRound(instrument, request)) return 'ignored';
    const refusals = (this.#refusals[instrument] as number) + (this.#venueOnline ? 1 : 0);
    this.#reset(instrument, PHASE.REFUSED);
    this.#refusals[instrument] = refusals;
    if (isFinal || refusals >= REFUSALS_MAX) return 'final';
    const { backoffBaseMs, backoffMaxMs } = this.#settings;
    this.#phases[instrument] = PHASE.REFUSED_WAIT;
    const backOff = { baseMs: backoffBaseMs, maxMs: backoffMaxMs, growth: 2, jitter: 'full' } as const;
    this.#dueMs[instrument] = nowMs + backoffBaseMs + backOffMs(refusals, backOff, this.#chance);
    return 'retry';
  }

  /** Books of an unanswered subscribe message. */
  inRequest(socket: number, request: RequestId): InstrumentIndex[] {
    return this.#membersOf(socket).filter(
      (instrument) => this.#phases[instrument] === PHASE.SENT && this.#request[instrument] === request,
    );
  }

  /** The venue dropped requests without saying which: everything without an answer is sent again. */
  resendUnanswered(socket: number): void {
    for (const instrument of this.#membersOf(socket)) {
      if (this.#phases[instrument] === PHASE.SENT) this.#sendAgain(instrument);
    }
  }

  /** Whether every book asked for on this socket has been answered. */
  isAnswered(socket: number): boolean {
    return this.#membersOf(socket).every((instrument) => {
      const phase = this.#phases[instrument];
      return phase !== PHASE.QUEUED && phase !== PHASE.SENT;
    });
  }

  /**
   * Looks at every time limit of one socket. Fills `silent` with the books that have just been found silent (they are
   * renewed). False when the socket does not answer any more.
   */
  onTimer(socket: number, nowMs: number, silent: InstrumentIndex[]): boolean {
    silent.length = 0;
    let answers = true;
    const members = this.#membersOf(socket);
    for (let index = 0; index < members.length; index++) {
      const instrument = members[index] as InstrumentIndex;
      if (this.#isSilent(instrument, nowMs)) {
        silent.push(instrument);
        this.#silences[instrument] = Math.min(SILENT_DOUBLINGS_MAX, (this.#silences[instrument] as number) + 1);
        this.#renewWhenDue(instrument, nowMs);
      } else if ((this.#dueMs[instrument] as number) <= nowMs && !this.#onDue(instrument)) answers = false;
    }
    return answers;
  }

  /** @returns false when the venue left too many requests for this book unanswered. */
  #onDue(instrument: InstrumentIndex): boolean {
    const phase = this.#phases[instrument];
    if (phase === PHASE.RENEW_WAIT) this.#phases[instrument] = PHASE.RENEW_QUEUED;
    else if (phase === PHASE.REFUSED_WAIT && this.#venueOnline) this.#phases[instrument] = PHASE.QUEUED;
    else if (phase === PHASE.SENT) {
      const unanswered = (this.#unanswered[instrument] as number) + 1;
      this.#unanswered[instrument] = unanswered;
      this.#sendAgain(instrument);
      return unanswered < UNANSWERED_MAX;
    }
    return true;
  }

  #isSilent(instrument: InstrumentIndex, nowMs: number): boolean {
    if (!this.#venueOnline || this.#active[instrument] === 0) return false;
    const phase = this.#phases[instrument];
    if (phase === PHASE.ACKED) return (this.#dueMs[instrument] as number) <= nowMs;
    return phase === PHASE.LIVE && nowMs - (this.#heardMs[instrument] as number) >= this.#settings.instrumentSilenceMs;
  }

  #forgiveSilence(instrument: InstrumentIndex, nowMs: number): void {
    this.#heardMs[instrument] = nowMs;
    if (this.#phases[instrument] === PHASE.ACKED) this.#awaitSnapshot(instrument, nowMs);
  }

  #awaitSnapshot(instrument: InstrumentIndex, nowMs: number): void {
    this.#phases[instrument] = PHASE.ACKED;
    const silences = this.#silences[instrument] as number;
    const { subscribeTimeoutMs: baseMs } = this.#settings;
    const maxMs = baseMs * 2 ** SILENT_DOUBLINGS_MAX;
    // Books that fell silent together are not renewed together; of the first time they are held to the limit itself.
    const jitter = silences === 0 ? 'none' : 'added';
    this.#dueMs[instrument] = nowMs + backOffMs(silences, { baseMs, maxMs, growth: 2, jitter }, this.#chance);
  }

  /** Renews now, or as soon as the last renewal is long enough ago. */
  #renewWhenDue(instrument: InstrumentIndex, nowMs: number): void {
    const dueMs = (this.#renewedMs[instrument] as number) + this.#settings.backoffBaseMs;
    this.#dueMs[instrument] = dueMs;
    this.#phases[instrument] = dueMs <= nowMs ? PHASE.RENEW_QUEUED : PHASE.RENEW_WAIT;
  }

  #beginRenewal(instrument: InstrumentIndex, request: RequestId, nowMs: number): void {
    this.#reset(instrument, PHASE.QUEUED);
    this.#unsubscribe[instrument] = request;
    this.#renewedMs[instrument] = nowMs;
    this.#renewal[instrument] = 1;
  }

  #sendAgain(instrument: InstrumentIndex): void {
    const unsubscribeOpen = this.#unsubscribe[instrument] !== NO_REQUEST;
    this.#phases[instrument] = unsubscribeOpen ? PHASE.RENEW_QUEUED : PHASE.QUEUED;
  }

  #isOfThisRound(instrument: InstrumentIndex, request: RequestId | undefined): boolean {
    const first = this.#firstRequest[instrument] as number;
    return first !== NO_REQUEST && (request === undefined || request >= first);
  }

  /** A new round: no request of before counts any more. */
  #reset(instrument: InstrumentIndex, phase: Phase): void {
    this.#phases[instrument] = phase;
    this.#firstRequest[instrument] = NO_REQUEST;
    this.#unsubscribe[instrument] = NO_REQUEST;
    this.#ackOpen[instrument] = 0;
    this.#unanswered[instrument] = phase === PHASE.QUEUED ? (this.#unanswered[instrument] as number) : 0;
    this.#renewal[instrument] = 0;
  }

  #remove(instrument: InstrumentIndex): void {
    const members = this.#membersOf(this.socketOf(instrument));
    members.splice(members.indexOf(instrument), 1);
    this.#reset(instrument, PHASE.ABSENT);
    this.#sockets[instrument] = NO_SOCKET;
  }

  /** Snapshots asked for that should still come; one that is overdue is not waited for. */
  #snapshotsDue(nowMs: number): number {
    let due = 0;
    for (const members of this.#members) {
      for (const instrument of members) {
        const phase = this.#phases[instrument];
        const isDue = (this.#dueMs[instrument] as number) > nowMs;
        if (isDue && (phase === PHASE.SENT || phase === PHASE.ACKED)) due += 1;
      }
    }
    return due;
  }

  #collect(socket: number, taken: InstrumentIndex[], limit: number, wants: (phase: number) => boolean): void {
    taken.length = 0;
    for (const instrument of this.#membersOf(socket)) {
      if (taken.length >= limit) return;
      if (wants(this.#phases[instrument] as number)) taken.push(instrument);
    }
  }

  #membersOf(socket: number): InstrumentIndex[] {
    while (this.#members.length <= socket) this.#members.push([]);
    return this.#members[socket] as InstrumentIndex[];
  }
}
