/**
 * Paths in a settings file are relative to that file, wherever a command is called from: the process that runs and the
 * person who halts it must mean the same socket.
 */
import { dirname, resolve } from 'node:path';
import type { Config } from './config.ts';

/** Stands for no database at all. */
const NO_FILE = ':memory:';

/** Where trading is halted by a file, unless the settings say where: every run has such a file. */
export const killSwitchBeside = (socket: string): string => `${socket}.halt`;

/** `config` with every path absolute, as the settings file `file` means them. */
export function withAbsolutePaths(config: Config, file: string): Config {
  const folder = dirname(resolve(file));
  const absolute = (path: string): string => resolve(folder, path);
  const { venue, persistence, control, risk } = config;
  const socket = absolute(control.socket);
  const { secrets_file: secrets } = venue;
  return {
    ...config,
    venue: {
      ...venue,
      nonce_file: absolute(venue.nonce_file),
      ...(secrets === undefined ? {} : { secrets_file: absolute(secrets) }),
    },
    persistence: {
      ...persistence,
      database: persistence.database === NO_FILE ? NO_FILE : absolute(persistence.database),
    },
    control: { ...control, socket },
    risk: {
      ...risk,
      kill_switch_file:
        risk.kill_switch_file === undefined ? killSwitchBeside(socket) : absolute(risk.kill_switch_file),
    },
  };
}
