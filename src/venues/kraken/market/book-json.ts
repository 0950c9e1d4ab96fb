/**
 * Book frames by JSON.parse, in any valid form: other field orders, spaces, unknown fields. Numbers arrive as their
 * text, for `JSON.parse` alone would lose trailing zeros and digits beyond 2^53.
 */
import { z } from 'zod';
import { parseNumberTexts } from '../../../net/exact-json.ts';
import { amountText } from '../amount-text.ts';

const level = z.object({ price: amountText, qty: amountText });
const message = z.object({
  symbol: z.string().max(64),
  bids: z.array(level).default([]),
  asks: z.array(level).default([]),
  checksum: z.string().regex(/^\d{1,10}$/, 'a whole number'),
});
const bookFrame = z.object({ type: z.enum(['snapshot', 'update']), data: z.array(message).min(1) });

export type BookJson = z.infer<typeof bookFrame>;
export type LevelJson = z.infer<typeof level>;

/** Whether a parsed frame says that it is of the book channel. */
export function isBookJson(frame: unknown): boolean {
  return typeof frame === 'object' && frame !== null && 'channel' in frame && frame.channel === 'book';
}

/** Reads a book frame from its text. @throws when it is none: the message says what is wrong. */
export function parseBookJson(text: string): BookJson {
  const result = bookFrame.safeParse(parseNumberTexts(text));
  if (result.success) return result.data;
  const [first] = result.error.issues;
  throw new SyntaxError(`${first?.path.join('.')}: expected ${first?.message}`);
}
