// A file of its own: code that other tests have fed with other shapes is compiled differently.

import { expect, test } from 'vitest';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { SymbolTable } from '../../../src/market/symbol-table.ts';
import { FrameDecoder } from '../../../src/venues/kraken/market/frame-decoder.ts';
import { capturePath, framesOf } from '../../support/captures.ts';
import { heapAfterCollection } from '../../support/heap.ts';

const FRAMES_BOOK = 2_052;
const LAPS = 500;

test('frame decoder: reading a million book frames from their bytes makes no garbage', async () => {
  const frames = (await framesOf(capturePath('ws2_book_d25_BTCUSD_20260802'))).map((frame) => frame.bytes);
  const symbols = new SymbolTable();
  symbols.add('BTC/USD', instrumentIndex(0));
  const decoder = new FrameDecoder(symbols);
  let books = 0;
  const decodeAll = () => {
    for (const bytes of frames) {
      if (!decoder.scan(bytes, 0, bytes.length)) continue;
      for (let message = 0; message < decoder.book.messageCount; message++) decoder.book.scale(message, 1, 8);
      books++;
    }
  };
  for (let lap = 0; lap < 200; lap++) decodeAll(); // until it is compiled
  books = 0;
  const before = heapAfterCollection();
  for (let lap = 0; lap < LAPS; lap++) decodeAll();
  // Not collected before it is read: whatever was allocated meanwhile counts.
  const bytesPerFrame = (process.memoryUsage().heapUsed - before) / books;
  expect(books).toBe(LAPS * FRAMES_BOOK);
  // The least object takes 12 bytes. The test runner allocates a little on the same heap meanwhile.
  expect(bytesPerFrame).toBeLessThan(6);
});
