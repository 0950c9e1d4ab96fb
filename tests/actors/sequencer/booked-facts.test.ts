import { expect, test } from 'vitest';
import { BookedFacts } from '../../../src/actors/sequencer/booked-facts.ts';
import {
  FACTS_MAX,
  openSequencerMemory,
  sequencerMemoryBytes,
} from '../../../src/actors/sequencer/sequencer-memory.ts';
import { checkConfig } from '../../../src/shared/config.ts';

const CONFIG = checkConfig({ limits: { assets_max: 8, instruments_max: 8 } });
const open = () => openSequencerMemory(new SharedArrayBuffer(sequencerMemoryBytes(CONFIG)), CONFIG);

test('what was noted is known, to a successor too, and what the database has is known from the start', () => {
  const memory = open();
  const facts = new BookedFacts(memory.current, ['T-old']);
  expect(facts.has('T-old')).toBe(true);
  expect(facts.has('T-1')).toBe(false);
  facts.note(memory.begin(), 'T-1', 5);
  memory.commit();
  expect(facts.has('T-1')).toBe(true);
  const successor = new BookedFacts(memory.current, []);
  expect(successor.has('T-1')).toBe(true);
  expect(successor.has('T-old')).toBe(false);
});

test('what was noted in a change that never counted is unknown to a successor', () => {
  const memory = open();
  new BookedFacts(memory.current, []).note(memory.begin(), 'T-1', 5);
  expect(new BookedFacts(memory.current, []).has('T-1')).toBe(false);
});

test('the oldest give way to the newest, and fills up to their time count as forgotten, not as unbooked', () => {
  const memory = open();
  const facts = new BookedFacts(memory.current, []);
  for (let fill = 1; fill <= FACTS_MAX + 10; fill++) {
    facts.note(memory.begin(), `T-${fill}`, 1_000 + fill);
    memory.commit();
  }
  for (const known of [facts, new BookedFacts(memory.current, [])]) {
    expect(known.has('T-10')).toBe(false);
    expect(known.has('T-11')).toBe(true);
    expect(known.has(`T-${FACTS_MAX + 10}`)).toBe(true);
    expect(known.isForgotten(memory.current, 1_010)).toBe(true);
    expect(known.isForgotten(memory.current, 1_011)).toBe(false);
  }
});

test('a hundred thousand names like the venue’s do not collide', () => {
  const memory = open();
  const facts = new BookedFacts(memory.current, []);
  const bank = memory.begin();
  for (let fill = 0; fill < FACTS_MAX; fill++)
    facts.note(bank, `T${fill.toString(36).toUpperCase()}-ABCDE-FGHIJK`, fill);
  for (let fill = FACTS_MAX; fill < 100_000; fill++) {
    expect(facts.has(`T${fill.toString(36).toUpperCase()}-ABCDE-FGHIJK`)).toBe(false);
  }
});
