/**
 * What the process was started with that could change how Node itself works: a preloaded module, another list of
 * certificates, verification turned off, an inspector, a proxy, output of what is secret. In a mode with a real key none of
 * it is allowed. Loaded before anything else, as the program sets variables of its own afterwards.
 */
import inspector from 'node:inspector';
import { arbitradeError } from '../platform/errors.ts';
import type { Config } from '../settings/config.ts';

/** Variables of Node that change nothing but words, colours, and what an image notes about itself. */
const HARMLESS: ReadonlySet<string> = new Set(['NODE_ENV', 'NODE_VERSION', 'NODE_NO_WARNINGS', 'NODE_DISABLE_COLORS']);
/** Names that begin so are Node's. */
const OF_NODE = /^NODE_/;
/** Of the libraries below it: trusted certificates, keys written to a file, other settings, code loaded before ours; proxies. */
const DANGEROUS =
  /^(SSL_CERT_(FILE|DIR)|SSLKEYLOGFILE|OPENSSL_(CONF|MODULES|ENGINES)|LD_(PRELOAD|AUDIT|LIBRARY_PATH)|DYLD_\w+|(HTTPS?|ALL|FTP|SOCKS)_PROXY)$/i;
/** Whom to trust, which is a question only where a connection is encrypted. Never followed all the same (`tls-options.ts`). */
const CERTIFICATES = /^(NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|SSL_CERT_(FILE|DIR))$/;
/** Options that Node may be started with. */
const HARMLESS_OPTION = /^--(disable-sigusr1|expose-gc|no-warnings|max-old-space-size(=\d+)?)$/;

const STARTED_WITH: readonly string[] = [
  ...Object.keys(process.env).filter((name) => (OF_NODE.test(name) && !HARMLESS.has(name)) || DANGEROUS.test(name)),
  ...process.execArgv.filter((option) => !HARMLESS_OPTION.test(option)),
];

/**
 * Refuses what could weaken or reveal a real key.
 * @param venue of a rehearsal on this machine nothing may be encrypted.
 * @throws ENVIRONMENT_UNSAFE that names every one of them.
 */
export function requireSafeEnvironment(mode: string, venue: Pick<Config['venue'], 'private_url' | 'rest_url'>): void {
  const isEncrypted = /^(wss|https):/.test(venue.private_url) || /^(wss|https):/.test(venue.rest_url);
  const startedWith = STARTED_WITH.filter((name) => isEncrypted || !CERTIFICATES.test(name));
  const found = [...startedWith, ...(inspector.url() === undefined ? [] : ['an open inspector'])];
  if (found.length > 0) throw arbitradeError('ENVIRONMENT_UNSAFE', mode, found.join(', '));
}
