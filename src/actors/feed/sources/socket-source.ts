/**
 * Live market data: frames from the venue's public sockets. The first socket also brings the list of instruments; from it
 * follows which books to subscribe, spread over as many sockets as they need.
 *
 * Replies come in while the router is still at its frame, so they are noted and acted upon when it is done.
 */

import { type Instrument, InstrumentDirectory, type InstrumentIndex } from '../../../market/instrument.ts';
import { SlidingWindow } from '../../../net/limiters/sliding-window.ts';
import { nodeSockets } from '../../../net/node-sockets.ts';
import { tlsOptions } from '../../../net/tls-options.ts';
import type { SocketPort } from '../../../net/transport.ts';
import { arbitradeError } from '../../../platform/errors.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import type { MarketData, VenueReply } from '../../../venues/market-data.ts';
import { venueNamed } from '../../../venues/registry.ts';
import { AuditOutbox } from '../audit-outbox.ts';
import { FeedMemory } from '../feed-memory.ts';
import { PHASE } from '../subscriptions/subscription-phase.ts';
import { planSubscriptions, socketWithRoom } from '../subscriptions/subscription-plan.ts';
import { SubscriptionTable } from '../subscriptions/subscription-table.ts';
import type { ConnectionIndex, FrameSink, FrameSource } from './frame-source.ts';
import { type SocketDeps, VenueSocket } from './venue-socket.ts';

type Context = ActorContext<'feed'>;
type Answer = Extract<VenueReply, { kind: 'ack' | 'refusal' }>;

/** Source of a live run. Nothing is opened before `start`. */
export function createSocketSource(context: Context): FrameSource {
  return new SocketSource(context);
}

class SocketSource implements FrameSource {
  readonly #context: Context;
  readonly #market: MarketData;
  readonly #audits: AuditOutbox;
  readonly #table: SubscriptionTable;
  readonly #directory = new InstrumentDirectory();
  readonly #sockets: VenueSocket[] = [];
  readonly #unknown = new Set<string>();
  #deps: SocketDeps | undefined;
  #noted: (() => void)[] = [];
  #logPosition = 0;
  #requests = 0;
  #system = 'online';
  #isStopping = false;

  constructor(context: Context) {
    const { venue, limits } = context.config;
    this.#context = context;
    this.#market = venueNamed(venue.name).market;
    this.#audits = new AuditOutbox(context.records);
    const settings = {
      symbolsPerMessage: venue.symbols_per_message,
      subscribeTimeoutMs: venue.subscribe_timeout_ms,
      instrumentSilenceMs: venue.instrument_silence_ms,
      backoffBaseMs: venue.backoff_base_ms,
      backoffMaxMs: venue.backoff_max_ms,
      // Half of the ring for snapshots of both sides in full depth, the other half for the updates that follow them.
      snapshotsMax: Math.max(1, Math.floor(limits.deltas_ring / 2 / (2 * venue.depth))),
    };
    this.#table = new SubscriptionTable(limits.instruments_max, settings, context.chance);
  }

  start(sink: FrameSink): void {
    this.#deps = {
      context: this.#context,
      requests: this.#market.requests,
      sink,
      sockets: socketsOf(this.#context),
      table: this.#table,
      audits: this.#audits,
      budget: budgetOf(this.#context),
      symbolOf: (instrument) => this.#directory.instruments[instrument]?.symbol ?? '',
      nextRequest: () => ++this.#requests,
      isVenueOnline: () => this.#system === 'online',
      afterFrame: () => this.#actOnNotes(),
    };
    this.#socket(0).start();
    this.#takeOverInstruments([]); // a successor knows them already
    if (this.#context.isSuccessor) this.#voidAll();
  }

  poll(): number {
    return 0;
  }

  onTimer(): void {
    this.#audits.flush();
    this.#actOnNotes();
    const nowMs = this.#nowMs();
    for (const socket of this.#sockets) {
      socket.onTimer(nowMs);
      if (this.#isIdle(socket)) void socket.stop();
    }
    this.#watchRefusals(nowMs);
  }

  /** @throws MARKET_DATA_REFUSED when a socket has been refused for so long that waiting is no answer any more. */
  #watchRefusals(nowMs: number): void {
    const { counters, config } = this.#context;
    const refusals = this.#sockets.map(({ refusal }) => refusal).filter((refusal) => refusal !== undefined);
    const [first, ...others] = refusals.toSorted((a, b) => a.sinceMs - b.sinceMs);
    counters.set(counters.at('refused_since_ns'), first === undefined ? 0 : Math.max(1, first.sinceMs * 1e6));
    if (first === undefined) return;
    const refusedMs = Math.round(nowMs - first.sinceMs);
    if (refusedMs < config.venue.refused_give_up_ms) return;
    const why = others.length === 0 ? first.why : `${first.why}; ${others.length} more sockets`;
    throw arbitradeError('MARKET_DATA_REFUSED', config.venue.public_url, refusedMs, why);
  }

  onReply(connection: ConnectionIndex, reply: VenueReply): void {
    if (reply.kind === 'heartbeat') return;
    this.#noted.push(() => this.#takeReply(connection, reply));
  }

  onBookMessage(connection: ConnectionIndex, instrument: InstrumentIndex, isSnapshot: boolean): void {
    const socket = this.#sockets[connection];
    if (socket !== undefined) this.#table.onBookMessage(instrument, isSnapshot, socket.frameMs);
  }

  onInstruments(changed: readonly Instrument[]): void {
    this.#noted.push(() => this.#takeOverInstruments(changed));
  }

  resync(instrument: InstrumentIndex): boolean {
    const nowMs = this.#nowMs();
    if (!this.#table.renew(instrument, nowMs)) return false;
    this.#sockets[this.#table.socketOf(instrument)]?.sendDue(nowMs);
    return true;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#sockets.map((socket) => socket.stop()));
  }

  /** The connections of a predecessor died with it. */
  #voidAll(): void {
    for (const { index } of this.#sockets) {
      for (const instrument of this.#table.membersOf(index)) this.#sink.onInstrumentVoid(instrument, 'disconnected');
    }
  }

  #actOnNotes(): void {
    if (this.#noted.length === 0) return;
    const noted = this.#noted;
    this.#noted = [];
    for (const act of noted) act();
  }

  #takeReply(connection: ConnectionIndex, reply: VenueReply): void {
    const socket = this.#sockets[connection];
    if (socket === undefined) return;
    const nowMs = this.#nowMs();
    if (reply.kind === 'status') this.#takeStatus(reply.system, nowMs);
    else if (reply.kind === 'pong') socket.onPong(reply);
    else if (reply.kind === 'rate_exceeded') socket.onRateExceeded(nowMs);
    else if (reply.kind !== 'heartbeat') this.#takeAnswer(socket, reply, nowMs);
    socket.sendDue(nowMs);
  }

  #takeStatus(system: string, nowMs: number): void {
    this.#system = system;
    this.#table.setVenueOnline(system === 'online', nowMs);
  }

  #takeAnswer(socket: VenueSocket, answer: Answer, nowMs: number): void {
    const instruments = answer.symbol === undefined ? socket.instrumentsAsked(answer.reqId, answer.channel) : undefined;
    if (instruments === undefined) {
      for (const instrument of this.#instrumentsOf(socket, answer)) this.#takeBookAnswer(answer, instrument, nowMs);
    } else if (answer.kind === 'ack') {
      instruments.onAcked();
    } else {
      instruments.onRefused(nowMs);
      this.#reportRefusal('instrument', answer.error ?? 'no reason given', undefined);
    }
  }

  /** The books an answer is about: the one it names, or all of its request when it names none. */
  #instrumentsOf(socket: VenueSocket, { symbol, reqId }: Answer): readonly InstrumentIndex[] {
    if (symbol === undefined) return reqId === undefined ? [] : this.#table.inRequest(socket.index, reqId);
    const instrument = this.#directory.instrumentNamed(symbol);
    const isHere = instrument !== undefined && this.#table.socketOf(instrument.index) === socket.index;
    return isHere ? [instrument.index] : [];
  }

  #takeBookAnswer({ kind, method, reqId, error }: Answer, instrument: InstrumentIndex, nowMs: number): void {
    const why = error ?? 'no reason given';
    const meaning = this.#market.meaningOfRefusal(why);
    if (method === 'unsubscribe') this.#table.onUnsubscribed(instrument, reqId);
    else if (kind === 'ack') this.#table.onAcked(instrument, reqId, nowMs);
    else if (meaning === 'already_subscribed') this.#table.onAlreadySubscribed(instrument, reqId, nowMs);
    else this.#takeRefusal(instrument, reqId, why, meaning === 'final', nowMs);
  }

  #takeRefusal(
    instrument: InstrumentIndex,
    reqId: number | undefined,
    error: string,
    isFinal: boolean,
    nowMs: number,
  ): void {
    const outcome = this.#table.onRefused(instrument, reqId, isFinal, nowMs);
    if (outcome === 'ignored') return;
    this.#sink.onInstrumentVoid(instrument, 'subscription_refused');
    const what = this.#directory.instruments[instrument]?.symbol ?? `instrument ${instrument}`;
    this.#reportRefusal(what, outcome === 'final' ? `${error}; not asked for again` : error, instrument);
  }

  #reportRefusal(what: string, why: string, instrument: InstrumentIndex | undefined): void {
    const { message } = arbitradeError('VENUE_REFUSED', `the subscription of ${what}`, why);
    this.#reportNoBook(message, instrument);
  }

  #reportNoBook(text: string, instrument: InstrumentIndex | undefined): void {
    this.#context.log('warn', 'subscription_refused', text);
    const where = instrument === undefined ? {} : { instrument };
    this.#audits.write('subscription_refused', { severity: 1, text, ...where });
  }

  /** Takes over what the instrument log has (assets, and a predecessor's instruments), then what just changed. */
  #takeOverInstruments(changed: readonly Instrument[]): void {
    const known = [...this.#directory.instruments];
    const { instrumentLog } = this.#context;
    while (this.#logPosition < instrumentLog.used) {
      const { changes, next } = instrumentLog.read(this.#logPosition);
      this.#directory.apply(changes);
      this.#logPosition = next;
    }
    this.#directory.apply({ assets: [], instruments: changed });
    this.#onDirectoryChanged(known);
  }

  #onDirectoryChanged(known: readonly Instrument[]): void {
    const nowMs = this.#nowMs();
    let isPlanOld = false;
    for (const instrument of this.#directory.instruments) {
      const before = instrument === undefined ? undefined : known[instrument.index];
      if (instrument === undefined || instrument === before) continue;
      this.#table.setActive(instrument.index, instrument.status === 'online', nowMs);
      if (before?.status === instrument.status) continue;
      isPlanOld = true;
      if (before !== undefined) this.#table.retryRefused(instrument.index, this.#isOpen(instrument.index));
    }
    if (isPlanOld && !this.#isStopping) this.#followPlan();
    for (const socket of this.#sockets) socket.sendDue(nowMs);
  }

  #followPlan(): void {
    const followed = this.#sockets.flatMap((socket) => [...this.#table.membersOf(socket.index)]);
    const { wanted, unknown } = planSubscriptions(this.#directory, this.#context.config, followed);
    const isWanted = new Set(wanted);
    for (const instrument of followed) {
      if (isWanted.has(instrument) || this.#table.phaseOf(instrument) === PHASE.LEAVING) continue;
      this.#table.leave(instrument);
      this.#sink.onInstrumentVoid(instrument, 'not_online');
    }
    for (const instrument of wanted) {
      if (this.#table.phaseOf(instrument) === PHASE.ABSENT) this.#follow(instrument);
    }
    for (const symbol of unknown) this.#reportUnknown(symbol);
  }

  #follow(instrument: InstrumentIndex): void {
    const loads = this.#sockets.map((socket) => this.#loadOf(socket));
    const socket = this.#socket(socketWithRoom(loads, this.#context.config.venue.symbols_per_socket));
    this.#table.follow(instrument, socket.index, socket.isOpen);
    if (socket.state === 'idle' || socket.state === 'stopped') socket.start();
  }

  /** Books on a socket; -1 when nothing may be put on it. */
  #loadOf({ state, index }: VenueSocket): number {
    return state === 'refused' || state === 'closing' ? -1 : this.#table.membersOf(index).length;
  }

  #reportUnknown(symbol: string): void {
    if (this.#unknown.has(symbol)) return;
    this.#unknown.add(symbol);
    this.#reportNoBook(arbitradeError('INSTRUMENT_UNKNOWN', symbol).message, undefined);
  }

  /** A socket without a subscription would be closed by the venue. */
  #isIdle(socket: VenueSocket): boolean {
    return socket.index > 0 && socket.isOpen && this.#table.membersOf(socket.index).length === 0;
  }

  #isOpen(instrument: InstrumentIndex): boolean {
    return this.#sockets[this.#table.socketOf(instrument)]?.isOpen === true;
  }

  /** The socket with this number; a new one if it is the next. */
  #socket(index: ConnectionIndex): VenueSocket {
    const socket = this.#sockets[index];
    if (socket !== undefined) return socket;
    const created = new VenueSocket(index, this.#started);
    this.#sockets.push(created);
    return created;
  }

  get #started(): SocketDeps {
    if (this.#deps === undefined) throw new Error('the source has not been started');
    return this.#deps;
  }

  get #sink(): FrameSink {
    return this.#started.sink;
  }

  #nowMs(): number {
    return this.#context.clock.nowNs() / 1e6;
  }
}

/**
 * How often sockets may be opened: Kraken's proxy refuses an address for ten minutes after about 150 attempts in ten
 * minutes (protocol reference 1.2). One budget for all sockets, in memory that outlives the actor, so that one that is
 * restarted again and again does not spend it again and again.
 */
function budgetOf({ config, ownMemory }: Context): SlidingWindow {
  const { connects_per_window: max, connect_window_ms } = config.venue;
  const slots = new FeedMemory(ownMemory).connectAttempts(SlidingWindow.bytesFor(max));
  return new SlidingWindow({ max, spanNs: connect_window_ms * 1e6 }, slots);
}

/** Sockets on the network, unless the host has its own. */
function socketsOf({ clock, config, options }: Context): SocketPort {
  const { frame_bytes_max: frameBytesMax, connect_timeout_ms: connectTimeoutMs, tls_pins } = config.venue;
  const limits = { frameBytesMax, connectTimeoutMs, tls: tlsOptions(tls_pins) };
  return options.transport?.sockets ?? nodeSockets(clock, limits);
}
