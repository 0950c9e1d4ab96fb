import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  paramCount,
  paramFlag,
  paramList,
  paramObject,
  paramObjects,
  paramText,
  readParams,
} from '../../../src/practice/protocols/kraken/rest/rest-params.ts';

const form = (body: string) => readParams('', body, 'application/x-www-form-urlencoded') ?? {};
const json = (body: string) => readParams('', body, 'application/json; charset=utf-8');

test('forms are decoded, nested names become objects and lists', () => {
  const params = form(
    'nonce=1&pair=BTC%2FUSD&note=a+b%2Bc&close[ordertype]=limit&close%5Bprice%5D=1.0&orders[0][type]=buy&orders[1][type]=sell&txid[]=A&txid[]=B&empty=',
  );
  expect(paramText(params, 'pair')).toBe('BTC/USD');
  expect(paramText(params, 'note')).toBe('a b+c');
  expect(paramText(params, 'empty')).toBeUndefined();
  expect(paramObject(params, 'close')).toEqual({ ordertype: 'limit', price: '1.0' });
  expect(paramObjects(params, 'orders')).toEqual([{ type: 'buy' }, { type: 'sell' }]);
  expect(paramList(params, 'txid')).toEqual(['A', 'B']);
});

test('JSON keeps the digits of numbers, and is known by its brace too', () => {
  const body = '{"nonce":16164923765941234567,"volume":1e-08,"price":0.10,"validate":true,"orders":["A","B"]}';
  for (const params of [json(body), readParams('', body, undefined)]) {
    expect(paramText(params ?? {}, 'nonce')).toBe('16164923765941234567');
    expect(paramText(params ?? {}, 'volume')).toBe('1e-08');
    expect(paramText(params ?? {}, 'price')).toBe('0.10');
    expect(paramFlag(params ?? {}, 'validate')).toBe(true);
    expect(paramList(params ?? {}, 'orders')).toEqual(['A', 'B']);
  }
});

test('lists may be written with commas, with spaces around; flags in several words', () => {
  const params = form('txid=A,%20B,,C&trades=True&validate=false&ofs=12&bad=-1');
  expect(paramList(params, 'txid')).toEqual(['A', 'B', 'C']);
  expect([paramFlag(params, 'trades'), paramFlag(params, 'validate')]).toEqual([true, false]);
  expect([paramCount(params, 'ofs'), paramCount(params, 'none'), paramCount(params, 'bad')]).toEqual([
    12,
    undefined,
    Number.NaN,
  ]);
});

test('what cannot be read is refused: broken escapes, broken JSON, too deep, too much', () => {
  expect(readParams('', 'a=%E0%A4%A', undefined)).toBeUndefined();
  expect(json('{"a":')).toBeUndefined();
  expect(json('[1]')).toBeUndefined();
  expect(readParams('', 'a[b][c][d][e]=1', undefined)).toBeUndefined();
  expect(readParams('', 'a=1&'.repeat(1_001), undefined)).toBeUndefined();
});

test('names of the language mean nothing', () => {
  const params = form('__proto__[polluted]=yes&constructor=x&a[__proto__]=y');
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(Object.hasOwn(params, 'constructor')).toBe(true);
  expect(paramText(form(''), 'constructor')).toBeUndefined();
});

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.constantFrom('application/json', undefined), (query, body, type) => {
      const params = readParams(query, body, type) ?? {};
      for (const name of Object.keys(params)) {
        paramText(params, name);
        paramList(params, name);
        paramObjects(params, name);
      }
    }),
    { seed: 20261121, numRuns: 2_000 },
  );
});
