/** Looks at the files that options and settings name before anything is started, so that a wrong path is said by its name. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { arbitradeError } from '../platform/errors.ts';

/** @param name of the option or setting. @throws OUTPUT_UNWRITABLE when `file` cannot be made or written. */
export function requireWritable(name: string, file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats?.isDirectory() === true) throw arbitradeError('OUTPUT_UNWRITABLE', name, file, 'it is a folder');
  const what = stats === undefined ? dirname(resolve(file)) : file;
  if (statSync(what, { throwIfNoEntry: false }) === undefined) {
    throw arbitradeError('OUTPUT_UNWRITABLE', name, file, `there is no folder ${what}`);
  }
  try {
    accessSync(what, constants.W_OK);
  } catch (thrown) {
    throw arbitradeError(
      'OUTPUT_UNWRITABLE',
      name,
      file,
      (thrown as NodeJS.ErrnoException).code ?? 'no right to write',
    );
  }
}

/** @throws OPTION_INVALID that names the option when `file` is no file that can be read. */
export function requireReadable(option: string, file: string): void {
  try {
    accessSync(file, constants.R_OK);
    if (statSync(file).isDirectory()) throw arbitradeError('OPTION_INVALID', option, 'a file, not a folder', file);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'OPTION_INVALID') throw thrown;
    throw arbitradeError('OPTION_INVALID', option, `a file that can be read (${code})`, file);
  }
}
