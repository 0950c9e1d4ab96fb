/** The actor's end of the database process: starts it, asks, and reports when it is gone. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ArbitradeError, arbitradeError, reasonOf } from '../../../platform/errors.ts';
import type { RecordSummary } from '../../../runtime/control-calls.ts';
import type {
  Committed,
  Exported,
  FromDatabase,
  Opened,
  OpenRequest,
  RecordBatch,
  ToDatabase,
} from './database-protocol.ts';

const PROCESS_FILE = fileURLToPath(new URL('./database-process.ts', import.meta.url));

type Answer = Extract<FromDatabase, { type: 'answer' }>['value'];

interface Waiting {
  readonly resolve: (value: Answer) => void;
  readonly reject: (error: ArbitradeError) => void;
}

/** What comes unasked. */
export interface DatabaseNews {
  onMigrating(): void;
  /** It is at work on a request that takes long. */
  onWorking(): void;
}

export class DatabaseClient {
  readonly #process: ChildProcess;
  readonly #news: DatabaseNews;
  readonly #waiting: Waiting[] = [];
  readonly #exited: Promise<void>;
  #gone: string | undefined;

  constructor(news: DatabaseNews) {
    this.#news = news;
    this.#process = fork(PROCESS_FILE, [], {
      serialization: 'advanced',
      execArgv: ['--expose-gc', '--disable-sigusr1'], // the first for what the process collects itself
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#process.on('message', (message) => this.#receive(message as FromDatabase));
    this.#process.on('error', (error) => this.#lose(reasonOf(error)));
    this.#exited = new Promise((resolve) => {
      this.#process.on('exit', (code, signal) => {
        this.#lose(`its process ended (${signal ?? code})`);
        resolve();
      });
    });
  }

  /** Process id, 0 when it could not be started. */
  get pid(): number {
    return this.#process.pid ?? 0;
  }

  open(request: Omit<OpenRequest, 'type'>): Promise<Opened> {
    return this.#ask({ type: 'open', ...request }) as Promise<Opened>;
  }

  /** All or nothing. The records are copied before this returns. */
  commit(batch: RecordBatch): Promise<Committed> {
    return this.#ask({ type: 'commit', ...batch }) as Promise<Committed>;
  }

  exportOpportunities(file: string): Promise<Exported> {
    return this.#ask({ type: 'export', file }) as Promise<Exported>;
  }

  summary(): Promise<RecordSummary> {
    return this.#ask({ type: 'summary' }) as Promise<RecordSummary>;
  }

  /** Closes the database and ends the process. */
  async close(): Promise<void> {
    await this.#ask({ type: 'close' });
    this.#process.disconnect();
    await this.#exited;
  }

  /** Ends the process at once. Safe at any moment: what was committed stays, what was not is asked for again. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    if (this.#process.pid !== undefined) await this.#exited;
  }

  #ask(request: ToDatabase): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(arbitradeError('DATABASE_FAILED', request.type, this.#gone));
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#process.send(request, (error) => {
        if (error !== null) this.#lose(reasonOf(error));
      });
    });
  }

  #receive(message: FromDatabase): void {
    if (message.type === 'migrating') this.#news.onMigrating();
    else if (message.type === 'working') this.#news.onWorking();
    else this.#settle(message);
  }

  #settle(message: Exclude<FromDatabase, { type: 'migrating' | 'working' }>): void {
    const waiting = this.#waiting.shift(); // answers come in the order of the requests
    if (message.type === 'answer') waiting?.resolve(message.value);
    else waiting?.reject(new ArbitradeError(message.code, message.message));
  }

  #lose(why: string): void {
    this.#gone ??= why;
    for (const { reject } of this.#waiting.splice(0)) {
      reject(arbitradeError('DATABASE_FAILED', 'the database process', why));
    }
  }
}
