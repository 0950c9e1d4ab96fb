/**
 * Starts the program. Everything else is reached from the command line in `cli/program.ts`. What must hold before any
 * other code runs is done here: no file of ours is open to others, no signal opens Node's inspector or ends the process
 * without a word, and a reader of our output that goes away is no failure.
 */
import './engine/start-environment.ts';
import { enableCompileCache } from 'node:module';
import { noticeLostAnswers } from './cli/answers.ts';
import { compileCacheFolder } from './engine/compile-cache.ts';
import { CAUGHT_SIGNALS, SIGNAL_MEANINGS } from './platform/caught-signals.ts';

process.umask(0o077);
// Those that end it by default stay as they are until a command listens: nothing is open before.
for (const signal of CAUGHT_SIGNALS) if (SIGNAL_MEANINGS[signal] !== 'stop') process.on(signal, () => undefined);
noticeLostAnswers();

// Compiled code is kept between runs, here and (by the variable) in the threads: types are then stripped once and not at
// every start.
const folder = compileCacheFolder();
if (folder !== undefined) {
  enableCompileCache(folder);
  process.env['NODE_COMPILE_CACHE'] = folder;
}

const { runProgram } = await import('./cli/program.ts');

process.exitCode = await runProgram(process.argv.slice(2));
