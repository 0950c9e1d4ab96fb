/**
 * Kraken's errors as a table (protocol reference 3.6). An error means two things: whether the request did anything, which
 * matters for orders, and whether the same request may be made again, which matters for questions.
 *
 * Texts are compared by prefix, without regard to case or to a space after the colon: the venue appends details, and
 * writes `EOrder: No amendable parameters` in one place. What is not in the table proves nothing about an order.
 */

/** What the error is about: decides who acts on it. */
export type ErrorTopic =
  | 'rate_limit'
  | 'lockout'
  | 'nonce'
  | 'token'
  | 'credentials'
  | 'permission'
  | 'unknown_method'
  | 'pair_state'
  | 'unavailable'
  | 'not_open'
  | 'request'
  | 'account'
  | 'internal'
  | 'unheard_of';

/**
 * `later`: the same again after a pause. `refreshed`: again with a new nonce or token. `never`: the same again fails
 * again.
 */
export type Repeatability = 'later' | 'refreshed' | 'never';

export interface ApiError {
  /** The venue's text. */
  readonly text: string;
  readonly topic: ErrorTopic;
  /** Whether an order that got this error was not taken, for certain. If not, its fate is unknown. */
  readonly provesRefusal: boolean;
  readonly repeatable: Repeatability;
  /** Unix time in seconds before which the venue wants no requests; only for `EService:Throttled`. */
  readonly retryAtS: number | undefined;
}

type Row = readonly [prefix: string, topic: ErrorTopic, provesRefusal: boolean, repeatable: Repeatability];

/** Longer prefixes stand before shorter ones that they begin with. */
const CATALOGUE: readonly Row[] = [
  ['EAPI:Invalid key', 'credentials', true, 'never'],
  ['EAPI:Invalid signature', 'credentials', true, 'never'],
  // Not proof for an order: the first copy may have been taken, and this answer be for a duplicate of a proxy's making.
  ['EAPI:Invalid nonce', 'nonce', false, 'refreshed'],
  ['EAPI:Bad request', 'request', true, 'never'],
  ['EAPI:Rate limit exceeded', 'rate_limit', true, 'later'],
  ['EAPI:Feature disabled', 'request', true, 'never'],
  ['EAPI:Invalid token', 'token', true, 'refreshed'],
  ['ESession:Invalid session', 'token', true, 'refreshed'],
  ['Token is expired', 'token', true, 'refreshed'],
  ['EGeneral:Permission denied', 'permission', true, 'never'],
  ['EGeneral:Invalid arguments', 'request', true, 'never'],
  ['EGeneral:Temporary lockout', 'lockout', true, 'never'],
  ['EGeneral:Too many requests', 'rate_limit', true, 'later'],
  ['EGeneral:Unknown method', 'unknown_method', true, 'never'],
  ['EGeneral:Internal error', 'internal', false, 'later'],
  ['EAuth:Account temporary disabled', 'credentials', true, 'never'],
  ['EAuth:Account unconfirmed', 'credentials', true, 'never'],
  ['EAuth:Failed', 'credentials', true, 'never'],
  ['EAuth:Rate limit exceeded', 'rate_limit', true, 'later'],
  ['EAuth:Too many requests', 'rate_limit', true, 'later'],
  ['EAccount:Invalid permissions', 'pair_state', true, 'never'],
  ['EQuery:Unknown asset pair', 'request', true, 'never'],
  ['EQuery:Unknown asset', 'request', true, 'never'],
  ['EService:Unavailable', 'unavailable', false, 'later'],
  ['EService:Busy', 'unavailable', false, 'later'],
  ['EService:Throttled', 'rate_limit', true, 'later'],
  ['EService:Deadline elapsed', 'unavailable', false, 'later'],
  ['EService:Market in cancel_only mode', 'pair_state', true, 'later'],
  ['EService:Market in post_only mode', 'pair_state', true, 'later'],
  ['EService:Market in limit_only mode', 'pair_state', true, 'later'],
  ['EOrder:Insufficient funds', 'account', true, 'never'],
  ['EOrder:Order minimum not met', 'request', true, 'never'],
  ['EOrder:Cost minimum not met', 'request', true, 'never'],
  ['EOrder:Tick size check failed', 'request', true, 'never'],
  ['EOrder:Invalid price', 'request', true, 'never'],
  ['EOrder:Invalid order', 'not_open', true, 'never'],
  ['EOrder:Unknown order', 'not_open', true, 'never'],
  ['EOrder:Rate limit exceeded', 'rate_limit', true, 'later'],
  ['EOrder:Domain rate limit exceeded', 'rate_limit', true, 'later'],
  ['EOrder:Orders limit exceeded', 'account', true, 'never'],
  ['EOrder:Scheduled orders limit exceeded', 'account', true, 'never'],
  ['EOrder:Positions limit exceeded', 'account', true, 'never'],
  ['EOrder:Unknown position', 'request', true, 'never'],
  ['EOrder:Post only order', 'request', true, 'never'],
  ['EOrder:Cannot open position', 'account', true, 'never'],
  ['EOrder:Cannot open opposing position', 'account', true, 'never'],
  ['EOrder:Margin allowance exceeded', 'account', true, 'never'],
  ['EOrder:Margin level too low', 'account', true, 'never'],
  ['EOrder:Margin position size exceeded', 'account', true, 'never'],
  ['EOrder:Insufficient margin', 'account', true, 'never'],
  ['EOrder:Reduce only', 'request', true, 'never'],
  ['EOrder:Order not editable', 'request', true, 'never'],
  ['EOrder:Not enough leaves qty', 'request', true, 'never'],
  ['EOrder:Cancel pending', 'request', true, 'never'],
  ['EOrder:No amendable parameters', 'request', true, 'never'],
  ['EOrder:Trading agreement required', 'account', true, 'never'],
  ['ETrade:Locked', 'account', true, 'later'],
  ['ETrade:User Locked', 'account', true, 'later'],
  ['ETrade:Invalid request', 'request', true, 'never'],
  ['EDatabase:Internal error', 'internal', false, 'later'],
  ['EBM:limit exceeded', 'account', true, 'never'],
  ['EFunding:', 'request', true, 'never'],
  ['Price(s) not found', 'request', true, 'never'],
  ['Invalid timeout argument', 'request', true, 'never'],
  ['Exceeded msg rate', 'rate_limit', true, 'later'],
];

const NORMAL: readonly (readonly [normal: string, row: Row])[] = CATALOGUE.map((row) => [normalised(row[0]), row]);

/** What one of the venue's error texts means. */
export function apiErrorOf(text: string): ApiError {
  const normal = normalised(text);
  const row = NORMAL.find(([prefix]) => normal.startsWith(prefix))?.[1];
  if (row === undefined) {
    return { text, topic: 'unheard_of', provesRefusal: false, repeatable: 'never', retryAtS: undefined };
  }
  const [, topic, provesRefusal, repeatable] = row;
  return { text, topic, provesRefusal, repeatable, retryAtS: throttledUntilS(normal) };
}

/** Of several errors of one answer, the one that decides: what proves nothing outweighs what proves a refusal. */
export function decisiveError(texts: readonly string[]): ApiError | undefined {
  const errors = texts.filter((text) => !isWarning(text)).map(apiErrorOf);
  return errors.find((error) => !error.provesRefusal) ?? errors[0];
}

/** Severity `W`: the request was carried out (protocol reference 3.1). */
function isWarning(text: string): boolean {
  return /^W[A-Z][A-Za-z]*:/.test(text);
}

function throttledUntilS(normal: string): number | undefined {
  const match = /^eservice:throttled:(\d{1,12})/.exec(normal);
  return match === null ? undefined : Number(match[1]);
}

function normalised(text: string): string {
  return text.trim().toLowerCase().replaceAll(/:\s+/g, ':');
}
