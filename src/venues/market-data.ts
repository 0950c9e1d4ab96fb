/** A venue's market data as the feed and the book know it: bytes in, neutral frames and news out, texts of requests. */
import type { BookFrame } from '../market/book-frame.ts';
import type { InstrumentChanges, InstrumentDirectory, InstrumentIndex } from '../market/instrument.ts';
import type { SymbolTable } from '../market/symbol-table.ts';
import type { MakeBookProof } from './book-proof.ts';

/** Number that the venue's replies carry back. An integer. */
export type RequestId = number;

/** What a frame turned out to be. */
export const FRAME_KIND = {
  /** Book messages: {@link MarketDecoder.book} has them. */
  BOOK: 1,
  /** Another frame in the venue's notation: {@link MarketDecoder.news} reads it. */
  NEWS: 2,
  /** Not in the venue's notation, or a book frame in a wrong shape: {@link MarketDecoder.why} says what is wrong. */
  MALFORMED: 3,
} as const;

/** What the venue says without being asked, and what answers a ping. */
export type VenueNotice =
  | { readonly kind: 'status'; readonly system: string }
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'pong'; readonly reqId: number | undefined; readonly timeInMs: number; readonly timeOutMs: number }
  | { readonly kind: 'rate_exceeded' };

/** What a frame that carries no market data says. */
export type VenueReply =
  | VenueNotice
  | {
      readonly kind: 'ack' | 'refusal';
      readonly method: string;
      readonly reqId: number | undefined;
      readonly channel: string | undefined;
      readonly symbol: string | undefined;
      /** The venue's words, when refused. */
      readonly error: string | undefined;
    };

/** The venue's list of instruments, or a part of it, checked. */
export interface InstrumentNews {
  readonly changes: InstrumentChanges;
  /** What could not be taken over, and why. */
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
}

/** What a frame without a book says. */
export type MarketNews =
  | { readonly kind: 'instruments'; readonly instruments: InstrumentNews }
  | { readonly kind: 'reply'; readonly reply: VenueReply }
  /** It is about the venue's status, but does not say which: no order may leave under it. */
  | { readonly kind: 'status_unread'; readonly why: string }
  /** It carries nothing that is used. */
  | { readonly kind: 'other' }
  /** It says nothing that is known. */
  | { readonly kind: 'unread'; readonly why: string };

/** How many instruments and assets there is room for. */
export interface ListBounds {
  readonly instrumentsMax: number;
  readonly assetsMax: number;
}

/** Reads frames. One per feed; what it returns is valid until the next frame. */
export interface MarketDecoder {
  /** Book messages of the newest frame. */
  readonly book: BookFrame;
  /** What is wrong with the newest malformed frame. */
  readonly why: string;
  /** Whether `bytes[start … end)` is a book frame in the venue's usual form; {@link book} has it then. The tick path. */
  scan(bytes: Uint8Array, start: number, end: number): boolean;
  /** As {@link scan}, for a frame that stands as the inside of a JSON string, as captures have it. */
  scanEscaped(bytes: Uint8Array, start: number, end: number): boolean;
  /** Reads any frame. @returns a FRAME_KIND. Never throws. */
  decodeGeneral(text: string): number;
  /** What the newest frame of kind NEWS says. */
  news(directory: InstrumentDirectory, bounds: ListBounds): MarketNews;
  /** Instruments whose symbol stands in a frame that could not be read. Empty when none can be recognised. */
  instrumentsIn(bytes: Uint8Array, start: number, end: number): InstrumentIndex[];
}

/** Texts of requests to the venue's public socket. */
export interface MarketRequests {
  /** Asks for every asset and pair, and for their changes. */
  readonly subscribeInstrument: (reqId: RequestId) => string;
  /** Asks for the books of `symbols` with `depth` levels a side. */
  readonly subscribeBook: (symbols: readonly string[], depth: number, reqId: RequestId) => string;
  /** Ends the books of `symbols`, at the depth they were subscribed with. */
  readonly unsubscribeBook: (symbols: readonly string[], depth: number, reqId: RequestId) => string;
  /** The venue's own ping; its pong says when it was read and answered. */
  readonly ping: (reqId: RequestId) => string;
}

/** Decimals of an instrument's prices and quantities. */
export interface Precisions {
  readonly price: number;
  readonly qty: number;
}

/** Reads the precisions of an instrument that was never announced off its snapshot: captures often lack the list. */
export interface PrecisionInference {
  /** Precisions that go with snapshot `message`; undefined when it has no level. */
  infer(book: BookFrame, message: number): Precisions | undefined;
  /** Whether snapshot `message` goes with these precisions. */
  isRight(book: BookFrame, message: number, precisions: Precisions): boolean;
}

/** What a refusal of a subscription means. */
export type RefusalMeaning = 'already_subscribed' | 'final' | 'other';

export interface MarketData {
  readonly makeDecoder: (symbols: SymbolTable) => MarketDecoder;
  readonly requests: MarketRequests;
  readonly precisions: PrecisionInference;
  /** What the venue's text of a refusal means: `final` is one that no repetition changes. */
  readonly meaningOfRefusal: (error: string) => RefusalMeaning;
  readonly makeProof: MakeBookProof;
  /** Levels a side that the proof vouches for; readers trust no others. */
  readonly provenLevels: number;
}
