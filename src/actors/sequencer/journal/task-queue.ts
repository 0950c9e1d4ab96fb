/** Changes of the journal that wait for their turn, oldest first: each is made when the rings have room for it. */
import type { Journal } from './journal.ts';

/** Makes one change of the journal, or finds that there is none to make. */
export type Task = () => void;

export class TaskQueue {
  readonly #journal: Pick<Journal, 'ready'>;
  /** What is only said is never dropped. */
  readonly #audits: Task[] = [];
  #tasks: Task[] = [];

  constructor(journal: Pick<Journal, 'ready'>) {
    this.#journal = journal;
  }

  get isEmpty(): boolean {
    return this.#tasks.length === 0 && this.#audits.length === 0;
  }

  add(...tasks: readonly Task[]): void {
    this.#tasks.push(...tasks);
  }

  /** Adds an audit event. */
  say(task: Task): void {
    this.#audits.push(task);
  }

  /** Forgets what is not made yet, but what is to be said. */
  drop(): void {
    this.#tasks = [];
  }

  /** @returns how many were made. */
  run(): number {
    let made = 0;
    while (!this.isEmpty && this.#journal.ready()) {
      (this.#audits.shift() ?? this.#tasks.shift())?.();
      made++;
    }
    return made;
  }
}
