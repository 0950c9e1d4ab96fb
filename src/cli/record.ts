/** `arbitrade record`: writes the venue's live frames to a capture. Only the feed runs; nothing is decided or traded. */
import { statSync } from 'node:fs';
import { EXIT, type ExitCode } from '../engine/exit-codes.ts';
import { requireWritable } from '../engine/option-files.ts';
import { printResultLine } from '../engine/standard-output.ts';
import { listenForStop } from '../engine/stop-signals.ts';
import { freshSeed } from '../platform/chance.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { arbitradeError } from '../platform/errors.ts';
import { InlineHost } from '../runtime/inline-host.ts';
import { openConsumer } from '../runtime/memory/shared-memory.ts';
import type { Topology } from '../runtime/topology-spec.ts';
import type { Config } from '../settings/config.ts';
import { readConfig } from '../settings/read-config.ts';
import { topologyOf } from '../topology.ts';
import { showProgress } from './progress.ts';

/** How often the feed gets its turn: its sockets work by themselves in between. */
const TURN_MS = 5;
/** Room for what a large snapshot brings between two turns. */
const DELTAS_RING = 262_144;
const DRAIN_LIMIT = 65_536;

export interface RecordOptions {
  /** Settings: the venue, its pairs, the depth. */
  readonly config: string;
  /** Capture to write; compressed when the name ends in `.gz`. An existing file is refused. */
  readonly out: string;
  /** Ends by itself after this long, counted from when the feed has started. */
  readonly forMs?: number | undefined;
}

/**
 * Records until SIGINT, SIGTERM or the time is up.
 * @throws CONFIG_INVALID, CONFIG_UNREADABLE, OPTION_INVALID before anything is connected; VENUE_UNREACHABLE when not
 * one frame came in.
 */
export async function record({ config: file, out, forMs }: RecordOptions): Promise<ExitCode> {
  const config = readConfig(file);
  requireWritable('--out', out);
  const signals = listenForStop(systemClock);
  try {
    const recorder = await Recorder.start(config, out, systemClock);
    signals.stopAfter(forMs);
    const progress = showProgress(() => `recording  ${recorder.describe()}`, systemClock);
    try {
      await Promise.race([signals.stopped, recorder.failed]);
    } finally {
      await recorder.stop();
      progress.end();
      printResultLine(`recorded   ${recorder.out}   ${recorder.describe()}`);
    }
    if (recorder.frames === 0) throw arbitradeError('VENUE_UNREACHABLE', config.venue.public_url, 'no frame came in');
    return EXIT.OK;
  } finally {
    signals.dispose();
  }
}

/** The feed alone on this thread; what it makes of the frames is thrown away. */
class Recorder {
  readonly out: string;
  readonly startedNs: number;
  /** Rejects when the feed fails, for instance because the disk is full. */
  readonly failed: Promise<never>;
  readonly #host: InlineHost;
  readonly #clock: Clock;
  #running = true;

  static async start(config: Config, out: string, clock: Clock): Promise<Recorder> {
    const roomy: Config = { ...config, limits: { ...config.limits, deltas_ring: DELTAS_RING } };
    const whole = topologyOf(roomy);
    const topology: Topology = { ...whole, children: whole.children.filter(({ id }) => id === 'feed') };
    const seed = freshSeed();
    const host = new InlineHost({ topology, config: roomy, clock, seed, options: { record: out } });
    await host.start();
    return new Recorder(host, out, clock);
  }

  private constructor(host: InlineHost, out: string, clock: Clock) {
    this.#host = host;
    this.#clock = clock;
    this.out = out;
    this.startedNs = clock.nowNs();
    this.failed = new Promise((_resolve, reject) => {
      const drains = Object.entries(host.memory.rings).flatMap(([name, { from, to }]) => {
        if (from !== 'feed') return [];
        const consumer = openConsumer(host.memory, name, to);
        return () => consumer.drain(() => {}, DRAIN_LIMIT);
      });
      const turn = () => {
        if (!this.#running) return;
        try {
          host.turn();
          for (const drain of drains) drain();
          clock.after(TURN_MS, turn);
        } catch (thrown) {
          reject(thrown);
        }
      };
      turn();
    });
  }

  get frames(): number {
    return this.#host.countersOf('feed').get('frames');
  }

  /** What a person wants to know while it runs. */
  describe(): string {
    const feed = this.#host.countersOf('feed');
    const seconds = (this.#clock.nowNs() - this.startedNs) / 1e9;
    const megabytes = statSync(this.out).size / 1e6;
    const counts = `frames ${feed.get('frames')}   book messages ${feed.get('book_messages')}   books ${feed.get('subscribe_acks')}`;
    return `${seconds.toFixed(1)} s   ${counts}   disconnects ${feed.get('disconnects')}   ${megabytes.toFixed(1)} MB`;
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#host.stop();
  }
}
