/** Damage on the line, replayed by the program: each is noticed or changes nothing, and no invalid book is traded on. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type JsonObject, parseJson } from '../../src/net/exact-json.ts';
import { type Chance, freshSeed, seededChance } from '../../src/platform/chance.ts';
import { runToEnd } from '../support/arbitrade.ts';
import { type BookMessage, messagesOf, NaiveBook } from '../support/book-messages.ts';
import { MADE_PRECISION, writeMadeMarket } from '../support/made-market.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Each test starts many processes, and a loaded machine starts them slowly. */
/** Frames of the capture, in the order in which they come, after the damage. */
type Damage = (frames: string[], chance: Chance) => void;

const DAMAGES: Readonly<Record<string, Damage>> = {
  'flip a digit': (frames, chance) => {
    const at = anyUpdate(frames, chance);
    // Of the price or the quantity of a level.
    const digits = [...(frames[at] as string).matchAll(/(?<=(?:price|qty)":[\d.]*)\d/g)];
    const { index } = digits[chance.integer(digits.length)] as RegExpExecArray;
    const frame = frames[at] as string;
    const other = (Number(frame[index]) + 1 + chance.integer(9)) % 10;
    frames[at] = `${frame.slice(0, index)}${other}${frame.slice(index + 1)}`;
  },
  'drop a frame': (frames, chance) => void frames.splice(anyUpdate(frames, chance), 1),
  'repeat a frame': (frames, chance) => {
    const at = anyUpdate(frames, chance);
    frames.splice(at, 0, frames[at] as string);
  },
  'cut a frame short': (frames, chance) => {
    const at = anyUpdate(frames, chance);
    const frame = frames[at] as string;
    frames[at] = frame.slice(0, 1 + chance.integer(frame.length - 1));
  },
  'swap two frames': (frames, chance) => {
    const [one, other] = [anyUpdate(frames, chance), anyUpdate(frames, chance)];
    [frames[one], frames[other]] = [frames[other] as string, frames[one] as string];
  },
};

const isUpdate = (frame: string): boolean => frame.startsWith('{"channel":"book","type":"update"');

/** In the second half: much is decided before. */
function anyUpdate(frames: readonly string[], chance: Chance): number {
  const half = Math.floor(frames.length / 2);
  for (;;) {
    const at = half + chance.integer(frames.length - half);
    if (isUpdate(frames[at] as string)) return at;
  }
}

interface Truth {
  /** Of each frame: the symbols whose books are valid after it. */
  readonly valid: readonly ReadonlySet<string>[];
  readonly verified: number;
  readonly failed: number;
  readonly skipped: number;
  readonly malformed: number;
}

/** What the venue's rules say of `frames`, by the simplest books. */
function truthOf(frames: readonly string[]): Truth {
  const books = new Map<string, NaiveBook>();
  const valid: ReadonlySet<string>[] = [];
  let live = new Set<string>();
  const counts = { verified: 0, failed: 0, skipped: 0, malformed: 0 };
  for (const frame of frames) {
    live = new Set(live);
    const messages = bookMessages(frame);
    if (messages === undefined) {
      counts.malformed++;
      const named = [...books.keys()].filter((symbol) => frame.includes(`"${symbol}"`));
      for (const symbol of named.length > 0 ? named : [...live]) live.delete(symbol); // unnamed: whose it was is not known
    }
    for (const message of messages ?? []) counts[handle(books, live, message)]++;
    valid.push(live);
  }
  return { valid, ...counts };
}

function handle(
  books: Map<string, NaiveBook>,
  live: Set<string>,
  message: BookMessage,
): 'verified' | 'failed' | 'skipped' {
  const book = books.get(message.symbol) ?? new NaiveBook(MADE_PRECISION, 10);
  books.set(message.symbol, book);
  if (!message.snapshot && !live.has(message.symbol)) return 'skipped';
  book.apply(message);
  if (book.checksum === message.checksum) {
    live.add(message.symbol);
    return 'verified';
  }
  live.delete(message.symbol);
  return 'failed';
}

/** None of a frame that is no book's; undefined when it cannot be read. */
function bookMessages(frame: string): BookMessage[] | undefined {
  try {
    const parsed = parseJson(frame) as JsonObject;
    return frame.startsWith('{"channel":"book"') ? messagesOf(parsed) : [];
  } catch {
    return undefined;
  }
}

test.each(Object.entries(DAMAGES))(
  '%s: noticed or harmless, and nothing is decided on an invalid book',
  async (_, damage) => {
    const seed = freshSeed();
    console.log(`seed ${seed}`);
    const chance = seededChance(seed);
    const folder = temporaryDirectory();
    const [capture, output] = [join(folder, 'damaged.cap.jsonl'), join(folder, 'opportunities.jsonl')];
    writeMadeMarket(capture, seed, 700);
    const config = join(folder, 'few-steps.yaml');
    writeFileSync(config, 'strategy:\n  sizing_steps_max: 16\n');
    const [header = '', ...rows] = readFileSync(capture, 'utf8').trimEnd().split('\n');
    const frames = rows.map((row) => String(JSON.parse(row).data));
    const whole = truthOf(frames);
    for (let times = 0; times < 3; times++) damage(frames, chance);
    const truth = truthOf(frames);
    const damaged = frames.map((data, index) => {
      const ns = `${1_785_628_800_000_000_000n + BigInt(index) * 1_000_000n}`;
      return JSON.stringify({ t: 'recv', conn: 'A', ns, data });
    });
    writeFileSync(capture, [header, ...damaged, ''].join('\n'));

    for (const host of ['--inline', '--threads']) {
      const { code, stdout, stderr } = await runToEnd([
        'replay',
        capture,
        host,
        '--config',
        config,
        '--fees',
        '0',
        '--json',
        '--opportunities',
        output,
      ]);
      expect(code, `seed ${seed}: ${stderr}`).toBe(0);
      const { checksums, malformed, frames: read } = JSON.parse(stdout);
      const { verified, failed, skipped } = truth;
      expect({ host, checksums, malformed, read }, `seed ${seed}`).toEqual({
        ...{ host, malformed: truth.malformed, read: frames.length },
        checksums: { verified, failed, skipped },
      });
      const lines = readFileSync(output, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      expect(lines.length).toBeGreaterThan(10);
      for (const { recvIndex, legs } of lines) {
        const valid = truth.valid[recvIndex] as ReadonlySet<string>;
        for (const { symbol } of legs) expect(valid.has(symbol), `seed ${seed}: ${symbol} at ${recvIndex}`).toBe(true);
      }
    }
    expect(whole, 'without damage there is nothing to notice').toMatchObject({ failed: 0, skipped: 0, malformed: 0 });
  },
);
