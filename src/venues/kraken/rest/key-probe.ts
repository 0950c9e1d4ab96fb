/**
 * What a key may do, found out by trying: for a venue that does not answer `GetApiKeyInfo`. Nothing tried here changes
 * anything. A permission is there when the answer is anything but "permission denied"; when there is no answer, nothing
 * is known, and the whole question fails.
 */

import type { KeyInfo } from '../keys/key-permissions.ts';
import type { Done } from './checked-answer.ts';
import type { RestFailure } from './rest-answer.ts';
import type { RestClient, RestParams } from './rest-client.ts';
import type { EndpointName } from './rest-endpoints.ts';

interface Probe {
  readonly permission: string;
  readonly endpoint: EndpointName;
  readonly params: RestParams;
}

/** No order has this id. */
const NO_ORDER = 'OAAAAA-AAAAA-AAAAAA';
/** Checked, never placed: and below any minimum. */
const NEVER_PLACED = {
  pair: 'XBTUSD',
  type: 'buy',
  ordertype: 'limit',
  price: '1',
  volume: '0.00000001',
  validate: 'true',
};

const PROBES: readonly Probe[] = [
  { permission: 'query-funds', endpoint: 'Balance', params: {} },
  { permission: 'query-open-trades', endpoint: 'OpenOrders', params: {} },
  { permission: 'query-closed-trades', endpoint: 'ClosedOrders', params: {} },
  { permission: 'query-ledger', endpoint: 'Ledgers', params: {} },
  { permission: 'create-ws-token', endpoint: 'GetWebSocketsToken', params: {} },
  { permission: 'modify-trades', endpoint: 'AddOrder', params: NEVER_PLACED },
  { permission: 'close-trades', endpoint: 'CancelOrder', params: { txid: NO_ORDER } },
  { permission: 'withdraw-funds', endpoint: 'WithdrawMethods', params: {} },
];

/** Failures in which the venue judged the request itself: it was let in, or refused for lack of a permission. */
const JUDGED: readonly RestFailure['topic'][] = ['permission', 'request', 'not_open', 'account', 'pair_state'];

/** Tries each permission in turn. Addresses for withdrawals cannot be tried: a key that has those shows no sign of it. */
export function probeKey(client: RestClient, done: Done<KeyInfo>): void {
  probeFrom(client, 0, [], done);
}

function probeFrom(client: RestClient, at: number, permissions: readonly string[], done: Done<KeyInfo>): void {
  const probe = PROBES[at];
  if (probe === undefined) {
    done({ ok: true, value: { name: '', permissions, validUntilMs: undefined, ipAllowlist: [] } });
    return;
  }
  client.call(probe.endpoint, probe.params, (result) => {
    if (!result.ok && !JUDGED.includes(result.failure.topic)) {
      done(result);
      return;
    }
    const isDenied = !result.ok && result.failure.topic === 'permission';
    probeFrom(client, at + 1, isDenied ? permissions : [...permissions, probe.permission], done);
  });
}
