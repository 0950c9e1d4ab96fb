/** What the venue reports in frames that carry no book: instruments, its status, and replies to the source's requests. */

import { SYSTEM_STATUSES } from '../../messages/market-messages.ts';
import type { ActorContext } from '../../runtime/actor.ts';
import type { InstrumentNews, MarketDecoder, VenueReply } from '../../venues/market-data.ts';
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

  /** Takes the newest frame of `decoder`. @returns what is wrong with it, or undefined when it was understood. */
  take(decoder: MarketDecoder, connection: ConnectionIndex): string | undefined {
    const { instruments_max: instrumentsMax, assets_max: assetsMax } = this.#context.config.limits;
    const news = decoder.news(this.#registry.directory, { instrumentsMax, assetsMax });
    switch (news.kind) {
      case 'instruments':
        this.#takeInstruments(news.instruments);
        return undefined;
      case 'reply':
        this.#takeReply(news.reply, connection);
        return undefined;
      case 'status_unread':
        this.#announcements.status('unknown'); // a status that cannot be read is none that orders may leave under
        return news.why;
      case 'unread':
        return news.why;
      case 'other':
        return undefined;
      default:
        return news satisfies never;
    }
  }

  #takeInstruments({ changes, refused }: InstrumentNews): void {
    for (const { name, reason } of refused)
      this.#announcements.audit('warn', 'instrument_refused', `${name}: ${reason}`);
    this.#announcements.instruments(changes);
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
