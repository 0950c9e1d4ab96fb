/**
 * JSON whose numbers arrive as their text: `0.10000000` keeps its zeros, an id beyond 2^53 its digits, and REST, which
 * writes amounts as strings, reads like the socket, which writes them as numbers (protocol reference 0).
 */
import { z } from 'zod';

/** Parses JSON; every number becomes the string it was written as. @throws SyntaxError like `JSON.parse`. */
export function parseNumberText(text: string): unknown {
  return JSON.parse(text, keepNumberText);
}

/** ECMAScript "JSON.parse source text access". */
function keepNumberText(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value;
}

/** A decimal of at least 0, plain or with an exponent, of at most 64 characters. */
export const amountText = z
  .string()
  .max(64)
  .regex(/^\d+(\.\d+)?([eE][+-]?\d{1,2})?$/, 'a number');

/** The same, below zero too. */
export const signedAmountText = z
  .string()
  .max(64)
  .regex(/^-?\d+(\.\d+)?([eE][+-]?\d{1,2})?$/, 'a number');

/** A whole number of at least 0 that a double holds exactly. */
export const wholeNumberText = z
  .string()
  .regex(/^\d{1,15}$/, 'a whole number')
  .transform(Number);
