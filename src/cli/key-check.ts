/** Asks the venue what a key may do, before anything is started with it. */

import { nodeHttp } from '../net/node-http.ts';
import { freshSeed, seededChance } from '../shared/chance.ts';
import { systemClock } from '../shared/clock.ts';
import type { Config } from '../shared/config.ts';
import { arbitradeError } from '../shared/errors.ts';
import { InstrumentDirectory } from '../shared/instrument.ts';
import type { ApiKey } from '../shared/secrets-file.ts';
import { Credentials } from '../venues/kraken/credentials.ts';
import type { KeyInfo } from '../venues/kraken/key-permissions.ts';
import { KrakenRest } from '../venues/kraken/kraken-rest.ts';
import { openNonceFile } from '../venues/kraken/nonce-file.ts';
import { NonceSource } from '../venues/kraken/nonce-source.ts';

/** @throws KEY_REFUSED when the venue does not know the key, KEY_OUTRUN, KEY_UNCHECKED when it cannot be asked. */
export async function askKeyInfo({ venue }: Config, { name, key, secret }: ApiKey): Promise<KeyInfo> {
  const http = nodeHttp(systemClock);
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
