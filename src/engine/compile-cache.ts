/**
 * Where compiled code is kept between runs: beside the program, in a folder of this user's own. Not where Node would put
 * it, below the folder for temporary files: another user who makes that folder first could put code there.
 */
import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OTHERS = 0o077;

/** Undefined when there can be none: the program starts a little slower then. */
export function compileCacheFolder(): string | undefined {
  const me = process.getuid?.();
  if (me === undefined) return undefined;
  const folder = fileURLToPath(new URL(`../../node_modules/.cache/arbitrade-${me}`, import.meta.url));
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(folder);
    return uid === me && (mode & OTHERS) === 0 ? folder : undefined;
  } catch {
    return undefined; // the program's folder is not ours to write to
  }
}
