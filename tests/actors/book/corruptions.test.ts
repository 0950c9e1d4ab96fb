import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { isObject, type JsonObject, parseJson } from '../../../src/net/exact-json.ts';
import { type Chance, seededChance } from '../../../src/platform/chance.ts';
import { type BookMessage, CAPTURES, messagesOf, NaiveBook, readStream } from '../../support/book-messages.ts';
import { BookStage } from './stage.ts';

const KINDS = ['flip a digit', 'drop', 'repeat', 'cut short', 'swap'] as const;
type Kind = (typeof KINDS)[number];

/** Book frames of a capture as they were received. */
function bookFrames(name: string): string[] {
  const path = new URL(`../../fixtures/kraken/${name}`, import.meta.url);
  const rows = gunzipSync(readFileSync(path)).toString().split('\n').filter(Boolean);
  const texts = rows.map((row) => (JSON.parse(row) as { data?: string }).data ?? '');
  return texts.filter((text) => text.startsWith('{"channel":"book"'));
}

function decode(text: string): JsonObject | undefined {
  try {
    const frame = parseJson(text);
    return isObject(frame) ? frame : undefined;
  } catch {
    return undefined;
  }
}

/** Changes one digit of a price, a quantity or the checksum. */
function flipDigit(text: string, chance: Chance): string {
  const numbers = [...text.matchAll(/"(?:price|qty|checksum)":([\d.]+)/g)];
  const number = numbers[chance.integer(numbers.length)]!;
  const digits = [...number[1]!.matchAll(/\d/g)];
  const digit = digits[chance.integer(digits.length)]!;
  const at = number.index + number[0].length - number[1]!.length + digit.index;
  return `${text.slice(0, at)}${(Number(digit[0]) + 1 + chance.integer(9)) % 10}${text.slice(at + 1)}`;
}

/** What arrives instead of frames `at` and `at + 1`, and which of the true frames each of it claims to be. */
function corrupt(kind: Kind, frames: readonly string[], at: number, chance: Chance): [text: string, truth: number][] {
  const [text, next] = [frames[at]!, frames[at + 1]!];
  switch (kind) {
    case 'flip a digit':
      return [
        [flipDigit(text, chance), at],
        [next, at + 1],
      ];
    case 'drop':
      return [[next, at + 1]];
    case 'repeat':
      return [
        [text, at],
        [text, at],
        [next, at + 1],
      ];
    case 'cut short':
      return [
        [text.slice(0, 1 + chance.integer(text.length - 1)), at],
        [next, at + 1],
      ];
    case 'swap':
      return [
        [next, at + 1],
        [text, at],
      ];
    default:
      return kind satisfies never;
  }
}

const top = (levels: readonly (readonly [bigint, bigint])[]) => levels.slice(0, 10).map(([p, q]) => `${p}:${q}`);

interface Truth {
  readonly top: string;
  readonly snapshot: BookMessage;
}

/** The true book after every frame, as its best ten levels and as the snapshot that the venue would send. */
function truthOf(messages: readonly BookMessage[], precision: { price: number; qty: number }): Truth[] {
  const naive = new NaiveBook(precision, 25);
  const text = (value: bigint, decimals: number): string => {
    const digits = value.toString().padStart(decimals + 1, '0');
    return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
  };
  return messages.map((message) => {
    naive.apply(message);
    const levels = ([0, 1] as const).flatMap((ask) =>
      naive.levels(ask).map(([p, q]) => ({ ask, price: text(p, precision.price), qty: text(q, precision.qty) })),
    );
    const snapshot = { symbol: message.symbol, snapshot: true, levels, checksum: naive.checksum };
    return { top: JSON.stringify([top(naive.levels(0)), top(naive.levels(1))]), snapshot };
  });
}

const { name } = CAPTURES[0];
const frames = bookFrames(name);
const { messages, precisions } = readStream(name);
const truth = truthOf(messages, precisions.get('BTC/USD')!);
const decoded = new Map(frames.map((text) => [text, decode(text)]));

/** Plays a capture with a corruption about every `every` frames; the feed answers requests some frames later. */
function play(seed: number, every: number, kinds: readonly Kind[]) {
  const chance = seededChance(seed);
  const stage = new BookStage({ config: { book: { resync_settled_ms: 1, resync_attempts_max: 1_000 } } });
  stage.feed.announce(precisions);
  const seen = { corruptions: 0, verified: 0, malformed: 0, void: 0 };
  let answerIn = -1;
  let isValid = false;

  const check = (seq: number, truthIndex: number): void => {
    stage.run();
    stage.pass(20);
    if (stage.resyncs().length > 0) answerIn = 1 + chance.integer(6);
    const tops = stage.tops().filter((one) => one.seq === seq);
    const version = stage.asOf(instrumentIndex(0), seq);
    if (tops[0]?.valid === true) {
      expect(JSON.stringify([top(version!.bids), top(version!.asks)])).toBe(truth[truthIndex]!.top);
      seen.verified++;
      isValid = true;
    } else {
      if (tops[0] !== undefined) isValid = false;
      expect(isValid).toBe(false); // whatever is not verified is void: the version says so, and the validity word
      expect([version?.bids.length ?? 0, version?.asks.length ?? 0]).toEqual([0, 0]);
      expect(stage.table.invalidReason(instrumentIndex(0))).not.toBe('none');
      seen.void++;
    }
  };
  const deliver = (text: string, truthIndex: number): void => {
    const frame = decoded.get(text) ?? decode(text);
    if (frame === undefined) {
      seen.malformed++; // a parser's finding: the feed says that it may have been about this book
      check(stage.feed.invalidate('BTC/USD', 'malformed'), truthIndex);
    } else for (const message of messagesOf(frame)) check(stage.feed.send(message), truthIndex);
    if (answerIn > 0 && --answerIn === 0) check(stage.feed.send(truth[truthIndex]!.snapshot), truthIndex);
  };
  for (let at = 0; at < frames.length; at++) {
    if (at === 0 || at + 1 === frames.length || chance.integer(every) > 0) {
      deliver(frames[at]!, at);
      continue;
    }
    seen.corruptions++;
    for (const [text, truthIndex] of corrupt(kinds[chance.integer(kinds.length)]!, frames, at, chance)) {
      deliver(text, truthIndex);
    }
    at++;
  }
  for (let settle = 0; settle < 400 && !isValid; settle++) {
    stage.pass(500);
    if (stage.resyncs().length > 0) check(stage.feed.send(truth.at(-1)!.snapshot), truth.length - 1);
  }
  return { ...seen, isValid, counters: stage.counters };
}

describe('book actor on a capture that was damaged', () => {
  test.each(KINDS.map((kind, seed) => ({ kind, seed })))(
    '$kind: detected, or the best ten levels are the true ones at every verified message (seed $seed)',
    ({ kind, seed }) => {
      const run = play(seed, 15, [kind]);
      expect(run.corruptions).toBeGreaterThan(80);
      expect(run.verified).toBeGreaterThan(300);
      expect(run.isValid).toBe(true); // it always comes back
      if (kind === 'repeat')
        expect(run.counters.checksums_failed).toBe(0); // levels are absolute: no harm
      else expect(run.counters.checksums_failed + run.malformed).toBeGreaterThan(10);
      expect(run.counters.resyncs_completed).toBe(run.counters.invalidations);
    },
  );

  test.each(Array.from({ length: 8 }, (_, index) => ({ seed: 100 + index })))(
    'everything at once: nothing is published from a book that did not verify (seed $seed)',
    ({ seed }) => {
      const run = play(seed, 3 + (seed % 20), KINDS);
      expect(run.isValid).toBe(true);
      expect(run.counters.checksums_verified + run.counters.checksums_failed + run.counters.checksums_skipped).toBe(
        run.counters.book_messages,
      );
    },
  );
});
