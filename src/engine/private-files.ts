/**
 * What the engine writes is for its user alone: balances, orders, nonces. New files get these rights by the process's umask
 * (`main.ts`); here, before anything is started, those that are there already are looked at, and the folders they lie in.
 */
import { type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { IN_MEMORY } from '../actors/persistence/database/open-database.ts';
import { arbitradeError } from '../platform/errors.ts';
import { describeUser } from '../platform/process-names.ts';
import { type Config, usesKey } from '../settings/config.ts';
import { requireWritable } from './option-files.ts';

const GROUP_AND_OTHERS = 0o077;
const GROUP_OR_OTHERS_WRITE = 0o022;
/** In such a folder (/tmp) no user can remove or replace what is another's. */
const STICKY = 0o1000;

/** @throws FILE_EXPOSED for the first that others can read, write or replace, OUTPUT_UNWRITABLE. */
export function requirePrivateFiles({ mode, persistence, venue, control }: Config): void {
  const { database } = persistence;
  const files: [string, string][] = [['control.socket', control.socket]];
  if (database !== IN_MEMORY)
    files.push(['persistence.database', database], ['persistence.database', `${database}.wal`]);
  if (usesKey(mode))
    files.push(['venue.nonce_file', venue.nonce_file], ['venue.nonce_file', `${venue.nonce_file}.lock`]);
  for (const [setting, file] of files) {
    requireWritable(setting, file);
    requireOwnFolder(setting, dirname(resolve(file)));
    requireOwnFile(setting, file);
  }
}

function requireOwnFile(setting: string, file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return; // it will be made, with the right rights
  requireOwner(setting, file, stats);
  if ((stats.mode & GROUP_AND_OTHERS) === 0) return;
  throw arbitradeError(
    'FILE_EXPOSED',
    setting,
    file,
    `open to others (mode ${octal(stats)})`,
    `chmod 600 ${quoted(file)}`,
  );
}

function requireOwnFolder(setting: string, folder: string): void {
  const stats = statSync(folder);
  if ((stats.mode & STICKY) !== 0) return;
  requireOwner(setting, folder, stats, 0);
  if ((stats.mode & GROUP_OR_OTHERS_WRITE) === 0) return;
  const found = `a folder in which others can replace files (mode ${octal(stats)})`;
  throw arbitradeError('FILE_EXPOSED', setting, folder, found, `chmod go-w ${quoted(folder)}`);
}

/** @param also another user who may own it. */
function requireOwner(setting: string, file: string, { uid }: Stats, also?: number): void {
  const me = process.getuid?.();
  if (me === undefined || uid === me || uid === also) return;
  const found = `owned by ${describeUser(uid)}`;
  throw arbitradeError('FILE_EXPOSED', setting, file, found, `chown ${describeUser(me)} ${quoted(file)}`);
}

const octal = ({ mode }: Stats): string => (mode & 0o7777).toString(8).padStart(4, '0');
const quoted = (file: string): string => (/^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`);
