/**
 * The venue's own texts for what it refuses (protocol reference 3.6). What `arguments` names is the REST parameter.
 * For a doubled `cl_ord_id` and for the parts of an order that this exchange does not offer the venue's texts are not
 * known; those below are its nearest.
 */
export const VENUE_REFUSAL = {
  arguments: (what: string) => `EGeneral:Invalid arguments:${what}`,
  pair: 'EQuery:Unknown asset pair',
  unavailable: 'EService:Unavailable',
  mode: (status: string) => `EService:Market in ${status} mode`,
  reduceOnly: 'EOrder:Reduce only:No position exists',
  deadline: 'EService:Deadline elapsed',
  tick: 'EOrder:Tick size check failed',
  minimum: 'EOrder:Order minimum not met',
  costMinimum: 'EOrder:Cost minimum not met',
  funds: 'EOrder:Insufficient funds',
  orders: 'EOrder:Orders limit exceeded',
  rate: 'EOrder:Rate limit exceeded',
  unknownOrder: 'EOrder:Unknown order',
  leaves: 'EOrder:Not enough leaves qty',
  postOnly: 'EOrder:Post only order',
  nothingToAmend: 'EOrder: No amendable parameters',
  feature: 'EAPI:Feature disabled',
  margin: 'EAccount:Invalid permissions',
  timeout: 'Invalid timeout argument',
} as const;

/** Why an order ended otherwise than filled. The first two are recorded from the venue, the others in its style. */
export const END_REASON = {
  user: 'User requested',
  postOnly: 'Post only order',
  selfTrade: 'Self trade prevention',
  immediate: 'Immediate or cancel order could not be filled',
  fillOrKill: 'Fill or kill order could not be filled',
  noLiquidity: 'Market order could not be filled',
  expired: 'Order expired',
  deadMansSwitch: 'Cancel all orders after timeout',
  amendedBelowFill: 'Amended below executed quantity',
  venue: 'Canceled by the exchange',
} as const;

/** An answer that refuses, with the venue's text. */
export function refused(error: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error };
}
