import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  integerOf,
  isObject,
  isRawNumber,
  type JsonObject,
  lexemeOf,
  listOf,
  parseJson,
  parseJsonIfAny,
  parseNumberTexts,
  rawNumber,
  textOf,
} from '../../src/net/exact-json.ts';

const objectOf = (text: string): JsonObject => {
  const value = parseJson(text);
  if (!isObject(value)) throw new Error(`no object: ${text}`);
  return value;
};

/** A number as any client may spell it. */
const spelling = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(fc.constant('0'), fc.stringMatching(/^[1-9][0-9]{0,40}$/)),
    fc.oneof(fc.constant(''), fc.stringMatching(/^\.[0-9]{1,30}$/)),
    fc.oneof(fc.constant(''), fc.stringMatching(/^[eE][+-]?[0-9]{1,4}$/)),
  )
  .map((parts) => parts.join(''));

/** Random JSON, written down with those spellings; and the same with each number in quotes. */
const { value: anyJson } = fc.letrec<{ value: { text: string; quoted: string } }>((tie) => {
  const same = (text: string) => ({ text, quoted: text });
  return {
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      spelling.map((text) => ({ text, quoted: `"${text}"` })),
      fc.string({ unit: 'binary' }).map((text) => same(JSON.stringify(text))),
      fc.constantFrom('null', 'true', 'false').map(same),
      fc.array(tie('value'), { maxLength: 4 }).map((items) => ({
        text: `[${items.map(({ text }) => text).join(',')}]`,
        quoted: `[${items.map(({ quoted }) => quoted).join(',')}]`,
      })),
      fc
        .uniqueArray(fc.tuple(fc.stringMatching(/^[a-z_]{1,9}$/), tie('value')), { maxLength: 4, selector: ([k]) => k })
        .map((rows) => ({
          text: `{${rows.map(([key, { text }]) => `"${key}":${text}`).join(',')}}`,
          quoted: `{${rows.map(([key, { quoted }]) => `"${key}":${quoted}`).join(',')}}`,
        })),
    ),
  };
});

describe('exact JSON', () => {
  test('is written back to the letter', () => {
    fc.assert(
      fc.property(anyJson, ({ text }) => {
        expect(JSON.stringify(parseJson(text))).toBe(text);
      }),
    );
  });

  test('with numbers as texts it is the same with every number in quotes', () => {
    fc.assert(
      fc.property(anyJson, ({ text, quoted }) => {
        expect(parseNumberTexts(text)).toEqual(JSON.parse(quoted));
        expect(parseNumberTexts(quoted)).toEqual(JSON.parse(quoted));
      }),
    );
  });

  test('keeps what a double loses', () => {
    const text = '[0.10000000,1e-08,-0,9007199254740993,1e999,0.1e0]';
    expect(parseNumberTexts(text)).toEqual(['0.10000000', '1e-08', '-0', '9007199254740993', '1e999', '0.1e0']);
    expect(JSON.stringify(parseJson(text))).toBe(text);
    expect(JSON.stringify({ a: rawNumber('2.50') })).toBe('{"a":2.50}');
  });

  test('fields are read as what they are', () => {
    const object = objectOf('{"id":12,"big":1e3,"half":0.5,"text":"x","list":[1]}');
    expect(['id', 'big', 'half', 'text', 'none'].map((key) => integerOf(object, key))).toEqual([
      ...[12, 1_000],
      ...[undefined, undefined, undefined],
    ]);
    expect([lexemeOf(object['half']), lexemeOf(object['text']), lexemeOf(object['list'])]).toEqual([
      '0.5',
      'x',
      undefined,
    ]);
    expect([textOf(object, 'text'), textOf(object, 'id')]).toEqual(['x', undefined]);
    expect([listOf(object, 'list').length, listOf(object, 'text')]).toEqual([1, []]);
  });
});

describe('exact JSON of hostile texts', () => {
  test('an object that looks like a number kept is an object', () => {
    const forged = objectOf('{"price":{"rawJSON":"1.5"}}');
    expect(isRawNumber(forged['price'])).toBe(false);
    expect(isObject(forged['price'])).toBe(true);
    expect(lexemeOf(forged['price'])).toBeUndefined();
    expect(integerOf(objectOf('{"id":{"rawJSON":"7"}}'), 'id')).toBeUndefined();
    expect(JSON.stringify(forged)).toBe('{"price":{"rawJSON":"1.5"}}');
  });

  test.each([
    ['[', ']'],
    ['{"a":', '}'],
  ])('what nests too deeply (%s…) is an error, and the next text is read', (open, close) => {
    const depth = 200_000;
    const text = `${open.repeat(depth)}1${close.repeat(depth)}`;
    expect(() => parseJson(text)).toThrow(RangeError);
    expect(() => parseNumberTexts(text)).toThrow(RangeError);
    expect(parseJsonIfAny(text)).toBeUndefined();
    expect(parseNumberTexts('[1.0]')).toEqual(['1.0']);
  });

  test('a number of two megabytes is kept as it is', () => {
    const digits = '7'.repeat(2_000_000);
    expect(parseNumberTexts(`[${digits}]`)).toEqual([digits]);
    expect(JSON.stringify(parseJson(`[0.${digits}]`))).toBe(`[0.${digits}]`);
  });

  test('of a key that comes twice the last value counts, with its own spelling', () => {
    expect(parseNumberTexts('{"a":1.0,"a":2.00}')).toEqual({ a: '2.00' });
    expect(JSON.stringify(parseJson('{"a":[1.0],"b":3,"a":2.00}'))).toBe('{"a":2.00,"b":3}');
    expect(parseNumberTexts('{"a":1,"a":"1"}')).toEqual({ a: '1' });
  });

  test('__proto__ is a key like any other', () => {
    const text = '{"__proto__":{"admin":1.0},"constructor":2.0}';
    for (const value of [parseJson(text), parseNumberTexts(text)]) {
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor']);
      expect((value as { admin?: unknown }).admin).toBeUndefined();
    }
    expect(JSON.stringify(parseJson(text))).toBe(text);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  test('half a surrogate pair stays half a pair', () => {
    const text = '["\\ud83d","\\ude00x"]';
    expect(parseNumberTexts(text)).toEqual(['\ud83d', '\ude00x']);
    expect(JSON.stringify(parseJson(text))).toBe(text);
  });

  test('what is no JSON is a SyntaxError', () => {
    for (const text of ['', '01', '+1', '.5', '1.', '0x1', 'NaN', '[1,]', "{'a':1}", '{"a":1}x', '\u00a01']) {
      expect(() => parseJson(text), text).toThrow(SyntaxError);
      expect(() => parseNumberTexts(text), text).toThrow(SyntaxError);
      expect(parseJsonIfAny(text), text).toBeUndefined();
    }
    expect(() => rawNumber('{}')).toThrow(SyntaxError);
  });
});
