import { describe, expect, test } from 'vitest';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { CAPTURES, NaiveBook, readStream } from '../../support/book-messages.ts';
import { BookStage } from './stage.ts';

describe('book actor on genuine captures', () => {
  test.each(CAPTURES)('every checksum of $name verifies, and every published book is the true one', (capture) => {
    const { messages, precisions } = readStream(capture.name);
    expect(messages.length).toBe(capture.messages);
    const stage = new BookStage({ config: { venue: { depth: capture.depth } } });
    stage.feed.announce(precisions);
    const truth = new Map([...precisions].map(([symbol, p]) => [symbol, new NaiveBook(p, capture.depth)]));
    let topsSeen = 0;
    for (const message of messages) {
      const seq = stage.feed.send(message);
      stage.run();
      const naive = truth.get(message.symbol)!;
      naive.apply(message);
      const version = stage.asOf(instrumentIndex(stage.feed.indexOf(message.symbol)), seq)!;
      expect(version.seq).toBe(seq);
      expect([version.bids, version.asks]).toEqual([naive.levels(0), naive.levels(1)]);
      for (const top of stage.tops().filter(({ valid }) => valid)) {
        topsSeen++;
        expect(top.bid).toEqual((version.bids[0] ?? [0n, 0n]).map(Number));
        expect(top.ask).toEqual((version.asks[0] ?? [0n, 0n]).map(Number));
      }
    }
    expect(topsSeen).toBe(capture.messages);
    expect(stage.counters).toMatchObject({
      book_messages: capture.messages,
      checksums_verified: capture.messages,
      checksums_failed: 0,
      checksums_skipped: 0,
      invalidations: 0,
      books_valid: new Set(messages.map(({ symbol }) => symbol)).size,
      handled_seq: capture.messages + 1,
    });
    expect(stage.resyncs()).toEqual([]);
  });
});
