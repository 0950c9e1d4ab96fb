/** A client's books of the first version, written from the venue's guide alone and sharing no code with src. */
import { crc32 } from 'node:zlib';
import { bestDigits, changedSide } from '../client-ladder.ts';

type Row = [price: string, qty: string, time: string, flag?: string];
interface Part {
  as?: Row[];
  bs?: Row[];
  a?: Row[];
  b?: Row[];
  c?: string;
}
interface Sides {
  bids: Map<string, string>;
  asks: Map<string, string>;
}

export class V1Books {
  verified = 0;
  failed = 0;
  snapshots = 0;
  republished = 0;
  readonly books = new Map<string, Sides>();

  /** Takes any frame; what is none of a book is left alone. */
  take(frame: unknown): void {
    if (!Array.isArray(frame)) return;
    const [name, pair] = frame.slice(-2) as [string, string];
    const depth = /^book-(\d+)$/.exec(name)?.[1];
    if (depth !== undefined) this.#apply(pair, Number(depth), frame.slice(1, -2) as Part[]);
  }

  #apply(pair: string, depth: number, parts: Part[]): void {
    const book = this.books.get(pair) ?? { bids: new Map(), asks: new Map() };
    for (const { as, bs, a = as, b = bs } of parts) {
      if (as !== undefined) book.asks.clear();
      if (bs !== undefined) book.bids.clear();
      for (const row of [...(a ?? []), ...(b ?? [])]) if (row[3] === 'r') this.republished++;
      book.asks = changedSide(book.asks, a ?? [], depth, 1);
      book.bids = changedSide(book.bids, b ?? [], depth, -1);
    }
    this.books.set(pair, book);
    const checksum = parts.find(({ c }) => c !== undefined)?.c;
    if (checksum === undefined) this.snapshots++;
    else if (crc32(bestDigits(book.asks) + bestDigits(book.bids)) === Number(checksum)) this.verified++;
    else this.failed++;
  }
}
