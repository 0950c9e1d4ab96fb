/**
 * JSON whose numbers keep their spelling. `0.50930100` and `1e-08` carry meaning on this wire (the checksum is over the
 * digits as written) and ids exceed 2^53, so a number is held as its source text and written back unchanged.
 */

/** A number as it was spelled. `JSON.stringify` writes it back verbatim. */
export interface RawNumber {
  readonly rawJSON: string;
}

export type Json = null | boolean | string | RawNumber | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

// Both are in Node 24 (ECMAScript "JSON.parse source text access"); the type library does not list them yet.
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const { parse, rawJSON } = JSON as unknown as {
  parse(text: string, reviver: Reviver): Json;
  rawJSON(text: string): RawNumber;
};

const keepSpelling: Reviver = (_key, value, { source }) =>
  typeof value === 'number' && source !== undefined ? rawJSON(source) : value;

/** Parses JSON text, numbers as {@link RawNumber}. @throws SyntaxError like `JSON.parse`. */
export function parseJson(text: string): Json {
  return parse(text, keepSpelling);
}

/** {@link parseJson}, or undefined for what is no JSON: for whoever tells the client so. */
export function parseJsonIfAny(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** A number to be written as spelled in `text`, which must be a JSON number. */
export function rawNumber(text: string): RawNumber {
  return rawJSON(text);
}

/** The spelling of a number, or of a decimal inside a string (REST writes numbers so); undefined for anything else. */
export function lexemeOf(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return isRawNumber(value) ? value.rawJSON : undefined;
}

export function isRawNumber(value: unknown): value is RawNumber {
  return typeof value === 'object' && value !== null && 'rawJSON' in value && typeof value.rawJSON === 'string';
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
