/** Takes the fields of a request one by one, each with its type, and remembers the first that is wrong. */
import { isObject, isRawNumber, type Json, type JsonObject } from '../../../net/exact-json.ts';
import { REFUSAL } from './public/public-requests.ts';

export class RequestFields {
  readonly #params: JsonObject;
  #fault: string | undefined;

  /** @param known names that the request may have. */
  constructor(params: JsonObject, known: readonly string[]) {
    this.#params = params;
    const unknown = Object.keys(params).find((name) => !known.includes(name));
    if (unknown !== undefined) this.#fault = REFUSAL.field(unknown);
  }

  /** Text of the first thing that is wrong. */
  get fault(): string | undefined {
    return this.#fault;
  }

  has(name: string): boolean {
    return this.#params[name] !== undefined;
  }

  text(name: string): string | undefined {
    return this.#take(name, 'a string', (value) => (typeof value === 'string' ? value : undefined));
  }

  flag(name: string): boolean | undefined {
    return this.#take(name, 'a boolean', (value) => (typeof value === 'boolean' ? value : undefined));
  }

  /** A number as it was spelled. */
  number(name: string): string | undefined {
    return this.#take(name, 'a number', (value) => (isRawNumber(value) ? value.rawJSON : undefined));
  }

  integer(name: string): number | undefined {
    return this.#take(name, 'an integer', integerIn);
  }

  /** RFC 3339, as wall milliseconds. */
  time(name: string): number | undefined {
    return this.#take(name, 'a time in RFC 3339', (value) => {
      const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
      return Number.isNaN(ms) ? undefined : ms;
    });
  }

  texts(name: string): readonly string[] | undefined {
    return this.#take(name, 'an array of strings', (value) =>
      listIn(value, (one) => (typeof one === 'string' ? one : undefined)),
    );
  }

  integers(name: string): readonly number[] | undefined {
    return this.#take(name, 'an array of integers', (value) => listIn(value, integerIn));
  }

  objects(name: string): readonly JsonObject[] | undefined {
    return this.#take(name, 'an array of objects', (value) =>
      listIn(value, (one) => (isObject(one) ? one : undefined)),
    );
  }

  #take<T>(name: string, type: string, read: (value: Json) => T | undefined): T | undefined {
    const value = this.#params[name];
    if (value === undefined) return undefined;
    const taken = read(value);
    if (taken === undefined) this.#fault ??= REFUSAL.fieldType(name, type);
    return taken;
  }
}

function integerIn(value: Json): number | undefined {
  const number = isRawNumber(value) ? Number(value.rawJSON) : Number.NaN;
  return Number.isInteger(number) ? number : undefined;
}

function listIn<T>(value: Json, read: (one: Json) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const list = value.flatMap((one) => read(one) ?? []);
  return list.length === value.length ? list : undefined;
}
