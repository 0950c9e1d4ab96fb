/** The system's bound on the address of a Unix socket is shorter than paths can be. */
import { relative } from 'node:path';
import { arbitradeError } from '../platform/errors.ts';

/** Bytes of an address that every system takes. */
const ADDRESS_BYTES_MAX = 103;

/** How `path` is named to the system: from the working directory when its absolute name is too long. @throws CONTROL_SOCKET_FAILED. */
export function socketAddress(path: string): string {
  const names = [path, relative(process.cwd(), path)];
  const fitting = names.find((name) => Buffer.byteLength(name) <= ADDRESS_BYTES_MAX);
  if (fitting !== undefined) return fitting;
  const why = `the name of a socket has ${ADDRESS_BYTES_MAX} bytes at most, this one ${Buffer.byteLength(path)}`;
  throw arbitradeError('CONTROL_SOCKET_FAILED', path, why);
}
