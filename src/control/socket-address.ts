/** The system's bound on the address of a Unix socket is shorter than paths can be. */
import { relative } from 'node:path';
import { arbitradeError } from '../platform/errors.ts';

/** Bytes of an address that every system takes. */
const ADDRESS_BYTES_MAX = 103;

/** How `path` is named to the system: from the working directory when its absolute name is too long. @throws CONTROL_SOCKET_FAILED. */
export function socketAddress(path: string): string {
  if (isShort(path)) return path;
  const short = fromHere(path);
  if (short !== undefined && isShort(short)) return short;
  const why = `the name of a socket has ${ADDRESS_BYTES_MAX} bytes at most, this one ${Buffer.byteLength(path)}`;
  throw arbitradeError('CONTROL_SOCKET_FAILED', path, why);
}

const isShort = (name: string): boolean => Buffer.byteLength(name) <= ADDRESS_BYTES_MAX;

/** Undefined in a working directory that was deleted. */
function fromHere(path: string): string | undefined {
  try {
    return relative(process.cwd(), path);
  } catch {
    return undefined;
  }
}
