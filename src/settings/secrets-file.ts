/**
 * The file with an account's API key. It is read only when no one but its owner can read it, and no error says anything
 * of what is in it. Any path will do, that of a systemd credential too.
 *
 *   name: "trading-eu"      the key's name as the venue shows it
 *   key: "…"
 *   secret: "…"
 */
import { closeSync, fstatSync, openSync, readFileSync, realpathSync, type Stats } from 'node:fs';
import { sep } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { arbitradeError } from '../platform/errors.ts';

/** One key of the venue. Plain text, so that it can be handed to the one thread that signs with it, and to no other. */
export interface ApiKey {
  readonly name: string;
  readonly key: string;
  readonly secret: string;
}

const SIZE_MAX = 16_384;
const GROUP_AND_OTHERS = 0o077;
const GROUP_READS = 0o040;

const CONTENT = z.strictObject({
  name: z.string().trim().min(1).max(100),
  key: z.string().trim().min(1).max(256),
  secret: z.string().trim().min(1).max(512),
});

/** @throws SECRETS_UNREADABLE, SECRETS_EXPOSED, SECRETS_INVALID. */
export function readSecretsFile(file: string): ApiKey {
  return parseSecrets(file, readOwned(file));
}

/** Opened once: what was looked at is what is read. */
function readOwned(file: string): string {
  let handle: number | undefined;
  try {
    handle = openSync(file, 'r');
    const stats = fstatSync(handle);
    if (!stats.isFile()) throw arbitradeError('SECRETS_UNREADABLE', file, 'it is no file');
    refuseExposed(file, stats);
    if (stats.size > SIZE_MAX) throw arbitradeError('SECRETS_INVALID', file, `is larger than ${SIZE_MAX} bytes`);
    return readFileSync(handle, 'utf8');
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw thrown;
    throw arbitradeError('SECRETS_UNREADABLE', file, code);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function refuseExposed(file: string, { mode, uid }: Stats): void {
  const me = process.getuid?.();
  if (me === undefined) return; // no such rights on this system: its own apply
  if (uid !== me && uid !== 0)
    throw arbitradeError('SECRETS_EXPOSED', file, `owned by user ${uid}`, `chown ${me} ${file}`);
  const allowed = isSystemdCredential(file) ? GROUP_READS : 0;
  if ((mode & GROUP_AND_OTHERS & ~allowed) === 0) return;
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  throw arbitradeError('SECRETS_EXPOSED', file, `open to others (mode ${octal})`, `chmod 600 ${file}`);
}

/** systemd lets the service's user in by an access list, which shows as the group's right to read. */
function isSystemdCredential(file: string): boolean {
  const directory = process.env['CREDENTIALS_DIRECTORY'];
  return directory !== undefined && realpathSync(file).startsWith(realpathSync(directory) + sep);
}

/** Neither parser's own message is passed on: they quote what they read. */
function parseSecrets(file: string, text: string): ApiKey {
  const document = parseDocument(text);
  if (document.errors.length > 0) throw arbitradeError('SECRETS_INVALID', file, 'is no YAML');
  const result = CONTENT.safeParse(withoutAliases(document));
  if (result.success) return result.data;
  const wrong = result.error.issues.map(({ path }) => path[0]).find((name) => typeof name === 'string');
  throw arbitradeError(
    'SECRETS_INVALID',
    file,
    wrong === undefined ? 'holds something else' : `has no usable ${wrong}`,
  );
}

/** Undefined for what refers to other parts of itself: there is no need for it here. */
function withoutAliases(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    return undefined;
  }
}
