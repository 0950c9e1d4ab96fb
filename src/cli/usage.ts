/** What is looked at on a command line beyond what commander does, after it has named options that do not exist. */
import type { Command } from 'commander';

/**
 * A hook before the action: the options that the command cannot do without, by their attribute names. (Commander's own
 * required options are missed before a misspelt one is named: `--cofnig x` was a missing `--config`.)
 */
export function needs(...names: readonly string[]) {
  return (_hooked: Command, command: Command): void => {
    for (const option of command.options) {
      if (!names.includes(option.attributeName()) || command.getOptionValue(option.attributeName()) !== undefined)
        continue;
      command.error(`error: '${option.flags}' is missing: ${option.description}`);
    }
  };
}

/** Refuses an option that was taken for the file of the one before it (`--config --json`), and a file without a name. */
export function requireValues(command: Command): void {
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    if (!/<(file|path)>/.test(option.flags) || typeof value !== 'string') continue;
    if (value === '' || value.startsWith('--')) {
      command.error(`error: '${option.flags}' needs a path, and ${value === '' ? 'an empty text' : value} follows it`);
    }
  }
}

/** What to say when `args` name two commands; undefined when they do not. */
export function twoCommands(args: readonly string[], program: Command): string | undefined {
  const names = args.filter((arg) => program.commands.some((command) => command.name() === arg));
  if (names.length < 2) return undefined;
  return `(one command at a time: ${names.map((name) => `arbitrade ${name}`).join(', then ')})`;
}
