/**
 * JSON whose numbers keep their spelling, by Node's own parser. `0.10000000` keeps its zeros (a checksum may be over the digits
 * as written) and an id beyond 2^53 its digits.
 *
 * The text may be anybody's. What nests so deeply that the stack ends is an error like any other; of a key that comes twice
 * the last value counts; `__proto__` is a key like any other.
 */

declare global {
  // ECMAScript "JSON.parse source text access", in Node since 22; the type library does not list it yet.
  interface JSON {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
    rawJSON(text: string): RawNumber;
    isRawJSON(value: unknown): value is RawNumber;
  }
}

/** A number as it was spelled. `JSON.stringify` writes it back verbatim. */
export interface RawNumber {
  readonly rawJSON: string;
}

export type Json = null | boolean | string | RawNumber | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/**
 * Parses JSON text, numbers as {@link RawNumber}.
 * @throws SyntaxError like `JSON.parse`, RangeError when it nests too deeply.
 */
export function parseJson(text: string): Json {
  // What the parser makes, its numbers replaced, is of this type and no other.
  return JSON.parse(text, keepSpelling) as Json;
}

function keepSpelling(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  return typeof value === 'number' && source !== undefined ? JSON.rawJSON(source) : value;
}

/**
 * Parses JSON text; every number becomes the string it was written as, so that a number and the same number in quotes are
 * one. @throws like {@link parseJson}.
 */
export function parseNumberTexts(text: string): unknown {
  return JSON.parse(text, (_key, value, { source }) => (typeof value === 'number' ? source : value));
}

/** {@link parseJson}, or undefined for what is no JSON: for callers that answer the client with it. */
export function parseJsonIfAny(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** A number to be written as spelled in `text`, which must be a JSON number. */
export function rawNumber(text: string): RawNumber {
  return JSON.rawJSON(text);
}

/** The spelling of a number, or of a decimal inside a string (REST writes numbers so); undefined for anything else. */
export function lexemeOf(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return isRawNumber(value) ? value.rawJSON : undefined;
}

export function isRawNumber(value: unknown): value is RawNumber {
  return JSON.isRawJSON(value);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);
}

/** The list under `key`, or an empty one. */
export function listOf(object: JsonObject, key: string): readonly Json[] {
  const value = object[key];
  return Array.isArray(value) ? value : [];
}

/** The text under `key`, or undefined. */
export function textOf(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === 'string' ? value : undefined;
}

/** The whole number under `key`, or undefined. */
export function integerOf(object: JsonObject, key: string): number | undefined {
  const value = object[key];
  const number = isRawNumber(value) ? Number(value.rawJSON) : Number.NaN;
  return Number.isInteger(number) ? number : undefined;
}
