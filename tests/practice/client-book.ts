/**
 * A client's books, written from the protocol reference alone and sharing no code with src: maps of digit strings,
 * sorted and cut after every message, checksum over the digits as they were sent.
 */
import { crc32 } from 'node:zlib';
import { bestDigits, changedSide } from './client-ladder.ts';

interface BookMessage {
  symbol: string;
  bids: [price: string, qty: string][];
  asks: [price: string, qty: string][];
  checksum: number;
}

interface Frame {
  channel?: string;
  type?: string;
  data?: unknown;
}

interface RawMessage {
  symbol: string;
  bids: unknown;
  asks: unknown;
  checksum: string;
}

/** Numbers as strings, so that their digits survive. */
export function lexemes(text: string): Frame {
  return JSON.parse(text.replace(/(?<=[:[,])-?\d[\d.eE+-]*(?=[,\]}])/g, '"$&"'));
}

export class ClientBooks {
  verified = 0;
  failed = 0;
  snapshots = 0;
  malformed = 0;
  readonly #depths: Map<string, number>;
  readonly books = new Map<string, { bids: Map<string, string>; asks: Map<string, string> }>();
  /** Symbol and checksum of each book message that verified, in order. */
  readonly seen: string[] = [];

  constructor(depths: Record<string, number>) {
    this.#depths = new Map(Object.entries(depths));
  }

  take(text: string): void {
    let frame: Frame;
    try {
      frame = lexemes(text);
    } catch {
      this.malformed += 1;
      return;
    }
    if (frame.channel !== 'book') return;
    for (const raw of frame.data as RawMessage[]) {
      this.#apply(
        {
          symbol: raw.symbol,
          bids: pairs(raw.bids),
          asks: pairs(raw.asks),
          checksum: Number(raw.checksum),
        },
        frame.type === 'snapshot',
      );
    }
  }

  #apply(message: BookMessage, snapshot: boolean): void {
    if (snapshot) {
      this.snapshots += 1;
      this.books.set(message.symbol, { bids: new Map(), asks: new Map() });
    }
    const book = this.books.get(message.symbol);
    if (book === undefined) return;
    const depth = this.#depths.get(message.symbol) ?? 10;
    book.bids = changedSide(book.bids, message.bids, depth, -1);
    book.asks = changedSide(book.asks, message.asks, depth, 1);
    if (crc32(bestDigits(book.asks) + bestDigits(book.bids)) === message.checksum) {
      this.verified += 1;
      this.seen.push(`${message.symbol} ${message.checksum}`);
    } else this.failed += 1;
  }
}

function pairs(levels: unknown): [string, string][] {
  return (levels as { price: string; qty: string }[]).map(({ price, qty }) => [price, qty]);
}
