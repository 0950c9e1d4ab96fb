import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ActorId } from '../../src/runtime/counter-names.ts';
import { Counters } from '../../src/runtime/memory/counters.ts';
import { LIVES, NEWEST, OUT_OF_ORDER, type WayToDie } from '../support/killable-actor.ts';
import { eventsOf, type Supervised, type SupervisedOptions, supervise } from '../support/supervised.ts';

const PATIENCE = { timeout: 20_000, interval: 5 };
const until = (condition: () => void | Promise<void>) => vi.waitFor(condition, PATIENCE);
let running: Supervised[] = [];

afterEach(async () => {
  for (const { supervisor } of running) await supervisor.stop();
  running = [];
});

async function started(options: SupervisedOptions = {}): Promise<Supervised> {
  const stage = supervise(options);
  running.push(stage);
  await stage.supervisor.start();
  return stage;
}

function livesOf(stage: Supervised): Record<string, number | undefined> {
  const ids = stage.supervisor.threads.flatMap((thread) => thread.actors);
  return Object.fromEntries(ids.map((id) => [id, stage.own(id)[LIVES]]));
}

/** It may be dead before its answer is on the way. */
async function orderToDie(stage: Supervised, actor: ActorId, way: WayToDie): Promise<void> {
  const answer = stage.supervisor.call(actor, 'die', way);
  await answer.catch((thrown) => expect(thrown).toMatchObject({ message: /died before it answered/ }));
}

/** A kill takes a moment, and the gate says so only when the thread is gone: the threads are asked too. */
const allRun = ({ supervisor, gate }: Supervised): boolean =>
  gate.supervisor.state === 'active' && supervisor.threads.every(({ state }) => state === 'running');
const untilAllRun = (stage: Supervised) => until(() => expect(allRun(stage)).toBe(true));

describe('supervisor: every way to die', () => {
  const ways: readonly [WayToDie, RegExp][] = [
    ['throw', /failed: Error: told to throw/],
    ['throw in a callback', /failed: Error: told to throw in a callback/],
    ['out of memory', /out_of_memory/],
    ['exit', /ended with code 7/],
    ['exit normally', /ended with code 0/],
  ];
  for (const [way, reason] of ways) {
    test(`an actor that dies by "${way}" is restarted, and nothing it was given is lost`, async () => {
      const stage = await started();
      stage.send(1, 100);
      await until(() => expect(stage.own('book')[NEWEST]).toBe(100));
      await orderToDie(stage, 'book', way);
      stage.send(101, 500);
      await until(() => expect(stage.own('book')[LIVES]).toBe(2));
      await until(() => expect(stage.own('book')[NEWEST]).toBe(500));
      await untilAllRun(stage);
      expect(stage.own('book')[OUT_OF_ORDER]).toBe(0);
      expect(livesOf(stage)).toEqual({ detector: 1, book: 2 });
      const audits = stage.audits();
      expect(audits.find(({ event }) => event === 'actor_failed')?.text).toMatch(reason);
      expect(eventsOf(audits)).toContain('actor_restarted');
    });
  }

  test('a hanging actor is killed and restarted', async () => {
    const stage = await started({ runtime: { hang_limit_ms: 1_000 } });
    await orderToDie(stage, 'book', 'endless loop');
    stage.send(1, 10);
    await until(() => expect(stage.own('book')[NEWEST]).toBe(10));
    const hung = stage.audits().find(({ event }) => event === 'actor_hung');
    expect(hung?.text).toMatch(/book hung: actor book gave no heartbeat for \d+ ms, limit 1000 ms/);
  });

  test('a killed thread is restarted', async () => {
    const stage = await started();
    for (let life = 2; life <= 4; life++) {
      stage.supervisor.kill('book');
      await until(() => expect(stage.own('book')[LIVES]).toBe(life));
      await untilAllRun(stage);
    }
    stage.send(1, 10);
    await until(() => expect(stage.own('book')[NEWEST]).toBe(10));
  });

  test('killed again and again in the middle of a stream, it handles every message in order', async () => {
    const stage = await started({ runtime: { restarts_max: 100 } });
    const total = 50_000;
    const kills = [5_000, 12_345, 20_000, 35_007, 49_000];
    for (let sent = 0; sent < total; ) {
      // A book that keeps up leaves room for ever: held back, so that no kill is passed over before this thread looks.
      const heldAt = Math.min(total, (kills[0] ?? total) + 1_000);
      while (sent < heldAt && stage.deltas.hasRoom(1)) stage.send(++sent, sent);
      await nextLoopTurn();
      const isDue = (stage.own('book')[NEWEST] as number) >= (kills[0] ?? Number.POSITIVE_INFINITY);
      if (isDue && allRun(stage)) {
        kills.shift();
        stage.supervisor.kill('book');
      }
    }
    await until(() => expect(stage.own('book')[NEWEST]).toBe(total));
    await untilAllRun(stage);
    expect(stage.own('book')[OUT_OF_ORDER]).toBe(0);
    expect(stage.own('book')[LIVES]).toBe(6);
    expect(kills).toEqual([]);
  });

  test('a first start that fails stops what runs already and is thrown', async () => {
    const stage = supervise({ killability: { vices: { book: 'fails to start' } } });
    await expect(stage.supervisor.start()).rejects.toMatchObject({ code: 'ACTOR_FAILED', message: /fails to start/ });
    expect(stage.supervisor.threads.map(({ state }) => state)).toEqual(['down', 'down']);
    expect(stage.gate.supervisor).toEqual({ state: 'halted', reason: 'stopping' });
    expect(stage.logged).toContain('detector process_stopping');
  });

  test('an actor that is never ready fails its start', async () => {
    const stage = supervise({ runtime: { start_within_ms: 500 }, killability: { vices: { book: 'is never ready' } } });
    await expect(stage.supervisor.start()).rejects.toThrow(/was not ready within 500 ms/);
  });

  test('an actor that ignores stop is killed at its deadline', async () => {
    const stage = await started({ runtime: { stop_within_ms: 200 }, killability: { vices: { book: 'ignores stop' } } });
    expect(await stage.supervisor.stop()).toEqual({ killed: ['book'], failed: [] });
    expect(stage.supervisor.state).toBe('stopped');
  });

  test('an actor that gets on with what it has to finish is waited for beyond its deadline', async () => {
    const stage = await started({
      runtime: { stop_within_ms: 2_000 },
      killability: { vices: { book: 'stops slowly' } },
    });
    expect(await stage.supervisor.stop()).toEqual({ killed: [], failed: [] });
  });

  test('but not for ever', async () => {
    const runtime = { stop_within_ms: 1_000, stop_most_ms: 1_500 };
    const stage = await started({ runtime, killability: { vices: { book: 'never ends to stop' } } });
    expect(await stage.supervisor.stop()).toEqual({ killed: ['book'], failed: [] });
  });

  test('the gate is paused while the log is blocked, and only then', async () => {
    const stage = await started();
    stage.supervisor.setLogBlocked(true, 'nobody reads it');
    expect(stage.gate.supervisor).toEqual({ state: 'paused', reason: 'log_blocked' });
    stage.supervisor.setLogBlocked(false, 'lines flow again');
    expect(stage.gate.supervisor).toEqual({ state: 'active', reason: 'none' });
    expect(stage.audits().map(({ event }) => event)).toEqual(expect.arrayContaining(['log_blocked', 'log_unblocked']));
  });

  test('an actor that fails to stop is reported', async () => {
    const stage = await started({ killability: { vices: { book: 'fails to stop' } } });
    expect(await stage.supervisor.stop()).toEqual({ killed: [], failed: ['book'] });
    expect(stage.audits().find(({ event }) => event === 'actor_failed')?.text).toMatch(/fails to stop/);
  });
});

describe('supervisor: order, strategies and kinds', () => {
  const actors = ['sequencer', 'detector', 'book'] as const;

  test('starts in order and stops in reverse', async () => {
    const stage = await started({ actors });
    await stage.supervisor.stop();
    const about = (event: string) =>
      stage.logged.filter((line) => line.endsWith(event)).map((line) => line.split(' ')[0]);
    expect(about('actor_started')).toEqual(actors);
    expect(about('process_stopping')).toEqual(['supervisor', 'book', 'detector', 'sequencer']);
  });

  const cases = [
    ['one_for_one', { sequencer: 1, detector: 2, book: 1 }],
    ['rest_for_one', { sequencer: 1, detector: 2, book: 2 }],
    ['one_for_all', { sequencer: 2, detector: 2, book: 2 }],
  ] as const;
  for (const [strategy, lives] of cases) {
    test(`${strategy} restarts whom it says`, async () => {
      const stage = await started({ actors, strategy });
      stage.supervisor.kill('detector');
      await until(() => expect(livesOf(stage)).toEqual(lives));
      await untilAllRun(stage);
      expect(stage.supervisor.threads.map(({ state }) => state)).toEqual(['running', 'running', 'running']);
    });
  }

  test('transient and temporary actors that end normally stay down, and trading goes on', async () => {
    const stage = await started({ actors, kinds: { detector: 'transient', book: 'temporary' } });
    await orderToDie(stage, 'detector', 'exit normally');
    await orderToDie(stage, 'book', 'throw');
    await until(() => expect(stage.supervisor.threads.map(({ state }) => state)).toEqual(['running', 'down', 'down']));
    expect(stage.gate.supervisor.state).toBe('active');
    expect(livesOf(stage)).toEqual({ sequencer: 1, detector: 1, book: 1 });
  });

  test('a transient actor that fails is restarted', async () => {
    const stage = await started({ kinds: { book: 'transient' } });
    await orderToDie(stage, 'book', 'throw');
    await until(() => expect(stage.own('book')[LIVES]).toBe(2));
  });

  test('actors on one thread are restarted together', async () => {
    const stage = await started({ actors, runtime: { placement: 'fused' } });
    expect(stage.supervisor.threads.map((thread) => thread.actors)).toEqual([['sequencer'], ['detector', 'book']]);
    await orderToDie(stage, 'detector', 'throw');
    await until(() => expect(livesOf(stage)).toEqual({ sequencer: 1, detector: 2, book: 2 }));
    await untilAllRun(stage);
  });
});

describe('supervisor: the gate', () => {
  test('is paused while an actor is down and opens when it runs again', async () => {
    const stage = await started({ runtime: { restart_backoff_base_ms: 300 } });
    expect(stage.gate.supervisor.state).toBe('active');
    stage.supervisor.kill('book');
    await until(() => expect(stage.gate.supervisor).toEqual({ state: 'paused', reason: 'actor_down' }));
    await untilAllRun(stage);
  });

  test('more restarts than the budget halt trading, stop everything and escalate', async () => {
    const stage = await started({
      runtime: { restarts_max: 3 },
      killability: { vices: { book: 'fails to start again' } },
    });
    stage.supervisor.kill('book');
    await until(() => expect(stage.escalations).toHaveLength(1));
    expect(stage.escalations[0]).toMatchObject({ code: 'RESTARTS_EXCEEDED' });
    expect(stage.own('book')[LIVES]).toBe(4);
    expect(stage.gate.supervisor).toEqual({ state: 'halted', reason: 'escalation' });
    expect(stage.supervisor.threads.map(({ state }) => state)).toEqual(['down', 'down']);
    expect(eventsOf(stage.audits()).filter((event) => event === 'actor_escalated')).toHaveLength(1);
  });

  test('an amount that 64 bits do not hold halts trading at the first death: no restart is tried', async () => {
    const stage = await started({ killability: { poison: { 50: 'overflow' } } });
    stage.send(1, 100);
    await until(() => expect(stage.escalations).toHaveLength(1));
    expect(stage.escalations[0]).toMatchObject({ code: 'AMOUNT_OVERFLOW' });
    expect(stage.own('book')[LIVES]).toBe(1);
    expect(stage.gate.supervisor).toEqual({ state: 'halted', reason: 'escalation' });
  });
});

describe('supervisor: a message that kills its handler', () => {
  for (const way of ['throw', 'exit', 'endless loop', 'out of memory'] as const) {
    test(`twice by "${way}" is set aside, everything else is handled, and trading pauses`, async () => {
      const stage = await started({ runtime: { hang_limit_ms: 1_000 }, killability: { poison: { 50: way } } });
      stage.send(1, 100);
      await until(() => expect(stage.own('book')[NEWEST]).toBe(100));
      await until(() => expect(stage.gate.supervisor).toEqual({ state: 'paused', reason: 'message_set_aside' }));
      expect(stage.own('book')[LIVES]).toBe(3);
      expect(stage.own('book')[OUT_OF_ORDER]).toBe(1);
      const aside = stage.audits().filter(({ event }) => event === 'message_set_aside');
      expect(aside.map(({ a }) => a)).toEqual([49]);
      stage.supervisor.resume();
      expect(stage.gate.supervisor.state).toBe('active');
    });
  }

  test('being killed from outside twice at the same message sets nothing aside', async () => {
    const stage = await started({
      killability: { poison: { 50: 'endless loop' } },
      runtime: { hang_limit_ms: 60_000 },
    });
    stage.send(1, 50);
    for (let life = 2; life <= 4; life++) {
      await until(() => expect(stage.own('book')[NEWEST]).toBe(49));
      stage.supervisor.kill('book');
      await until(() => expect(stage.own('book')[LIVES]).toBe(life));
    }
    expect(eventsOf(stage.audits())).not.toContain('message_set_aside');
    await untilAllRun(stage);
    stage.supervisor.kill('book');
  });
});

describe('supervisor: idle threads', () => {
  for (const idle of ['park', 'spin', 'adaptive'] as const) {
    for (const needsEventLoop of [false, true]) {
      test(`keep their heartbeat when they idle by ${idle}${needsEventLoop ? ' with their event loop' : ''}`, async () => {
        const stage = await started({ runtime: { idle, heartbeat_ms: 2 }, killability: { needsEventLoop } });
        const counters = new Counters(stage.memory.counters, 'book');
        const beats = new Set<number>();
        await until(() => expect(beats.add(counters.get('heartbeat_ns')).size).toBeGreaterThan(20));
        expect(livesOf(stage)).toEqual({ detector: 1, book: 1 });
      });
    }
  }
});

describe('supervisor: control calls', () => {
  for (const idle of ['park', 'spin', 'adaptive'] as const) {
    for (const needsEventLoop of [false, true]) {
      test(`are answered by a thread that idles by ${idle}${needsEventLoop ? ' with its event loop' : ''}`, async () => {
        const stage = await started({
          runtime: { idle, heartbeat_ms: 1_000, hang_limit_ms: 60_000 },
          killability: { needsEventLoop },
        });
        for (let call = 0; call < 20; call++) expect(await stage.supervisor.call('book', 'lives')).toBe(1);
      });
    }
  }

  test('wait for the successor of an actor that is being restarted', async () => {
    const stage = await started({ runtime: { restart_backoff_base_ms: 100 } });
    stage.supervisor.kill('book');
    expect(await stage.supervisor.call('book', 'lives')).toBe(2);
  });

  test('are refused with a reason when there is no such call or no one to answer', async () => {
    const stage = await started();
    // @ts-expect-error: a caller that the compiler has not seen
    await expect(stage.supervisor.call('book', 'fly')).rejects.toMatchObject({ code: 'CONTROL_REFUSED' });
    const unanswered = stage.supervisor.call('book', 'hang');
    unanswered.catch(() => {});
    await stage.supervisor.call('book', 'lives');
    stage.supervisor.kill('book');
    await expect(unanswered).rejects.toMatchObject({ code: 'CONTROL_REFUSED', message: /died before it answered/ });
    await stage.supervisor.stop();
    await expect(stage.supervisor.call('book', 'lives')).rejects.toMatchObject({ message: /book is down/ });
  });
});

test('options of one actor are seen by it alone, after a death too, and reach no other thread', async () => {
  const stage = await started({ ownOptions: { book: { apiKey: { name: 'N', key: 'K', secret: 'a secret' } } } });
  const sees = (actor: ActorId) => stage.supervisor.call(actor, 'sees');
  expect(await sees('book')).toContain('a secret');
  expect(await sees('detector')).not.toContain('secret');
  await orderToDie(stage, 'book', 'throw');
  await until(() => expect(livesOf(stage)['book']).toBe(2));
  await until(async () => expect(await sees('book').catch(() => '')).toContain('a secret'));
  expect(stage.logged.join()).not.toContain('secret');
  expect(JSON.stringify(stage.audits())).not.toContain('secret');
});
