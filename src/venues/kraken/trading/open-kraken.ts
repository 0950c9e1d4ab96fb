/**
 * An account at Kraken, opened as the settings say: on the network, or on the transport that the host hands over. One per
 * process and key: nonces and rate limits are the key's.
 */

import type { Instrument, InstrumentDirectory, OrderScale } from '../../../market/instrument.ts';
import { SlidingWindow } from '../../../net/limiters/sliding-window.ts';
import { nodeHttp } from '../../../net/node-http.ts';
import { nodeSockets } from '../../../net/node-sockets.ts';
import { tlsOptions } from '../../../net/tls-options.ts';
import type { Transport } from '../../../net/transport.ts';
import { arbitradeError } from '../../../platform/errors.ts';
import { MemoryNonceStore, type NonceStore } from '../../../trading/nonce-store.ts';
import type { AccountContext, FeeAnswer, VenueAccount } from '../../venue.ts';
import { Credentials } from '../keys/credentials.ts';
import { openNonceFile } from '../keys/nonce-file.ts';
import { NonceSource } from '../keys/nonce-source.ts';
import { KrakenRest } from '../rest/kraken-rest.ts';
import type { RestNotice } from '../rest/rest-client.ts';
import { createKrakenTrading } from './kraken-trading.ts';

/** Of the 150 attempts that the venue takes from one address in ten minutes; `connects_per_window` are the feed's. */
const PRIVATE_CONNECTS = 25;

/**
 * Opens nothing on the network before `port.start()`.
 * @param scaleOf see `KrakenTradingDeps`.
 * @param directory what the sequencer counts ticks and lots in: the same object, kept current by it.
 * @throws KEY_MISSING, CREDENTIALS_INVALID, NONCE_FILE_UNUSABLE.
 */
export function openKraken(
  context: AccountContext,
  directory: InstrumentDirectory,
  scaleOf: (clOrdId: string) => OrderScale | undefined,
): VenueAccount {
  const { config, clock, chance, options, wake } = context;
  const { venue } = config;
  const apiKey = options.apiKey;
  if (apiKey === undefined) throw arbitradeError('KEY_MISSING', config.mode);
  const credentials = new Credentials(apiKey.key, apiKey.secret);
  const given = options.transport;
  const { http, sockets } = given ?? networkOf(context);
  const nonces = new NonceSource(
    clock,
    given === undefined ? openNonceFile(venue.nonce_file, apiKey.key) : kept(options),
  );
  const rest = new KrakenRest({
    http,
    clock,
    chance,
    baseUrl: venue.rest_url,
    timeoutMs: venue.rest_timeout_ms,
    attemptsMax: venue.rest_attempts_max,
    tier: venue.rate_tier,
    directory,
    account: { credentials, nonces },
    onNotice: (notice) => report(context, notice),
  });
  const budget = new SlidingWindow({ max: PRIVATE_CONNECTS, spanNs: venue.connect_window_ms * 1e6 });
  const port = createKrakenTrading({ clock, chance, config, sockets, rest, directory, budget, scaleOf, wake });
  const close = (): void => {
    nonces.close();
    if (given === undefined) http.close();
  };
  return { port, askFees: (instruments, done) => askFees(rest, instruments, done), close };
}

function askFees(rest: KrakenRest, instruments: readonly Instrument[], done: (answer: FeeAnswer) => void): void {
  rest.takerFees(instruments, (result) => {
    if (result.ok) done({ ok: true, fees: result.value });
    else done({ ok: false, why: result.failure.text, isLasting: result.failure.topic === 'key_lost' });
  });
}

/** A host with a transport of its own keeps the nonces too (option `nonces`): like the file, they outlive the actor. */
function kept(options: AccountContext['options']): NonceStore {
  return options.nonces ?? new MemoryNonceStore();
}

function networkOf({ clock, config: { venue } }: AccountContext): Transport {
  const { frame_bytes_max: frameBytesMax, connect_timeout_ms: connectTimeoutMs } = venue;
  const tls = tlsOptions(venue.tls_pins);
  return { http: nodeHttp(clock, tls), sockets: nodeSockets(clock, { frameBytesMax, connectTimeoutMs, tls }) };
}

function report({ log }: AccountContext, notice: RestNotice): void {
  switch (notice.type) {
    case 'repeated':
      log('warn', 'venue_unexpected', `${notice.endpoint}: ${notice.why}; again in ${Math.round(notice.waitMs)} ms`);
      return;
    case 'rate_exceeded':
      log('warn', 'venue_rate_exceeded', `${notice.endpoint}: ${notice.text}`);
      return;
    case 'nonce_refused':
      log('error', 'venue_unexpected', `${notice.endpoint}: the nonce was refused; does anybody else use this key?`);
      return;
    case 'locked_out':
      log('error', 'venue_unexpected', `the venue has locked the key out; nothing is asked for ${notice.forMs} ms`);
      return;
    default:
      notice satisfies never;
  }
}
