import { expect, test } from 'vitest';
import { IdempotencyKeys } from '../../../src/actors/sequencer/journal/idempotency-keys.ts';
import {
  FACTS_MAX,
  openSequencerMemory,
  SEQUENCER_HEADER,
  sequencerMemoryBytes,
} from '../../../src/actors/sequencer/journal/sequencer-memory.ts';
import { lots } from '../../../src/money/money.ts';
import { wallMs } from '../../../src/platform/time.ts';
import { checkConfig } from '../../../src/settings/read-config.ts';
import type { StoredBooking } from '../../../src/trading/stored-trading.ts';
import { HandVenue } from './hand-venue.ts';
import { stageSequencer } from './sequencer-stage.ts';

/** Ids as Kraken makes them, alike in the 53 bits of FNV-1a that once stood for an id. */
const ALIKE = ['TERVUK-6RT3T-HQZXKB', 'TF665H-G4TQ6-CQZXKB'] as const;

const CONFIG = checkConfig({ limits: { assets_max: 8, instruments_max: 8 } });
const open = () => openSequencerMemory(new SharedArrayBuffer(sequencerMemoryBytes(CONFIG)), CONFIG);

const stored = (execId: string): StoredBooking => ({
  ...{ execId, clOrdId: 'order', symbol: 'BTC/USD' },
  ...{ qty: '0.1', price: '50000.0', cost: '5000', fee: '0.0001', feeAsset: 'BTC' },
});

test('what was noted is known, to a successor too, and what the database has is known from the start', () => {
  const memory = open();
  const facts = new IdempotencyKeys(memory.current, [stored('T-old')]);
  expect(facts.has('fill', 'T-old')).toBe(true);
  expect(facts.has('fill', 'T-1')).toBe(false);
  facts.note(memory.begin(), 'fill', 'T-1', 5);
  memory.commit();
  expect(facts.has('fill', 'T-1')).toBe(true);
  const successor = new IdempotencyKeys(memory.current, []);
  expect(successor.has('fill', 'T-1')).toBe(true);
  expect(successor.has('fill', 'T-old')).toBe(false);
});

test('what was noted in a change that never counted is unknown to a successor', () => {
  const memory = open();
  new IdempotencyKeys(memory.current, []).note(memory.begin(), 'fill', 'T-1', 5);
  expect(new IdempotencyKeys(memory.current, []).has('fill', 'T-1')).toBe(false);
});

test('the oldest give way to the newest, and fills up to their time count as forgotten, not as unbooked', () => {
  const memory = open();
  const facts = new IdempotencyKeys(memory.current, []);
  for (let fill = 1; fill <= FACTS_MAX + 10; fill++) {
    facts.note(memory.begin(), 'fill', `T-${fill}`, 1_000 + fill);
    memory.commit();
  }
  for (const known of [facts, new IdempotencyKeys(memory.current, [])]) {
    expect(known.has('fill', 'T-10')).toBe(false);
    expect(known.has('fill', 'T-11')).toBe(true);
    expect(known.has('fill', `T-${FACTS_MAX + 10}`)).toBe(true);
    expect(known.isForgotten(memory.current, wallMs(1_010))).toBe(true);
    expect(known.isForgotten(memory.current, wallMs(1_011))).toBe(false);
  }
});

test('ids that hash alike in 53 bits are distinguished, by a successor too', () => {
  const [one, other] = ALIKE;
  const memory = open();
  const facts = new IdempotencyKeys(memory.current, []);
  facts.note(memory.begin(), 'fill', one, 5);
  memory.commit();
  for (const known of [facts, new IdempotencyKeys(memory.current, [])]) {
    expect(known.has('fill', one)).toBe(true);
    expect(known.has('fill', other)).toBe(false);
  }
});

test('two fills whose ids hash alike in 53 bits are both booked, and each once', () => {
  const venue = new HandVenue();
  const stage = stageSequencer({ trading: { slippage_bps: 0 }, way: { makePort: () => venue } });
  stage.send(stage.opportunity());
  stage.run();
  const order = venue.last;
  const half = order.qtyLots / 2n;
  venue.acked(order);
  for (const execId of [...ALIKE, ...ALIKE]) venue.filled(order, lots(half), { execId });
  stage.run();
  const fills = stage.told().filter(({ event }) => event === 'FILL');
  expect(fills.map(({ qty }) => qty)).toEqual([half, half]);
});

test('a fill that a venue names like one of our changes is not that change', () => {
  const memory = open();
  const facts = new IdempotencyKeys(memory.current, [stored('end of A')]);
  facts.note(memory.begin(), 'change', 'end of B');
  memory.commit();
  for (const known of [facts, new IdempotencyKeys(memory.current, [stored('end of A')])]) {
    expect(known.has('change', 'end of A')).toBe(false);
    expect(known.has('fill', 'end of A')).toBe(true);
    expect(known.has('change', 'end of B')).toBe(true);
    expect(known.has('fill', 'end of B')).toBe(false);
  }
});

test('what is noted twice is remembered once, and is not forgotten with its first note', () => {
  const memory = open();
  const facts = new IdempotencyKeys(memory.current, []);
  const note = (name: string) => {
    facts.note(memory.begin(), 'fill', name, 1);
    memory.commit();
  };
  for (let fill = 1; fill <= FACTS_MAX; fill++) note(`T-${fill}`);
  note('T-1');
  note('T-2');
  for (const known of [facts, new IdempotencyKeys(memory.current, [])]) {
    expect(known.has('fill', 'T-1')).toBe(true);
    expect(known.has('fill', `T-${FACTS_MAX}`)).toBe(true);
    expect(known.isForgotten(memory.current, wallMs(1))).toBe(false);
  }
});

test('no two fields of the memory’s header lie in the same place', () => {
  const { SIZE, ...fields } = SEQUENCER_HEADER;
  const offsets = Object.values(fields);
  expect(new Set(offsets).size).toBe(offsets.length);
  for (const offset of offsets) {
    expect(offset % 8).toBe(0);
    expect(offset).toBeLessThan(SIZE);
  }
});
