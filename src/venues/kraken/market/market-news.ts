/** What a frame of the public socket says that carries no book: instruments, the venue's status, replies. */
import type { InstrumentDirectory } from '../../../market/instrument.ts';
import type { ListBounds, MarketNews } from '../../market-data.ts';
import { venueReplyOf } from '../wire/venue-reply.ts';
import { instrumentMessageOf } from './instrument-message.ts';

/** Reads a parsed frame. */
export function newsOf(json: unknown, directory: InstrumentDirectory, bounds: ListBounds): MarketNews {
  const channel = channelOf(json);
  if (channel === 'instrument') {
    const instruments = instrumentMessageOf(json, directory, bounds);
    return instruments === undefined
      ? { kind: 'unread', why: 'no instrument message' }
      : { kind: 'instruments', instruments };
  }
  const reply = venueReplyOf(json);
  if (reply !== undefined) return { kind: 'reply', reply };
  if (channel === 'status') return { kind: 'status_unread', why: 'a status without a system' };
  return channel === undefined ? { kind: 'unread', why: 'neither a channel nor a reply' } : { kind: 'other' };
}

function channelOf(json: unknown): string | undefined {
  const hasChannel = typeof json === 'object' && json !== null && 'channel' in json;
  return hasChannel && typeof json.channel === 'string' ? json.channel : undefined;
}
