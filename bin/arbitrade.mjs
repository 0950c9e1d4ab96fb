#!/usr/bin/env node
// Runs on whichever Node (20 or newer) comes first on the PATH, and hands over to the pinned one that `npm ci` installed.
// It neither outlives the program nor is outlived by it: the program watches this process and the one that started it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Every signal that can be caught and would end this process, as in src/platform/caught-signals.ts.
const SIGNALS = [
  ...['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGPWR', 'SIGXCPU', 'SIGUSR1', 'SIGUSR2', 'SIGHUP'],
  ...['SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGSTKFLT'],
].filter((signal) => constants.signals[signal] !== undefined);

const main = join(dirname(fileURLToPath(import.meta.url)), '..', 'src', 'main.ts');
let child;

// A terminal sends Ctrl-C to the whole process group, a service manager to the launcher alone: pass it on either way.
// The program takes a second signal of the same kind within its stop as the same request.
for (const signal of SIGNALS) process.on(signal, () => child?.kill(signal));

child = spawn(pinnedNode(), ['--disable-sigusr1', main, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, ARBITRADE_LAUNCHED_BY: `${process.pid}:${process.ppid}` },
});
child.on('error', (error) => {
  console.error(`arbitrade: ${error.message}`);
  process.exit(70);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 15)));

function pinnedNode() {
  try {
    const packageFile = createRequire(import.meta.url).resolve('node/package.json');
    const file = join(dirname(packageFile), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    if (existsSync(file)) return file;
  } catch {
    // falls through to the message below, which says what to do
  }
  console.error(
    'arbitrade: the pinned Node.js was not found beside the program. Run `npm ci` in its folder and try again.',
  );
  process.exit(70);
}
