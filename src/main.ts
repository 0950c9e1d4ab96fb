/**
 * Starts the program. Everything else is reached from the command line in `cli/program.ts`. Compiled code is kept between
 * runs, here and (by the variable) in the threads: types are then stripped once and not at every start.
 */
import { enableCompileCache } from 'node:module';

const { directory } = enableCompileCache();
if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] ??= directory;

const { runProgram } = await import('./cli/program.ts');

process.exitCode = await runProgram(process.argv.slice(2));
