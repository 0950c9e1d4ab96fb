import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BookFrame } from '../../../src/market/book-frame.ts';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { SymbolTable } from '../../../src/market/symbol-table.ts';
import { seededChance } from '../../../src/platform/chance.ts';
import { FrameDecoder } from '../../../src/venues/kraken/market/frame-decoder.ts';
import { FRAME_KIND } from '../../../src/venues/market-data.ts';
import { CAPTURES, capturePath, fixturePath, framesOf } from '../../support/captures.ts';
import { heapAfterCollection } from '../../support/heap.ts';
import { mutateFrame } from '../../support/mutate-frame.ts';

const SYMBOLS = ['BTC/USD', 'ETH/USD', 'XRP/USD', 'MATIC/USD', 'ETH/BTC'];

function createDecoder(): FrameDecoder {
  const table = new SymbolTable();
  SYMBOLS.forEach((symbol, index) => void table.add(symbol, instrumentIndex(index)));
  return new FrameDecoder(table);
}

/** Everything a frame says, in plain data. */
function contentOf(book: BookFrame) {
  return Array.from({ length: book.messageCount }, (_, message) => ({
    instrument: book.instruments[message],
    symbol: book.instruments[message] === -1 ? book.symbols[message] : '',
    isSnapshot: book.isSnapshot[message],
    checksum: book.checksums[message],
    levels: Array.from(
      { length: (book.firstLevels[message + 1] ?? 0) - (book.firstLevels[message] ?? 0) },
      (__, index) => {
        const level = (book.firstLevels[message] ?? 0) + index;
        const number = (at: number) => [book.large.get(at) ?? BigInt(book.digits[at] ?? -1), book.decimals[at]];
        return [book.sides[level], ...number(2 * level), ...number(2 * level + 1)];
      },
    ),
  }));
}

/** What each way makes of a frame: from its bytes, from its bytes inside a JSON string, from its JSON. */
function threeWays(text: string) {
  const decoder = createDecoder();
  const bytes = Buffer.from(text);
  const outcome = (kind: number) => ({ kind, content: kind === FRAME_KIND.BOOK ? contentOf(decoder.book) : undefined });
  const general = outcome(decoder.decodeGeneral(text));
  const escaped = Buffer.from(JSON.stringify(text).slice(1, -1));
  const fast = decoder.scan(bytes, 0, bytes.length) ? outcome(FRAME_KIND.BOOK) : undefined;
  const inString = decoder.scanEscaped(escaped, 0, escaped.length) ? outcome(FRAME_KIND.BOOK) : undefined;
  return { general, fast, inString };
}

const book = (type: string, bids: string, asks: string, checksum = '1') =>
  `{"channel":"book","type":"${type}","data":[{"symbol":"BTC/USD","bids":[${bids}],"asks":[${asks}],"checksum":${checksum}}]}`;
const level = (price: string, qty: string) => `{"price":${price},"qty":${qty}}`;

describe('frame decoder', () => {
  test.each(CAPTURES)(
    'reads every book frame of $name from its bytes exactly as from its JSON',
    async ({ name, bookMessages }) => {
      let books = 0;
      for (const frame of await framesOf(capturePath(name))) {
        const { general, fast, inString } = threeWays(Buffer.from(frame.bytes).toString());
        if (general.kind !== FRAME_KIND.BOOK) {
          expect(fast).toBeUndefined();
          continue;
        }
        books++;
        expect(fast).toEqual(general);
        expect(inString).toEqual(general);
      }
      expect(books).toBe(bookMessages);
    },
  );

  test('reads frames in any valid form, with the same content as in the usual one', () => {
    const usual = threeWays(book('update', level('1.50', '0.00000001'), level('2.0', '3'))).general;
    const spaced = `{ "type" : "update", "channel":"book", "extra":[1,{"a":null}], "data":[ {"checksum":1,
      "asks":[{"qty":3,"price":2.0,"more":true}], "bids":[{"price":"1.50","qty":0.00000001}], "symbol":"BTC\\/USD"} ] }`;
    expect(threeWays(spaced)).toEqual({ general: usual, fast: undefined, inString: undefined });
  });

  test('reads the frames of a float parser, pretty-printed or not', () => {
    const { init, updates } = JSON.parse(
      gunzipSync(readFileSync(fixturePath('sdk_orderbook_v2.json.gz'))).toString(),
    ) as {
      init: unknown;
      updates: unknown[];
    };
    for (const message of [init, ...updates]) {
      const { general, fast } = threeWays(JSON.stringify(message));
      expect(general.kind).toBe(FRAME_KIND.BOOK);
      expect(threeWays(JSON.stringify(message, undefined, 2)).general).toEqual(general);
      if (fast !== undefined) expect(fast).toEqual(general);
    }
  });

  test.each([
    ['1e-08', 1n, 8],
    ['1E-8', 1n, 8],
    ['1.25e+2', 125n, 0],
    ['12e3', 12000n, 0],
    ['0.00000001', 1n, 8],
    ['123456789012345.67890', 12345678901234567890n, 5],
    ['9007199254740993', 9007199254740993n, 0],
    ['0', 0n, 0],
    ['0.00000000', 0n, 8],
  ])('%s keeps its digits and decimals', (lexeme, digits, decimals) => {
    const { general, fast, inString } = threeWays(book('update', level('1', lexeme), ''));
    expect(general.content?.[0]?.levels[0]?.slice(3)).toEqual([digits, decimals]);
    expect(fast).toEqual(general);
    expect(inString).toEqual(general);
  });

  test.each([['-1'], ['01'], ['1.'], ['.5'], ['1e'], ['+1'], ['NaN'], ['1e999'], ['null'], ['"1,5"'], ['true'], ['']])(
    '%s is no number of a market',
    (lexeme) => {
      const { general, fast, inString } = threeWays(book('update', level('1', lexeme), ''));
      expect(general.kind).toBe(FRAME_KIND.MALFORMED);
      expect([fast, inString]).toEqual([undefined, undefined]);
    },
  );

  test.each([['4294967296'], ['-1'], ['1.5'], ['01'], ['12345678901']])('%s is no checksum', (checksum) => {
    const { general, fast } = threeWays(book('update', '', '', checksum));
    expect(general.kind).toBe(FRAME_KIND.MALFORMED);
    expect(fast).toBeUndefined();
  });

  test('scales to the instrument exactly, or says that it does not fit', () => {
    const decimals = fc.tuple(fc.bigInt(0n, 10n ** 20n), fc.nat({ max: 12 }), fc.nat({ max: 12 }));
    fc.assert(
      fc.property(decimals, ([digits, written, precision]) => {
        const frame = new BookFrame();
        const padded = digits.toString().padStart(written + 1, '0');
        const point = padded.length - written;
        frame.addLevel(0);
        frame.setLexeme(0, written === 0 ? padded : `${padded.slice(0, point)}.${padded.slice(point)}`);
        frame.setLexeme(1, '0');
        frame.endMessage(instrumentIndex(0), '', false);
        const exact = digits * 10n ** BigInt(precision);
        const unit = 10n ** BigInt(written);
        const fits = exact % unit === 0n && exact / unit < 2n ** 53n;
        expect(frame.scale(0, precision, 0)).toBe(fits);
        if (fits) expect(frame.large.get(0) ?? BigInt(frame.digits[0] ?? -1)).toBe(exact / unit);
      }),
      { numRuns: 2_000 },
    );
  });

  test('names the books that a frame cut short was about', () => {
    const decoder = createDecoder();
    const bytes = Buffer.from('{"channel":"book","data":[{"symbol":"ETH/USD","bids":[]},{"symbol": "XRP/USD","bi');
    expect(decoder.decode(bytes, 0, bytes.length)).toBe(FRAME_KIND.MALFORMED);
    expect(decoder.instrumentsIn(bytes, 0, bytes.length)).toEqual([1, 2]);
  });

  test('a million mutated frames: nothing thrown, and what is read from bytes reads the same from JSON', async () => {
    const seed = 20261121;
    console.log(`mutated frames: seed ${seed}`);
    const chance = seededChance(seed);
    const frames = (await framesOf(capturePath('ws2_book_d25_BTCUSD_20260802'))).map((frame) => frame.bytes);
    const others = (await framesOf(capturePath('derived_ws2_d10_bitflyer_20210722'))).map((frame) => frame.bytes);
    const corpus = [...frames, ...others].filter((bytes) => bytes.length < 1_500);
    const decoder = createDecoder();
    const work = Buffer.alloc(8_192);
    const kinds = [0, 0, 0, 0];
    let compared = 0;
    const heapBefore = heapAfterCollection();
    for (let round = 0; round < 1_000_000; round++) {
      const length = mutateFrame(corpus[chance.integer(corpus.length)] as Uint8Array, work, chance);
      const kind = decodeLightly(decoder, work, length, round);
      kinds[kind] = (kinds[kind] as number) + 1;
      if (kind !== FRAME_KIND.BOOK || round % 40 !== 0) continue;
      const content = contentOf(decoder.book);
      expect(decoder.decodeGeneral(work.toString('utf8', 0, length))).toBe(FRAME_KIND.BOOK);
      expect(contentOf(decoder.book)).toEqual(content);
      compared++;
    }
    expect(kinds.every((count, kind) => kind === 0 || count > 1_000)).toBe(true);
    expect(compared).toBeGreaterThan(1_000);
    expect(heapAfterCollection() - heapBefore).toBeLessThan(16e6);
  });
});

/** The general way costs ten times as much: every frame goes through the scanner, one in eight of the others on to JSON. */
function decodeLightly(decoder: FrameDecoder, work: Buffer, length: number, round: number): number {
  if (decoder.scan(work, 0, length)) return FRAME_KIND.BOOK;
  if (round % 8 !== 0) return 0;
  return decoder.decodeGeneral(work.toString('utf8', 0, length));
}
