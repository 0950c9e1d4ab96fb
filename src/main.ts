/**
 * Starts the program. Everything else is reached from the command line in `cli/program.ts`. What must hold before any
 * other code runs is done here: no file of ours is open to others, no signal opens Node's inspector or ends the process
 * without a word, and a reader of our output that goes away is no failure.
 */
import './engine/start-environment.ts';
import { enableCompileCache } from 'node:module';
import { constants } from 'node:os';
import { noticeLostAnswers } from './cli/answers.ts';
import { compileCacheFolder } from './engine/compile-cache.ts';
import { CAUGHT_SIGNALS, SIGNAL_MEANINGS } from './platform/caught-signals.ts';

process.umask(0o077);
for (const signal of CAUGHT_SIGNALS) process.on(signal, () => endUnlessListened(signal));
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

/**
 * Until a command listens for itself, a signal that stops ends the process at once: nothing is open before. Not left to
 * the default, which for process 1 (a container) is to drop the signal.
 */
function endUnlessListened(signal: NodeJS.Signals): void {
  if (SIGNAL_MEANINGS[signal] !== 'stop' || process.listenerCount(signal) > 1) return;
  process.exit(128 + constants.signals[signal]);
}
