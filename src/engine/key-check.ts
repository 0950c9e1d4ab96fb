/** Asks the venue what a key may do, before anything is started with it. */

import { InstrumentDirectory } from '../market/instrument.ts';
import { nodeHttp } from '../net/node-http.ts';
import { tlsOptions } from '../net/tls-options.ts';
import { freshSeed, seededChance } from '../platform/chance.ts';
import { systemClock } from '../platform/clock.ts';
import { arbitradeError } from '../platform/errors.ts';
import type { Config } from '../settings/config.ts';
import type { ApiKey } from '../settings/secrets-file.ts';
import { Credentials } from '../venues/kraken/keys/credentials.ts';
import type { KeyInfo } from '../venues/kraken/keys/key-permissions.ts';
import { openNonceFile } from '../venues/kraken/keys/nonce-file.ts';
import { NonceSource } from '../venues/kraken/keys/nonce-source.ts';
import { KrakenRest } from '../venues/kraken/rest/kraken-rest.ts';

/** @throws KEY_REFUSED when the venue does not know the key, KEY_OUTRUN, KEY_UNCHECKED when it cannot be asked. */
export async function askKeyInfo({ venue }: Config, { name, key, secret }: ApiKey): Promise<KeyInfo> {
  const http = nodeHttp(systemClock, tlsOptions(venue.tls_pins));
  const nonces = new NonceSource(systemClock, openNonceFile(venue.nonce_file, key));
  const rest = new KrakenRest({
    http,
    clock: systemClock,
    chance: seededChance(freshSeed()),
    baseUrl: venue.rest_url,
    timeoutMs: venue.rest_timeout_ms,
    attemptsMax: venue.rest_attempts_max,
    tier: venue.rate_tier,
    account: { credentials: new Credentials(key, secret), nonces },
    directory: new InstrumentDirectory(),
    onNotice: () => undefined,
  });
  try {
    return await new Promise<KeyInfo>((resolve, reject) => {
      rest.whenKeyLost(reject);
      rest.keyInfo((result) => {
        if (result.ok) return resolve(result.value);
        const { topic, text } = result.failure;
        const isRefused = topic === 'credentials' || topic === 'permission';
        reject(isRefused ? arbitradeError('KEY_REFUSED', name, text) : arbitradeError('KEY_UNCHECKED', text));
      });
    });
  } finally {
    rest.stop();
    http.close();
    nonces.close();
  }
}
