/** How a command ends. `--help` prints this table; scripts and service managers may rely on it. */
export const EXIT = {
  OK: 0,
  FAILED: 1,
  USAGE: 2,
  ESCALATED: 3,
  NOT_RUNNING: 4,
  NO_ANSWER: 5,
  REFUSED: 6,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_HELP = `Exit codes:
  0  done
  1  failed while running, or something had to be killed when it stopped; the message has a code and says what to do
  2  an option, a setting, a file or the environment was refused; nothing was started, or the input broke off
  3  an actor failed too often: trading was halted and the process ended for its supervisor to restart it
  4  halt, drain, flatten, resume, status: no arbitrade is running with these settings
  5  halt, drain, flatten, resume, status: it is running, but does not answer (halt has made the kill-switch file instead)
  6  halt, drain, flatten, resume, status: the running process has refused, and says why`;
