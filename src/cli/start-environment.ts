/**
 * What the process was started with that could change how Node itself works: a preloaded module, another list of
 * certificates, verification turned off, an inspector, a proxy, output of what is secret. In a mode with a real key none of
 * it is allowed. Loaded before anything else, as the program sets variables of its own afterwards.
 */
import inspector from 'node:inspector';
import { arbitradeError } from '../shared/errors.ts';

/** Variables of Node that change nothing but words, colours, and what an image notes about itself. */
const HARMLESS: ReadonlySet<string> = new Set(['NODE_ENV', 'NODE_VERSION', 'NODE_NO_WARNINGS', 'NODE_DISABLE_COLORS']);
/** Whatever begins so is Node's. */
const OF_NODE = /^NODE_/;
/** Of the libraries below it: trusted certificates, keys written to a file, other settings, code loaded before ours; proxies. */
const DANGEROUS =
  /^(SSL_CERT_(FILE|DIR)|SSLKEYLOGFILE|OPENSSL_(CONF|MODULES|ENGINES)|LD_(PRELOAD|AUDIT|LIBRARY_PATH)|DYLD_\w+|(HTTPS?|ALL|FTP|SOCKS)_PROXY)$/i;
/** Options that Node may be started with. */
const HARMLESS_OPTION = /^--(disable-sigusr1|expose-gc|no-warnings|max-old-space-size(=\d+)?)$/;

const STARTED_WITH: readonly string[] = [
  ...Object.keys(process.env).filter((name) => (OF_NODE.test(name) && !HARMLESS.has(name)) || DANGEROUS.test(name)),
  ...process.execArgv.filter((option) => !HARMLESS_OPTION.test(option)),
];

/** Refuses what could weaken or reveal a real key. @throws ENVIRONMENT_UNSAFE that names every one of them. */
export function requireSafeEnvironment(mode: string): void {
  const found = [...STARTED_WITH, ...(inspector.url() === undefined ? [] : ['an open inspector'])];
  if (found.length > 0) throw arbitradeError('ENVIRONMENT_UNSAFE', mode, found.join(', '));
}
