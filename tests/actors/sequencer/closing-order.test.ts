import { describe, expect, test } from 'vitest';
import { type ClosingTerms, closingOrder } from '../../../src/actors/sequencer/decisions/closing-order.ts';
import { barOf } from '../../../src/actors/sequencer/decisions/closing-routes.ts';
import { newPlan } from '../../../src/actors/sequencer/decisions/new-plan.ts';
import { NewestBooks } from '../../../src/actors/sequencer/model/newest-books.ts';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { LADDER_LEGS } from '../../../src/market/legs/ladder-legs.ts';
import { lots, NO_UNITS, units } from '../../../src/money/money.ts';
import { monotonicNs } from '../../../src/platform/time.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import { BTC_USD, ETH_BTC, ETH_USD, GOOD_BOOKS, stageSequencer, USD } from './sequencer-stage.ts';

/** A plan that has bought 0.01 BTC and holds it, on books that were just heard. */
function holding(held = units(100_000_000n)) {
  const stage = stageSequencer();
  const { legs, startUnits, endUnits } = stage.opportunity()!;
  const sent = { seq: 9, ordinal: 0, stampNs: monotonicNs(0), isSized: true, firstLots: lots(1_000_000n) };
  const standing = {
    ok: true,
    startAsset: USD,
    startUnits,
    endUnits,
    lots: [lots(1_000_000n)],
    reservedUnits: [NO_UNITS],
    plannedUnits: [NO_UNITS],
  } as const;
  const plan = newPlan(1, false, { ...sent, startUnits, endUnits, legs }, standing, monotonicNs(0));
  plan.heldUnits[1] = held;
  const books = new NewestBooks(
    openTable(stage.memory, 'book_table', 'book'),
    openTable(stage.memory, 'instrument_log', 'feed'),
    LADDER_LEGS,
  );
  const close = (terms: Partial<ClosingTerms> = {}) =>
    closingOrder(plan, books, {
      shortfall: 'cheapest',
      collarBps: 10,
      lossMaxBps: 200,
      stockAt: () => undefined,
      whyNot: () => undefined,
      heardSinceNs: monotonicNs(0),
      ...terms,
    });
  return { stage, plan, close };
}

const WAYS = [BTC_USD, ETH_BTC, ETH_USD];

describe('closing out', () => {
  test('is ordered over a way whose books were heard', () => {
    expect(holding().close()).toMatchObject({ kind: 'order' });
  });

  test('on books of which nothing was heard for too long waits, and says so', () => {
    const { stage, close } = holding();
    const heardSinceNs = stage.clock.nowNs() + 1;
    expect(close({ heardSinceNs: monotonicNs(heardSinceNs) })).toEqual({ kind: 'wait', reason: 'book_stale' });
    stage.voidBook(ETH_BTC); // of the way on it would be more to be said; the way back is only stale
    expect(close({ heardSinceNs: monotonicNs(heardSinceNs) })).toEqual({ kind: 'wait', reason: 'book_stale' });
  });

  test('without a book on any way waits, and says so', () => {
    const { stage, close } = holding();
    for (const instrument of WAYS) stage.voidBook(instrumentIndex(instrument));
    expect(close()).toEqual({ kind: 'wait', reason: 'book_invalid' });
  });

  test.each(['not_tradable', 'instrument_busy', 'no_room'] as const)(
    'over pairs that take no order now waits, and says that it is %s',
    (reason) => {
      expect(holding().close({ whyNot: () => reason })).toEqual({ kind: 'wait', reason });
    },
  );

  test('over ways that the venue has all refused waits, and says so', () => {
    const { plan, close } = holding();
    for (const [position] of plan.legs.entries()) plan.barred |= barOf(position, false);
    expect(close()).toEqual({ kind: 'wait', reason: 'order_refused' });
  });

  test('of what no book makes an order of waits, and says so', () => {
    const { stage, close } = holding();
    stage.setBook(BTC_USD, { bids: [[499_990n, lots(1n)]], asks: GOOD_BOOKS[BTC_USD]!.asks });
    stage.setBook(ETH_BTC, { bids: GOOD_BOOKS[ETH_BTC]!.bids, asks: [[5_000n, lots(1n)]] });
    expect(close()).toEqual({ kind: 'wait', reason: 'below_minimum' });
  });

  test('that would lose too much on one way and has no other waits for a better price', () => {
    const { stage, close } = holding();
    stage.voidBook(ETH_BTC);
    stage.setBook(BTC_USD, { bids: [[400_000n, lots(200_000_000n)]], asks: GOOD_BOOKS[BTC_USD]!.asks });
    expect(close()).toEqual({ kind: 'wait', reason: 'loss_bound' });
  });
});
