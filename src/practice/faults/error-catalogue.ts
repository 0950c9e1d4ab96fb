/**
 * Every error text of the venue that a client of spot trading can meet (protocol reference 3.6). Own list on purpose: the
 * adapter has another, and neither hides a gap of the other.
 */

/** Where an error can be the answer. `order`: adding, amending, cancelling. `rest`: every private REST call. `token`: private socket. */
export type ErrorPlace = 'order' | 'rest' | 'token';

/** `isDoubtful`: the venue may have done what was asked nevertheless, so a client must look before it asks again. */
export interface VenueError {
  readonly text: string;
  readonly places: readonly ErrorPlace[];
  readonly isDoubtful: boolean;
}

const EVERYWHERE = ['order', 'rest'] as const;

export const VENUE_ERRORS: readonly VenueError[] = [
  ...sure(['rest'], 'EAPI:Invalid key', 'EAPI:Invalid signature', 'EAPI:Invalid nonce', 'EAPI:Bad request'),
  ...sure(['rest'], 'EAPI:Rate limit exceeded', 'EAPI:Feature disabled', 'EGeneral:Temporary lockout'),
  ...sure(['token'], 'EAPI:Invalid token', 'ESession:Invalid session'),
  ...sure(EVERYWHERE, 'EGeneral:Permission denied', 'EGeneral:Invalid arguments', 'EGeneral:Invalid arguments:volume'),
  ...sure(EVERYWHERE, 'EGeneral:Invalid arguments:price', 'EGeneral:Invalid arguments:Index unavailable'),
  ...sure(EVERYWHERE, 'EGeneral:Too many requests', 'EGeneral:Unknown method'),
  ...doubtful('EGeneral:Internal error', 'EService:Unavailable', 'EService:Busy', 'EDatabase:Internal error'),
  ...doubtful('EService:Deadline elapsed'),
  ...sure(EVERYWHERE, 'EAuth:Account temporary disabled', 'EAuth:Account unconfirmed', 'EAuth:Failed'),
  ...sure(EVERYWHERE, 'EAuth:Rate limit exceeded', 'EAuth:Too many requests', 'EAccount:Invalid permissions'),
  ...sure(EVERYWHERE, 'EQuery:Unknown asset pair', 'EQuery:Unknown asset', 'EService:Throttled:1790000000'),
  ...sure(['order'], 'EService:Market in cancel_only mode', 'EService:Market in post_only mode'),
  ...sure(['order'], 'EService:Market in limit_only mode', 'EOrder:Insufficient funds'),
  ...sure(['order'], 'EOrder:Order minimum not met', 'EOrder:Cost minimum not met', 'EOrder:Tick size check failed'),
  ...sure(['order'], 'EOrder:Invalid price', 'EOrder:Invalid order', 'EOrder:Unknown order'),
  ...sure(['order'], 'EOrder:Rate limit exceeded', 'EOrder:Domain rate limit exceeded', 'EOrder:Orders limit exceeded'),
  ...sure(['order'], 'EOrder:Scheduled orders limit exceeded', 'EOrder:Positions limit exceeded'),
  ...sure(['order'], 'EOrder:Unknown position', 'EOrder:Post only order', 'EOrder:Cannot open position'),
  ...sure(['order'], 'EOrder:Cannot open opposing position', 'EOrder:Margin allowance exceeded'),
  ...sure(
    ['order'],
    'EOrder:Margin level too low',
    'EOrder:Margin position size exceeded',
    'EOrder:Insufficient margin',
  ),
  ...sure(['order'], 'EOrder:Reduce only:No position exists', 'EOrder:Order not editable'),
  ...sure(['order'], 'EOrder:Not enough leaves qty', 'EOrder:Cancel pending', 'EOrder: No amendable parameters'),
  ...sure(['order'], 'EOrder:Trading agreement required', 'ETrade:Locked', 'ETrade:User Locked'),
  ...sure(['order'], 'ETrade:Invalid request', 'EBM:limit exceeded:CAL', 'Price(s) not found'),
  ...sure(['order'], 'Invalid timeout argument'),
  ...sure(['rest'], 'EFunding:Unknown withdraw key'),
];

/** Texts of the errors that can answer a request of that kind. */
export function errorsAt(place: ErrorPlace): readonly VenueError[] {
  return VENUE_ERRORS.filter(({ places }) => places.includes(place));
}

/** Throttled answers carry the Unix second at which a client may ask again. */
export function errorText({ text }: VenueError, wallMs: number): string {
  return text.startsWith('EService:Throttled:') ? `EService:Throttled:${Math.floor(wallMs / 1_000) + 2}` : text;
}

function sure(places: readonly ErrorPlace[], ...texts: readonly string[]): VenueError[] {
  return texts.map((text) => ({ text, places, isDoubtful: false }));
}

function doubtful(...texts: readonly string[]): VenueError[] {
  return texts.map((text) => ({ text, places: EVERYWHERE, isDoubtful: true }));
}
