/**
 * Numbers of the venue as text. REST writes amounts as strings, the socket as numbers (protocol reference 0); read by
 * `parseNumberTexts`, both are the same.
 */
import { z } from 'zod';

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
