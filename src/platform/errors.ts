/**
 * Every operating error has a code in this table. A text says what was found, what was expected and what to do.
 * Code compares codes, never texts. A broken invariant is an `assert` and a restart, not an entry here.
 */
export const ERRORS = {
  AMOUNT_OVERFLOW: (amount: bigint) =>
    `an amount of ${amount} units is more than 64 bits hold; trading is halted, for the account could not be counted any more`,
  CONFIG_INVALID: (path: string, expected: string, was: unknown) =>
    `${wrongSetting(path, expected, was)}; correct the setting and start again`,
  CONFIG_EMPTY: (file: string) =>
    `${file} says nothing: it is empty, or all of it is comments; expected settings in YAML, at least a line such as mode: paper (config/paper.yaml is a start, config/default.yaml shows every setting)`,
  CONFIG_UNREADABLE: (file: string, why: string) =>
    `${file} could not be read as settings (${why}); check the path and the YAML`,
  SECRETS_UNREADABLE: (file: string, why: string) =>
    `the secrets file ${file} could not be read (${why}); set venue.secrets_file to a file that this user owns`,
  SECRETS_EXPOSED: (file: string, found: string, command: string) =>
    `the secrets file ${file} is ${found}; only its owner may read it: ${command} (and make a new key if others could have read this one)`,
  SECRETS_INVALID: (file: string, why: string) =>
    `the secrets file ${file} ${why}; expected three lines, name: … (as the venue shows it), key: … and secret: …, each value in quotes`,
  KEY_MISSING: (mode: string) =>
    `mode ${mode} needs an API key, and venue.secrets_file is not set; write name, key and secret to a file (chmod 600) and name it there`,
  LIVE_NOT_ENABLED: (setting: string, was: unknown) =>
    `live trading is not enabled: ${setting} is ${show(was)}; rehearse with arbitrade dry-run, then set mode: live and live.real_orders: true`,
  LIVE_UNLIMITED: (setting: string, asset: string) =>
    `live trading needs a limit for every start asset, and ${setting} has none for ${asset}; set what you can afford to lose`,
  LIVE_NOT_CONFIRMED: (how: string) =>
    `live trading was not confirmed: ${how}; start it with arbitrade live --config FILE --key NAME, NAME being the name of the key that is meant`,
  KEY_REFUSED: (name: string, why: string) =>
    `the key ${show(name)} may not trade: ${why}; change it at the venue (Settings, API) or make another one`,
  KEY_OUTRUN: () =>
    'this key was used with larger nonces; make another key at the venue (Settings, API) that no other client uses: with this one nothing is asked any more',
  ENVIRONMENT_UNSAFE: (mode: string, found: string) =>
    `mode ${mode} uses a real key, and Node was started with ${found}, which could weaken or reveal it; take it out of the environment (env -u NAME …) and start again`,
  NONCE_FILE_UNUSABLE: (file: string, why: string) =>
    `the nonce file ${file} cannot be used (${why}); every process needs a key and a venue.nonce_file of its own`,
  KEY_UNCHECKED: (why: string) =>
    `the venue could not be asked what the key may do (${why}); nothing was started, try again when it answers`,
  OPTION_INVALID: (option: string, expected: string, was: unknown) =>
    `${option}: expected ${expected}, found ${show(was)}; see --help`,
  CAPTURE_UNREADABLE: (file: string, why: string) =>
    `${file} could not be read as a capture (${why}); expected JSON lines, plain or gzip, that begin with a header row`,
  CAPTURE_CUT_SHORT: (file: string, frames: number) =>
    `${file} ends in the middle of a row, as when its writer was killed or its copy was not finished; the result is that of its first ${frames} frames (fetch the file again if there is a whole one)`,
  DECIMAL_INVALID: (what: string, text: string) => `${what}: expected a plain decimal number, found ${show(text)}`,
  DECIMAL_DOES_NOT_FIT: (what: string, text: string, decimals: number) =>
    `${what}: ${text} does not fit ${decimals} decimals exactly; the instrument's precision or the message is wrong`,
  INSTRUMENT_UNKNOWN: (symbol: string) =>
    `instrument ${symbol} is not in the venue's list; check the spelling (BTC/USD)`,
  INSTRUMENT_LOG_FULL: (bytes: number) =>
    `the instrument log of ${bytes} bytes is full; a restart compacts it (raise limits.instrument_log_bytes if it recurs)`,
  LAYOUT_MISMATCH: (what: string, was: number, want: number) =>
    `shared memory ${what} is ${was}, this build expects ${want}; all threads must come from one start`,
  TOPOLOGY_INVALID: (what: string) => `the topology is inconsistent: ${what}`,
  ACTOR_FAILED: (actor: string, why: string) => `actor ${actor} failed: ${why}`,
  ACTOR_HUNG: (actor: string, forMs: number, limitMs: number) =>
    `actor ${actor} gave no heartbeat for ${forMs} ms, limit ${limitMs} ms`,
  RESTARTS_EXCEEDED: (actor: string, count: number, withinMs: number) =>
    `actor ${actor} needed ${count} restarts within ${withinMs} ms, more than its budget; trading is halted and the process ends`,
  RESTARTS_IN_VAIN: (actor: string, count: number, why: string) =>
    `actor ${actor} failed ${count} times in a row for the same reason (${why}), and restarts do not help; trading is halted and the process ends`,
  STOP_UNCLEAN: (what: string) =>
    `not everything stopped in order (${what}); the log says why, and the next start finds out what was left open`,
  DATABASE_FAILED: (what: string, why: string) => `database: ${what} failed: ${why}`,
  DATABASE_LOG_DAMAGED: (file: string, why: string) =>
    `the database's log ${file}.wal is damaged (${why}), and nothing was started; copy ${file} and its log aside, look at the account at the venue, then move the log away (mv ${file}.wal ${file}.wal.damaged) and start again: the database goes on from its last checkpoint without what was recorded since (orders and fills of the last minutes are asked of the venue again; a halt or exposure of that time is forgotten)`,
  DATABASE_DAMAGED: (file: string, why: string) =>
    `the database ${file} cannot be read (${why}), and nothing was started; put a copy of it in its place, or look at the account at the venue and start with another persistence.database: halts, exposure and results that it kept are forgotten then`,
  DATABASE_TOO_NEW: (found: number, known: number) =>
    `the database has schema version ${found}, this build knows up to ${known}; use a newer arbitrade or another database file`,
  DATABASE_LOCKED: (file: string, holder: string) =>
    `${file} is in use by ${holder}; stop that arbitrade (or close the tool that has the file open), or set persistence.database to another file`,
  DATABASE_MIGRATION_CHANGED: (number: number, name: string) =>
    `migration ${number} (${name}) was applied to this database with another text than this build has; use the build that made the database, or another database file`,
  DATABASE_MIGRATION_INVALID: (file: string, number: number) =>
    `migration file ${file}: expected a name such as ${String(number).padStart(4, '0')}-what-it-does.sql; numbers go from 1 without gaps`,
  RECORDS_INCOMPLETE: (missing: number, doubled: number) =>
    `of the records of this run ${missing} are missing and ${doubled} are doubled in the database; its opportunities cannot be relied upon (see the log for what failed, and run it again)`,
  REPLAY_INTERRUPTED: (signal: string) => `the replay was ended by ${signal} before the capture's end; no result`,
  OUTPUT_UNWRITABLE: (name: string, file: string, why: string) =>
    `${name}: ${file} could not be written (${why}); check the path and its rights`,
  OUTPUT_LOST: (why: string) =>
    `stdout could not be written (${why}), so what the command had to say is lost; what it does was done: make room, or send stdout elsewhere`,
  FILE_EXPOSED: (setting: string, file: string, found: string, command: string) =>
    `${setting}: ${file} is ${found}; what arbitrade writes is for its own user alone: ${command}`,
  CONTROL_SOCKET_UNREACHABLE: (path: string, why: string) => `nothing listens on ${path} (${why})`,
  CONTROL_SOCKET_SILENT: (path: string, why: string) => `the process that listens on ${path} does not answer (${why})`,
  CONTROL_NOT_RUNNING: (path: string, why: string, next: string) =>
    `no arbitrade runs with the control socket ${path} (${why}); ${next}`,
  CONTROL_NO_ANSWER: (who: string, path: string, why: string) =>
    `arbitrade is running (${who}) but does not answer on ${path}: ${why}`,
  CONTROL_REFUSED: (command: string, why: string) => `${command} was refused: ${why}`,
  CONTROL_ANSWERED_NO: (text: string) => text,
  CONTROL_ANSWERED_FAILURE: (text: string) => text,
  CONTROL_REQUEST_INVALID: (why: string) => `the request was not understood (${why})`,
  CONTROL_FAILED: (command: string, why: string) => `${command} failed: ${why}`,
  CONTROL_SOCKET_TAKEN: (path: string, why: string) =>
    `the control socket ${path} is taken: ${why}; stop it, or choose another control.socket`,
  CONTROL_SOCKET_FAILED: (path: string, why: string) =>
    `the control socket ${path} could not be opened (${why}); check the directory and its rights`,
  VENUE_UNREACHABLE: (url: string, why: string) => `${url} could not be reached (${why})`,
  TLS_PIN_MISMATCH: (host: string, found: string) =>
    `TLS_PIN_MISMATCH: ${host} shows a public key that is none of venue.tls_pins (its SHA-256 is ${found}), and nothing was sent to it; if the venue says that it has changed its key, add this one, otherwise a third party stands between`,
  CREDENTIALS_INVALID: (half: string, expected: string) =>
    `the ${half} of the venue's API key is not one: expected ${expected}; copy it again from where the venue showed it`,
  MARKET_DATA_REFUSED: (url: string, forMs: number, why: string) =>
    `${url} has refused every connection for ${forMs} ms (${why}); trading is halted and the process ends. Open the address from this machine: a ban or a challenge page passes with time or another address, a wrong one is venue.public_url`,
  VENUE_REFUSED: (what: string, why: string) => `the venue refused ${what}: ${why}`,
} as const;

/** One of the codes of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

/** What the user gave is at fault: doing the same again fails again. */
export const USER_ERRORS: ReadonlySet<ErrorCode> = new Set([
  'CONFIG_INVALID',
  'CONFIG_EMPTY',
  'CONFIG_UNREADABLE',
  'OPTION_INVALID',
  'KEY_MISSING',
  'NONCE_FILE_UNUSABLE',
  'ENVIRONMENT_UNSAFE',
  'FILE_EXPOSED',
  'OUTPUT_UNWRITABLE',
  'DATABASE_DAMAGED',
  'DATABASE_LOG_DAMAGED',
  'LIVE_NOT_ENABLED',
  'LIVE_UNLIMITED',
  'LIVE_NOT_CONFIRMED',
  'KEY_REFUSED',
  'KEY_OUTRUN',
  'SECRETS_UNREADABLE',
  'SECRETS_EXPOSED',
  'SECRETS_INVALID',
  'CAPTURE_UNREADABLE',
  'CAPTURE_CUT_SHORT',
  'CREDENTIALS_INVALID',
]);

/** A restart would meet these again: the supervisor gives up at once instead of spending its budget. */
export const INCURABLE_ERRORS: ReadonlySet<ErrorCode> = new Set([
  ...USER_ERRORS,
  'MARKET_DATA_REFUSED',
  'AMOUNT_OVERFLOW',
]);

/** An operating error: handled where it can be, reported with its code elsewhere. */
export class ArbitradeError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ArbitradeError';
    this.code = code;
  }
}

/** Builds the error for `code` with its text made from `args`. */
export function arbitradeError<C extends ErrorCode>(code: C, ...args: Parameters<(typeof ERRORS)[C]>): ArbitradeError {
  const text = ERRORS[code] as (...parts: unknown[]) => string;
  return new ArbitradeError(code, text(...args));
}

/** The message of anything that was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** One wrong setting, without what to do about it. */
export function wrongSetting(path: string, expected: string, was: unknown): string {
  return `${path}: expected ${expected}, found ${show(was)}`;
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
