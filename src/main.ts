/**
 * Starts the program. Everything else is reached from the command line in `cli/program.ts`. What must hold before any
 * other code runs is done here: no file of ours is open to others, no signal opens Node's inspector or ends the process
 * without a word, and a reader of our output that goes away is no failure.
 */
import './engine/start-environment.ts';
import { enableCompileCache } from 'node:module';
import { compileCacheFolder } from './engine/compile-cache.ts';
import { CAUGHT_SIGNALS, SIGNAL_MEANINGS } from './platform/caught-signals.ts';

process.umask(0o077);
// Those that end it by default stay as they are until a command listens: nothing is open before.
for (const signal of CAUGHT_SIGNALS) if (SIGNAL_MEANINGS[signal] !== 'stop') process.on(signal, () => undefined);
// `arbitrade … | head`: what is left to say is not said, and the command comes to its own end. So it does on a full disk,
// but that shows in the exit code.
let isOutputLost = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    isOutputLost ||= error.code !== 'EPIPE';
  });
}

// Compiled code is kept between runs, here and (by the variable) in the threads: types are then stripped once and not at
// every start.
const folder = compileCacheFolder();
if (folder !== undefined) {
  enableCompileCache(folder);
  process.env['NODE_COMPILE_CACHE'] = folder;
}

const { runProgram } = await import('./cli/program.ts');

const code = await runProgram(process.argv.slice(2));
process.exitCode = code === 0 && isOutputLost ? 1 : code;
