/** What the venue tells in frames that carry no book: instruments, its status, and replies to the source's requests. */

import { SYSTEM_STATUSES } from '../../messages/market-messages.ts';
import type { ActorContext } from '../../runtime/actor.ts';
import { instrumentMessageOf } from '../../venues/kraken/market/instrument-message.ts';
import { type VenueReply, venueReplyOf } from '../../venues/kraken/wire/venue-reply.ts';
import type { FrameCounters } from './frame-counters.ts';
import type { InstrumentRegistry } from './instrument-registry.ts';
import type { ConnectionIndex, FrameSource } from './sources/frame-source.ts';
import type { Announcements } from './subscriptions/announcements.ts';

export class VenueNews {
  /** To whom replies go; undefined before there is one. */
  source: FrameSource | undefined;
  readonly #context: ActorContext<'feed'>;
  readonly #registry: InstrumentRegistry;
  readonly #announcements: Announcements;
  readonly #count: FrameCounters;

  constructor(
    context: ActorContext<'feed'>,
    registry: InstrumentRegistry,
    announcements: Announcements,
    count: FrameCounters,
  ) {
    this.#context = context;
    this.#registry = registry;
    this.#announcements = announcements;
    this.#count = count;
  }

  /** @returns what is wrong with the frame, or undefined when it was understood or is of no concern. */
  take(json: unknown, connection: ConnectionIndex): string | undefined {
    if (channelOf(json) === 'instrument') return this.#takeInstruments(json);
    const reply = venueReplyOf(json);
    if (reply !== undefined) {
      this.#takeReply(reply, connection);
      return undefined;
    }
    const channel = channelOf(json);
    if (channel === 'status') {
      this.#announcements.status('unknown'); // a status that cannot be read is none that orders may leave under
      return 'a status without a system';
    }
    return channel === undefined ? 'neither a channel nor a reply' : undefined;
  }

  #takeInstruments(json: unknown): string | undefined {
    const { instruments_max: instrumentsMax, assets_max: assetsMax } = this.#context.config.limits;
    const message = instrumentMessageOf(json, this.#registry.directory, { instrumentsMax, assetsMax });
    if (message === undefined) return 'no instrument message';
    for (const { name, reason } of message.refused) {
      this.#announcements.audit('warn', 'instrument_refused', `${name}: ${reason}`);
    }
    this.#announcements.instruments(message.changes);
    return undefined;
  }

  #takeReply(reply: VenueReply, connection: ConnectionIndex): void {
    const { counters } = this.#context;
    switch (reply.kind) {
      case 'heartbeat':
        counters.add(this.#count.heartbeats, 1);
        break;
      case 'status':
        this.#announcements.status(SYSTEM_STATUSES.find((known) => known === reply.system) ?? 'unknown');
        break;
      case 'pong':
        counters.add(this.#count.pongs, 1);
        break;
      case 'ack':
        if (reply.method === 'subscribe') counters.add(this.#count.subscribe_acks, 1);
        break;
      case 'refusal':
        if (reply.method === 'subscribe') counters.add(this.#count.subscribe_errors, 1);
        break;
      case 'rate_exceeded':
        break;
      default:
        reply satisfies never;
    }
    this.source?.onReply(connection, reply);
  }
}

function channelOf(json: unknown): string | undefined {
  const hasChannel = typeof json === 'object' && json !== null && 'channel' in json;
  return hasChannel && typeof json.channel === 'string' ? json.channel : undefined;
}
