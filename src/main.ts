/** Starts the program. Everything else is reached from the command line in `cli/program.ts`. */
import { runProgram } from './cli/program.ts';

process.exitCode = await runProgram(process.argv.slice(2));
