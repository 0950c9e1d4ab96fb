/** The file that halts a process which cannot be asked: its risk actor looks for it all the time. */
import { writeFileSync } from 'node:fs';
import { reasonOf } from '../platform/errors.ts';

/** Makes the file, with `text` in it for its finder. @returns what came of it, as text. */
export function makeKillSwitch(file: string | undefined, text: string): string {
  if (file === undefined)
    return 'no kill-switch file was made: where it would be, only the settings say (--config FILE)';
  try {
    writeFileSync(file, `${text}\n`, { flag: 'wx', mode: 0o600 });
    return `the kill-switch file ${file} was made: trading halts while it is there, and resumes only after it is removed and \`arbitrade resume\` was answered`;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST')
      return `the kill-switch file ${file} is there already: trading halts while it is`;
    return `the kill-switch file ${file} could not be made (${reasonOf(thrown)}): NOTHING WAS HALTED; end the process`;
  }
}
