/**
 * Book frames by way of JSON, in any valid form: other field orders, spaces, fields unheard of. Numbers arrive as their
 * text, for `JSON.parse` alone would lose trailing zeros and digits beyond 2^53.
 */
import { z } from 'zod';

/** A JSON number as written, or a string that holds one: the venue's REST side writes strings. */
const numberText = z
  .string()
  .max(64)
  .regex(/^\d+(\.\d+)?([eE][+-]?\d{1,2})?$/, 'a number');
const level = z.object({ price: numberText, qty: numberText });
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
  const result = bookFrame.safeParse(JSON.parse(text, keepNumberText));
  if (result.success) return result.data;
  const [first] = result.error.issues;
  throw new SyntaxError(`${first?.path.join('.')}: expected ${first?.message}`);
}

/** Reviver that leaves every number as its source text (ECMAScript "JSON.parse source text access"). */
function keepNumberText(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value;
}
