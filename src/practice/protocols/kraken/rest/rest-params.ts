/**
 * The parameters of a REST call: a query, a form, or JSON. Forms may nest (`close[ordertype]`, `orders[0][price]`), which
 * is how many clients write lists. Values keep the spelling they had.
 */
import { isObject, type Json, type JsonObject, lexemeOf, parseJson } from '../../../../net/exact-json.ts';

/** Fields of one request; beyond it, and beyond this nesting, it is refused. */
const FIELDS_MAX = 1_000;
const NESTING_MAX = 3;

export type RestParams = JsonObject;

/** Undefined when the body is not what its type says. An object body is read as JSON with any type: some clients send a wrong one. */
export function readParams(query: string, body: string, contentType: string | undefined): RestParams | undefined {
  const inQuery = formParams(query);
  const isJson = contentType?.includes('json') === true || body.trimStart().startsWith('{');
  const inBody = isJson ? jsonParams(body) : formParams(body);
  return inQuery === undefined || inBody === undefined ? undefined : { ...inQuery, ...inBody };
}

/** The text of a parameter: of a number its digits as sent, of a boolean `true` or `false`. Undefined when absent or empty. */
export function paramText(params: RestParams, name: string): string | undefined {
  const value = params[name];
  const text = typeof value === 'boolean' ? String(value) : lexemeOf(value);
  return text === '' ? undefined : text;
}

/** `true`, `1` and `yes` are true (clients differ). */
export function paramFlag(params: RestParams, name: string): boolean {
  return ['true', '1', 'yes'].includes((paramText(params, name) ?? '').toLowerCase());
}

/** Parts of a comma list, or the elements of a real list; undefined when absent. */
export function paramList(params: RestParams, name: string): readonly string[] | undefined {
  const value = params[name];
  const parts = isList(value) ? value.flatMap((one) => lexemeOf(one) ?? []) : paramText(params, name)?.split(',');
  return parts?.map((one) => one.trim()).filter((one) => one !== '');
}

/** A whole number of at least zero. Undefined when absent, NaN when it is none. */
export function paramCount(params: RestParams, name: string): number | undefined {
  const text = paramText(params, name);
  return text === undefined ? undefined : /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

/** The objects of a list such as `orders`. */
export function paramObjects(params: RestParams, name: string): readonly RestParams[] | undefined {
  const value = params[name];
  return isList(value) && value.every(isObject) ? value : undefined;
}

/** The object under `name`, such as `close`; `close[price]` in JSON bodies is a name of its own. */
export function paramObject(params: RestParams, name: string): RestParams | undefined {
  const value = params[name];
  return isObject(value) ? value : undefined;
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function jsonParams(body: string): RestParams | undefined {
  if (body.trim() === '') return {};
  try {
    const value = parseJson(body);
    return isObject(value) ? value : undefined;
  } catch {
    // Not JSON: the caller refuses the request, which is all there is to do.
    return undefined;
  }
}

/** Branches are made without a prototype, so that no name of a client's means anything. */
type Branch = { [key: string]: string | Branch };

function formParams(text: string): RestParams | undefined {
  const root: Branch = Object.create(null);
  const fields = text.split('&').filter((one) => one !== '');
  if (fields.length > FIELDS_MAX) return undefined;
  for (const field of fields) {
    const at = field.indexOf('=');
    const name = decoded(at === -1 ? field : field.slice(0, at));
    const value = decoded(at === -1 ? '' : field.slice(at + 1));
    if (name === undefined || value === undefined || !put(root, name, value)) return undefined;
  }
  return settled(root) as RestParams;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined; // a broken escape: the caller refuses the request
  }
}

function put(root: Branch, name: string, value: string): boolean {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);
  if (match === null) {
    root[name] = value;
    return true;
  }
  const inner = [...(match[2] ?? '').matchAll(/\[([^[\]]*)\]/g)].map(([, key = '']) => key);
  if (inner.length > NESTING_MAX) return false;
  let branch = root;
  let key = match[1] ?? '';
  for (const next of inner) {
    const found = branch[key];
    const child: Branch = typeof found === 'object' ? found : Object.create(null);
    branch[key] = child;
    branch = child;
    key = next === '' ? String(Object.keys(child).length) : next;
  }
  branch[key] = value;
  return true;
}

/** Branches whose keys are 0, 1, 2, … are lists. */
function settled(branch: Branch): Json {
  const entries = Object.entries(branch).map(([key, value]): [string, Json] => [
    key,
    typeof value === 'string' ? value : settled(value),
  ]);
  const isNumbered = entries.length > 0 && entries.every(([key], at) => key === String(at));
  return isNumbered ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}
