/** Asks Kraken what a key may do, before anything is started with it (protocol reference 3.3). */

import { InstrumentDirectory } from '../../../market/instrument.ts';
import { nodeHttp } from '../../../net/node-http.ts';
import { tlsOptions } from '../../../net/tls-options.ts';
import { freshSeed, seededChance } from '../../../platform/chance.ts';
import { systemClock } from '../../../platform/clock.ts';
import { arbitradeError } from '../../../platform/errors.ts';
import type { Config } from '../../../settings/config.ts';
import type { ApiKey } from '../../../settings/secrets-file.ts';
import type { KeyReport } from '../../venue.ts';
import { KrakenRest } from '../rest/kraken-rest.ts';
import { Credentials } from './credentials.ts';
import { changesNeeded, judgeKey, type KeyInfo } from './key-permissions.ts';
import { openNonceFile } from './nonce-file.ts';
import { NonceSource } from './nonce-source.ts';

/** @throws KEY_REFUSED when the venue does not know the key, KEY_OUTRUN, KEY_UNCHECKED when it cannot be asked. */
export async function readKrakenKey({ venue }: Config, { name, key, secret }: ApiKey): Promise<KeyReport> {
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
    const info = await new Promise<KeyInfo>((resolve, reject) => {
      rest.whenKeyLost(reject);
      rest.keyInfo((result) => {
        if (result.ok) return resolve(result.value);
        const { topic, text } = result.failure;
        const isRefused = topic === 'credentials' || topic === 'permission';
        reject(isRefused ? arbitradeError('KEY_REFUSED', name, text) : arbitradeError('KEY_UNCHECKED', text));
      });
    });
    return { name: info.name, changesNeeded: changesNeeded(judgeKey(info, systemClock.wallMs())) };
  } finally {
    rest.stop();
    http.close();
    nonces.close();
  }
}
