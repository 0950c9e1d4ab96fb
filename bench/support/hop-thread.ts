/**
 * One of two threads that pass a number back and forth. `serves`: sends first and measures; otherwise echoes. Answers
 * with the time of a hop by chunks of round trips and, in a second pass with a clock reading per round trip, samples.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../src/platform/clock.ts';
import type { Actor } from '../../src/runtime/actor.ts';
import { type CounterMemory, Counters } from '../../src/runtime/memory/counters.ts';
import { Doorbell } from '../../src/runtime/memory/doorbell.ts';
import { RingConsumer, type RingMemory, RingProducer } from '../../src/runtime/memory/ring.ts';
import { Duty } from '../../src/runtime/threads/duty.ts';
import { DutyLoop, type IdleStrategy } from '../../src/runtime/threads/duty-loop.ts';
import { nowNs } from '../harness.ts';

export interface HopRole {
  readonly way: 'atomics' | 'ring' | 'duty' | 'post';
  readonly serves: boolean;
  readonly rounds: number;
  readonly words: SharedArrayBuffer;
  readonly input: RingMemory;
  readonly output: RingMemory;
  readonly doorbells: SharedArrayBuffer;
  readonly counters: CounterMemory;
  readonly port: MessagePort;
  readonly idle: IdleStrategy;
  readonly needsEventLoop: boolean;
}

export interface HopTimes {
  /** Time of a hop, each the mean of {@link CHUNK} round trips. */
  readonly chunksNs: Float64Array;
  readonly samplesNs: Float64Array;
  /** Round trips whose answer was the number sent. */
  readonly answered: number;
}

const CHUNK = 50;
const given = workerData as HopRole;
const own = given.serves ? 0 : 1;
const words = new Int32Array(given.words);
const bell = new Doorbell(given.doorbells, own);
const input = new RingConsumer(given.input);
const output = new RingProducer(given.output, new Doorbell(given.doorbells, 1 - own));
const samplesNs = new Float64Array(given.rounds);
const chunksNs = new Float64Array(given.rounds / CHUNK);
let chunkStartNs = 0;
let answered = 0;

parentPort?.postMessage(await run());

async function run(): Promise<HopTimes> {
  if (given.way === 'duty') return byDuty();
  if (given.way === 'post') return byPort();
  const trip = given.way === 'atomics' ? atomicsTrip : ringTrip;
  const echo = given.way === 'atomics' ? atomicsEcho : ringEcho;
  const total = 2 * given.rounds;
  if (!given.serves) for (let number = 1; number <= total; number++) echo(number);
  return given.serves ? measure(trip) : { chunksNs, samplesNs, answered };
}

function measure(trip: (number: number) => boolean): HopTimes {
  chunkStartNs = nowNs();
  for (let number = 1; number <= given.rounds; number++) {
    if (trip(number)) answered++;
    endChunk(number);
  }
  for (let round = 0; round < given.rounds; round++) {
    const sentNs = nowNs();
    if (trip(given.rounds + round + 1)) answered++;
    samplesNs[round] = (nowNs() - sentNs) / 2;
  }
  return { chunksNs, samplesNs, answered };
}

function endChunk(number: number): void {
  if (number % CHUNK !== 0) return;
  const endNs = nowNs();
  chunksNs[number / CHUNK - 1] = (endNs - chunkStartNs) / CHUNK / 2;
  chunkStartNs = endNs;
}

function atomicsTrip(number: number): boolean {
  Atomics.store(words, 0, number);
  while (Atomics.load(words, 64) !== number);
  return true;
}

function atomicsEcho(number: number): void {
  while (Atomics.load(words, 0) !== number);
  Atomics.store(words, 64, number);
}

function send(number: number): void {
  if (!output.tryClaim(1)) throw new Error('bench: the ring is full');
  output.view.setFloat64(output.offset(0), number, true);
  output.publish(1);
}

function take(): number {
  const number = input.view.getFloat64(input.offset(0), true);
  input.advance(1);
  return number;
}

function ringTrip(number: number): boolean {
  send(number);
  while (input.available() === 0);
  return take() === number;
}

function ringEcho(): void {
  while (input.available() === 0);
  send(take());
}

/** Through the loop that actors run in. */
async function byDuty(): Promise<HopTimes> {
  const duty = new Duty(systemClock);
  const { idle, needsEventLoop } = given;
  const loop = new DutyLoop(duty, bell, { clock: systemClock, idle, needsEventLoop, heartbeatMs: 50 });
  const keepAlive = parentPort?.on('message', () => {});
  const total = 2 * given.rounds;
  let number = 0;
  let sentNs = 0;
  const next = () => {
    if (number > 0 && number <= given.rounds) endChunk(number);
    if (number === total) return loop.stop();
    if (number >= given.rounds) sentNs = nowNs();
    return send(++number);
  };
  const serve = (view: DataView, offset: number) => {
    if (view.getFloat64(offset, true) === number) answered++;
    if (number > given.rounds) samplesNs[number - given.rounds - 1] = (nowNs() - sentNs) / 2;
    next();
  };
  const echo = (view: DataView, offset: number) => {
    send(view.getFloat64(offset, true));
    if (++number === total) loop.stop();
  };
  const handle = given.serves ? serve : echo;
  const actor: Actor = { id: 'book', onStart: () => {}, onStop: () => {}, doWork: () => input.drain(handle, 64) };
  duty.add(actor, new Counters(given.counters, 'book'));
  chunkStartNs = nowNs();
  if (given.serves) next();
  await loop.run();
  keepAlive?.removeAllListeners('message');
  return { chunksNs, samplesNs, answered };
}

async function byPort(): Promise<HopTimes> {
  const { port, rounds, serves } = given;
  if (!serves) {
    for (let round = 0; round < 2 * rounds; round++) port.postMessage(await arrival(port));
    return { chunksNs, samplesNs, answered };
  }
  chunkStartNs = nowNs();
  for (let number = 1; number <= rounds; number++) {
    await portTrip(number);
    endChunk(number);
  }
  for (let round = 0; round < rounds; round++) {
    const sentNs = nowNs();
    await portTrip(rounds + round + 1);
    samplesNs[round] = (nowNs() - sentNs) / 2;
  }
  return { chunksNs, samplesNs, answered };
}

async function portTrip(number: number): Promise<void> {
  given.port.postMessage(number);
  if ((await arrival(given.port)) === number) answered++;
}

function arrival(port: MessagePort): Promise<number> {
  return new Promise((resolve) => void port.once('message', resolve));
}
