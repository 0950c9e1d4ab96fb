/** Holds the nonce file given and uses nonces until it is killed; says each. */
import { systemClock } from '../../src/platform/clock.ts';
import { openNonceFile } from '../../src/venues/kraken/keys/nonce-file.ts';
import { NONCE_BLOCK, NonceSource } from '../../src/venues/kraken/keys/nonce-source.ts';

const source = new NonceSource(systemClock, openNonceFile(process.argv[2] ?? '', 'k'));
setInterval(() => process.stdout.write(`${source.skip(NONCE_BLOCK)}\n`), 1);
