import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createActor } from '../../../src/actors/risk/actor.ts';
import { assetIndex } from '../../../src/market/instrument.ts';
import { SYSTEM_STATUSES } from '../../../src/messages/market-messages.ts';
import { type Units, units } from '../../../src/money/money.ts';
import { ACTOR_IDS } from '../../../src/runtime/counter-names.ts';
import { Counters } from '../../../src/runtime/memory/counters.ts';
import { inProgressPosition } from '../../../src/runtime/memory/ring.ts';
import { openTable } from '../../../src/runtime/memory/shared-tables.ts';
import { decodeCauses } from '../../../src/trading/stored-causes.ts';
import { GATE_STATES } from '../../../src/trading/trading-gate.ts';
import { createTestContext } from '../../support/test-context.ts';
import { BTC, sequencer, stageRisk, USD } from './risk-stage.ts';

describe('risk', () => {
  test('opens the gate when all is well, and the sequencer sees it through the shared gate', () => {
    const stage = stageRisk();
    expect(stage.gate.state).toBe('halted');
    stage.start();
    expect(stage.gate.state).toBe('active');
    expect(stage.taken().audits).toEqual([
      expect.stringMatching(/^gate_changed start > paused \(starting\)/),
      expect.stringMatching(/^gate_changed paused > active \(none\)/),
    ]);
    expect(stage.context.counters.get('gate_state')).toBe(GATE_STATES.indexOf('active'));
  });

  test('stays paused until every other actor has shown a heartbeat', () => {
    const stage = stageRisk();
    const detector = new Counters(stage.memory.counters, 'detector');
    detector.set(detector.at('heartbeat_ns'), 0);
    stage.start();
    expect(stage.now()).toBe('paused starting');
    stage.pass(100);
    expect(stage.now()).toBe('active none');
  });

  describe('limits: up to the limit is allowed, beyond it halts', () => {
    const usd = (units: Units) => units * 10_000n;

    test.each([
      ['a loss', { loss_max: { USD: '100' } }, [-usd(units(60n)), -usd(units(40n))], -1n, 'loss_limit'],
      [
        'a drawdown',
        { drawdown_max: { USD: '100' } },
        [usd(units(500n)), -usd(units(99n)), -usd(units(1n))],
        -1n,
        'drawdown_limit',
      ],
      ['a losing streak', { losing_plans_in_a_row_max: 3 }, [-1n, -1n, -1n], -1n, 'loss_streak'],
    ])('%s', (_what, risk, allowed, beyond, reason) => {
      const stage = stageRisk({ risk });
      const { ended } = sequencer(stage.executions);
      stage.start();
      for (const [index, profit] of allowed.entries()) ended(index + 1, profit as bigint);
      stage.run();
      expect(stage.now()).toBe('active none');
      ended(99, beyond as bigint);
      stage.run();
      expect(stage.now()).toBe(`halted ${reason}`);
      expect(stage.gate.state).toBe('halted');
      expect(stage.context.counters.get('halts')).toBe(1);
    });

    test('a plan that gains ends the streak, one without a result does not', () => {
      const stage = stageRisk({ risk: { losing_plans_in_a_row_max: 1 } });
      const { ended } = sequencer(stage.executions);
      stage.start();
      for (const profit of [-1n, 1n, -1n, 0n]) ended(1, profit);
      stage.run();
      expect(stage.now()).toBe('active none');
      ended(2, -1n);
      stage.run();
      expect(stage.now()).toBe('halted loss_streak');
    });

    test('a limit finer than the asset becomes stricter, never looser', () => {
      const stage = stageRisk({ risk: { loss_max: { USD: '0.00019' } } });
      const { ended } = sequencer(stage.executions);
      stage.start();
      ended(1, -1n);
      stage.run();
      expect(stage.now()).toBe('active none');
      ended(2, -1n);
      stage.run();
      expect(stage.now()).toBe('halted loss_limit');
    });
  });

  test('a halt is for good: neither gains nor better conditions lift it', () => {
    const stage = stageRisk({ risk: { loss_max: { USD: '1' } } });
    const { ended } = sequencer(stage.executions);
    stage.start();
    ended(1, -10_001n);
    stage.run();
    ended(2, 1_000_000n);
    stage.run();
    stage.silence(60_000);
    stage.pass(100);
    expect(stage.now()).toBe('halted loss_limit');
  });

  test('a person resumes a halt with a reason; losses count from there', () => {
    const stage = stageRisk({ risk: { loss_max: { USD: '1' } } });
    const { ended } = sequencer(stage.executions);
    stage.start();
    ended(1, -20_000n);
    stage.run();
    stage.taken();
    expect(stage.call('resume', 'loss understood')).toEqual({
      ok: true,
      text: expect.stringMatching(
        /^active; answered: halted, loss limit by risk since .*: lost 2.0000 USD, allowed 1.0000$/,
      ),
    });
    expect(stage.gate.state).toBe('active');
    const { audits } = stage.taken();
    expect(audits).toEqual(['gate_changed halted > active (none): loss understood', 'resumed ana: loss understood']);
    expect(stage.kept()).toEqual([]);
    ended(2, -10_000n);
    stage.run();
    expect(stage.now()).toBe('active none');
    ended(3, -1n);
    stage.run();
    expect(stage.now()).toBe('halted loss_limit');
  });

  test('a person halts at once; every reason stays', () => {
    const stage = stageRisk();
    stage.start();
    stage.taken();
    expect(stage.call('halt', 'strange prices')).toEqual({
      ok: true,
      isRecorded: true,
      text: 'halted: strange prices',
    });
    expect(stage.now()).toBe('halted operator');
    const { audits } = stage.taken();
    expect(audits).toEqual(['gate_changed active > halted (operator): strange prices', 'halted ana: strange prices']);
    expect(stage.kept()).toMatchObject([
      { effect: 'halted', reason: 'operator', by: 'ana', text: 'strange prices', count: 1 },
    ]);
    expect(stage.call('halt', 'again').text).toContain('strange prices');
    expect(stage.taken().audits).toEqual(['halted ana: again']);
  });

  test('resume is refused when nothing is halted', () => {
    const stage = stageRisk();
    stage.start();
    expect(stage.call('resume', 'why not')).toEqual({ ok: false, text: expect.stringContaining('nothing is halted') });
  });

  test('resuming after a message was set aside is no refusal, and forgives no loss', () => {
    const stage = stageRisk({ risk: { kill_switch_file: 'STOP', loss_max: { USD: '1' } } });
    stage.start();
    const play = sequencer(stage.executions);
    play.ended(1, -9_000n);
    stage.run();
    const resume = stage.actor.control?.['resume'] as (reason: string, by: string, setAside: boolean) => object;
    expect(resume('looked at it', 'ana', true)).toMatchObject({ ok: true, text: expect.stringMatching(/^active/) });
    play.ended(2, -2_000n);
    stage.run();
    expect(stage.now()).toBe('halted loss_limit');
    stage.files.add('STOP');
    expect(resume('looked at it', 'ana', true)).toMatchObject({ ok: false });
    stage.files.delete('STOP');
    expect(resume('looked at it', 'ana', true)).toMatchObject({ ok: true, text: expect.stringMatching(/^active/) });
  });

  test('the kill switch halts; only a resume after the file is gone lifts it', () => {
    const stage = stageRisk({ risk: { kill_switch_file: 'STOP' } });
    stage.start();
    stage.files.add('STOP');
    stage.pass(100);
    expect(stage.now()).toBe('halted kill_switch');
    expect(stage.call('resume', 'go')).toEqual({ ok: false, text: 'the kill switch STOP is still there: remove it' });
    stage.files.delete('STOP');
    stage.pass(100);
    expect(stage.now()).toBe('halted kill_switch');
    expect(stage.call('resume', 'go').text).toMatch(/^active; answered: halted, kill switch by risk/);
    const { audits } = stage.taken();
    expect(audits).toContain('kill_switch_found STOP');
    expect(audits).toContain('kill_switch_cleared STOP');
  });

  test('a kill switch of which the file system will not say whether it is there counts as there', () => {
    const file = fileURLToPath(new URL('risk-actor.test.ts', import.meta.url));
    const through = createTestContext('risk', { config: { risk: { kill_switch_file: `${file}/STOP\0` } } });
    void createActor(through.context).onStart();
    expect(openTable(through.memory, 'trading_gate', 'supervisor').risk).toEqual({
      state: 'halted',
      reason: 'kill_switch',
    });
    const absent = createTestContext('risk', { config: { risk: { kill_switch_file: `${file}.absent` } } });
    void createActor(absent.context).onStart();
    expect(openTable(absent.memory, 'trading_gate', 'supervisor').risk.state).toBe('paused');
  });

  test('an execution that kills risk is the one that is blamed, whatever was taken with it', () => {
    const stage = stageRisk();
    stage.start();
    const play = sequencer(stage.executions);
    play.opened(1, 100n);
    play.fill(1, USD, 100n, assetIndex(60_000), 1n); // an asset that no memory was laid out for
    play.opened(2, 100n);
    expect(() => stage.run()).toThrow(RangeError);
    expect(inProgressPosition(stage.memory.rings['executions']!.memory)).toBe(1);
  });

  test('a plan that ended no one knows how counts as stranded', () => {
    const stage = stageRisk();
    stage.start();
    sequencer(stage.executions).ended(1, 0n, 'none');
    stage.run();
    expect(stage.now()).toBe('reducing stranded_exposure');
  });

  test('a kill switch that is there at the start halts before anything opens', () => {
    const stage = stageRisk({ risk: { kill_switch_file: 'STOP' } });
    stage.files.add('STOP');
    stage.start();
    expect(stage.now()).toBe('halted kill_switch');
    expect(stage.taken().audits.some((text) => text.includes('active'))).toBe(false);
  });

  describe('pauses clear themselves', () => {
    test('stale market data, at its edge', () => {
      const stage = stageRisk({ risk: { market_data_stale_ms: 1_000 } });
      stage.start();
      stage.silence(1_000);
      expect(stage.now()).toBe('active none');
      stage.silence(101);
      expect(stage.now()).toBe('paused market_data_stale');
      stage.pass(100);
      expect(stage.now()).toBe('active none');
      expect(stage.context.counters.get('pauses')).toBe(1);
    });

    test('no valid book', () => {
      const stage = stageRisk();
      stage.start();
      stage.book.set(stage.book.at('books_valid'), 0);
      stage.silence(100);
      expect(stage.now()).toBe('paused market_data_stale');
      stage.pass(100);
      expect(stage.now()).toBe('active none');
    });

    test('a connection for market data that the venue refuses, whatever it said last of its status', () => {
      const stage = stageRisk();
      stage.start();
      stage.feed.set(stage.feed.at('refused_since_ns'), 1);
      stage.pass(100);
      expect(stage.now()).toBe('paused market_data_refused');
      stage.feed.set(stage.feed.at('refused_since_ns'), 0);
      stage.pass(100);
      expect(stage.now()).toBe('active none');
    });

    test.each(SYSTEM_STATUSES.filter((status) => status !== 'online'))('venue status %s', (status) => {
      const stage = stageRisk();
      stage.start();
      stage.feed.set(stage.feed.at('system_status'), SYSTEM_STATUSES.indexOf(status));
      stage.silence(100);
      expect(stage.now()).toBe('paused venue_not_online');
      stage.pass(100);
      expect(stage.now()).toBe('active none');
    });

    test.each(ACTOR_IDS.filter((id) => id !== 'risk'))('%s silent, at its edge', (silent) => {
      const stage = stageRisk({ risk: { actor_silence_ms: 500 } });
      stage.start();
      const others = ACTOR_IDS.filter((id) => id !== silent);
      const onlyOthers = (ms: number) => {
        stage.clock.advanceTo(stage.clock.nowNs() + ms * 1e6);
        stage.beat(others);
        stage.frame();
        stage.actor.onTimer?.();
      };
      onlyOthers(500);
      expect(stage.now()).toBe('active none');
      onlyOthers(100);
      expect(stage.now()).toBe('paused actor_down');
      stage.pass(100);
      expect(stage.now()).toBe('active none');
    });

    test.each(['feed', 'detector', 'sequencer'] as const)('records of %s that wait for the database', (writer) => {
      const stage = stageRisk();
      stage.start();
      const counters = new Counters(stage.memory.counters, writer);
      counters.add(counters.at('records_waited'), 1);
      stage.pass(100);
      expect(stage.now()).toBe('paused records_full');
      stage.pass(100);
      expect(stage.now()).toBe('active none');
    });

    test.each(['feed', 'book', 'detector', 'sequencer', 'supervisor'])(
      'a record ring of %s that is nearly full',
      (writer) => {
        const stage = stageRisk({ limits: { records_ring: 64 } });
        stage.start();
        const ring = stage.producer(`${writer}_records`);
        ring.publish(32);
        stage.pass(100);
        expect(stage.now()).toBe('active none');
        ring.publish(1);
        stage.pass(100);
        expect(stage.now()).toBe('paused records_full');
        stage.consumer(`${writer}_records`).advance(33);
        stage.pass(100);
        expect(stage.now()).toBe('active none');
      },
    );

    test('an own record ring that is nearly full, and nothing that happened meanwhile is lost', () => {
      const stage = stageRisk({ limits: { records_ring: 64 } });
      stage.start();
      while (stage.context.records.tryAudit('none', { text: 'filler' }));
      stage.pass(100);
      expect(stage.now()).toBe('paused records_full');
      expect(stage.call('halt', 'now')).toMatchObject({ ok: true, isRecorded: false });
      expect(stage.gate.state).toBe('halted');
      expect(stage.call('resume', 'later')).toMatchObject({ ok: false, text: expect.stringContaining('full') });
      expect(stage.taken().audits.some((text) => text.includes('halted'))).toBe(false);
      stage.pass(100);
      expect(stage.taken().audits).toContain('halted ana: now');
      expect(stage.context.counters.get('records_waited')).toBeGreaterThan(0);
    });
  });

  test('in a replay, silence, missing actors and a missing status do not pause; a bad status and a dead actor do', () => {
    const stage = stageRisk({ options: { replay: true } });
    stage.beat([]);
    for (const name of ['last_frame_ns', 'system_status'] as const) stage.feed.set(stage.feed.at(name), 0);
    stage.book.set(stage.book.at('books_valid'), 0);
    const persistence = new Counters(stage.memory.counters, 'persistence');
    persistence.set(persistence.at('heartbeat_ns'), 0);
    stage.start();
    expect(stage.now()).toBe('active none');
    stage.clock.advanceTo(stage.clock.nowNs() + 3_600e9);
    stage.beat(ACTOR_IDS.filter((id) => id !== 'persistence'));
    stage.actor.onTimer?.();
    expect(stage.now()).toBe('active none');
    stage.feed.set(stage.feed.at('system_status'), SYSTEM_STATUSES.indexOf('maintenance'));
    stage.silence(100);
    expect(stage.now()).toBe('paused venue_not_online');
    stage.feed.set(stage.feed.at('system_status'), SYSTEM_STATUSES.indexOf('online'));
    stage.silence(3_000);
    expect(stage.now()).toBe('paused actor_down');
  });

  test('a stranded exposure lets only reducing orders out until a person acknowledges it', () => {
    const stage = stageRisk();
    const { ended } = sequencer(stage.executions);
    stage.start();
    ended(7, -5n, 'stranded');
    stage.run();
    expect(stage.now()).toBe('reducing stranded_exposure');
    stage.silence(60_000);
    expect(stage.now()).toBe('paused actor_down');
    stage.taken();
    stage.pass(100);
    expect(stage.now()).toBe('reducing stranded_exposure');
    expect(stage.call('resume', 'sold by hand').text).toMatch(
      /^active; answered: reducing, .*plan 7 left exposure behind$/,
    );
  });

  test('so does a fill that comes after its plan has ended, but not a fee that was accepted', () => {
    const stage = stageRisk();
    const { ended, exposure } = sequencer(stage.executions);
    stage.start();
    ended(7, 0n, 'abandoned');
    exposure(USD, units(-5n), 'accepted');
    exposure(USD, units(5n), 'deviation');
    stage.run();
    expect(stage.now()).toBe('active none');
    exposure(BTC, units(40n), 'stranded');
    stage.run();
    expect(stage.now()).toBe('reducing stranded_exposure');
  });

  describe('over restarts', () => {
    test('executions that come again change nothing', () => {
      const stage = stageRisk();
      const play = sequencer(stage.executions);
      stage.start();
      const [opened, filled] = [play.opened(1, 500n), play.fill(1, USD, 400n, BTC, 39n)];
      const ended = play.ended(1, -3n);
      stage.run();
      const before = stage.status();
      expect([opened, filled, ended]).toEqual([1, 2, 3]);
      play.ended(1, -3n, 'completed', 3);
      play.ended(1, -3n, 'stranded', 2);
      stage.run();
      expect(stage.status()).toEqual(before);
      stage.succeed();
      play.ended(1, -3n, 'completed', 1);
      stage.run();
      expect(stage.status()).toEqual(before);
    });

    test('a successor takes up everything: positions, profit, reserved, streak, counters', () => {
      const stage = stageRisk({ risk: { losing_plans_in_a_row_max: 2 } });
      const play = sequencer(stage.executions);
      stage.start();
      play.ended(1, -30_000n);
      play.ended(2, -30_000n);
      play.opened(3, 500_000n);
      play.fill(4, USD, 123n, BTC, 456n);
      stage.run();
      const before = stage.status();
      expect(before).toMatchObject({
        executions: 4,
        losingPlans: 2,
        openPlans: 1,
        assets: {
          USD: { balance: '-0.0123', reserved: '50.0000', realised: '-6.0000', drawdown: '6.0000' },
          BTC: { balance: '0.0000000456', realised: '0.0000000000' },
        },
      });
      stage.succeed();
      expect(stage.status()).toEqual(before);
      play.ended(3, -1n);
      stage.run();
      expect(stage.now()).toBe('halted loss_streak');
    });

    test('a successor of a halted actor is halted, and does not announce it twice', () => {
      const stage = stageRisk();
      stage.start();
      stage.call('halt', 'for good');
      stage.taken();
      stage.succeed();
      expect(stage.now()).toBe('halted operator');
      expect(stage.taken()).toMatchObject({ audits: [], states: [] });
      expect(stage.causes()).toEqual(['halted operator ana: for good']);
    });

    test('a death after the halt but before its record: the successor records it', () => {
      const stage = stageRisk({ limits: { records_ring: 64 } });
      stage.start();
      while (stage.context.records.tryAudit('none'));
      stage.call('halt', 'unrecorded');
      stage.taken();
      stage.succeed();
      expect(stage.taken().audits).toContain('halted ana: unrecorded');
    });

    test('a halt of the last process holds in this one, whatever its reason was', () => {
      const first = stageRisk();
      first.start();
      first.call('halt', 'über Nacht "zu"');
      const second = stageRisk({ options: { causesAtStart: first.kept() } });
      second.start();
      expect(second.now()).toBe('halted operator');
      second.pass(100);
      expect(second.gate.state).toBe('halted');
      expect(second.taken().audits).toContain('halted ana: über Nacht "zu"');
      expect(second.call('resume', 'morning').text).toMatch(
        /^active; answered: halted, operator by ana since .*: über Nacht "zu"$/,
      );
    });

    test('a stranded exposure that no one has acknowledged keeps the next process from beginning anything', () => {
      const first = stageRisk();
      const play = sequencer(first.executions);
      first.start();
      first.taken();
      play.ended(7, -10n, 'stranded');
      first.run();
      const second = stageRisk({ options: { causesAtStart: first.kept() } });
      second.start();
      second.pass(100);
      expect(second.now()).toBe('reducing stranded_exposure');
      expect(second.causes()).toEqual(['reducing stranded_exposure risk: plan 7 left exposure behind']);
      expect(second.taken().states, 'what is in its slot need not be kept again').toEqual([]);
      expect(second.call('resume', 'sold by hand').text).toMatch(
        /^active; answered: reducing, stranded exposure by risk/,
      );
      expect(second.taken().states).toEqual([
        ['losses_counted_from', '0'],
        ['gate_cause.0', 'cleared'],
      ]);
      const third = stageRisk({ options: { causesAtStart: second.kept() } });
      third.start();
      third.pass(100);
      expect(third.now()).toBe('active none');
    });

    test('what is stranded while trading is paused or halted is kept as well, and answered with the halt', () => {
      const stage = stageRisk();
      const play = sequencer(stage.executions);
      const left = (plan: number) => `reducing stranded_exposure risk: plan ${plan} left exposure behind`;
      const kept = () => stage.kept().map(({ effect, reason, by, text }) => `${effect} ${reason} ${by}: ${text}`);
      stage.start();
      stage.silence(60_000);
      expect(stage.now()).toMatch(/^paused /);
      play.ended(7, -10n, 'stranded');
      stage.run();
      expect(kept()).toEqual([left(7)]);
      stage.call('halt', 'for good');
      expect(kept()).toEqual([left(7), 'halted operator ana: for good']);
      play.ended(8, -10n, 'stranded');
      stage.run();
      expect(kept()).toEqual([left(7), 'halted operator ana: for good', left(8)]);
      stage.pass(100);
      stage.call('resume', 'sold by hand');
      expect(kept()).toEqual([]);
    });

    test('a death after something was stranded but before that is kept: the successor keeps it', () => {
      const stage = stageRisk({ limits: { records_ring: 64 } });
      const play = sequencer(stage.executions);
      stage.start();
      while (stage.context.records.tryAudit('none'));
      play.ended(7, -10n, 'stranded');
      stage.run();
      expect(stage.taken().states).toEqual([]);
      stage.succeed();
      expect(stage.kept()).toMatchObject([{ effect: 'reducing' }]);
    });

    test('a lifted halt of the last process does not halt this one; one that makes no sense does', () => {
      const single = (value: string) => decodeCauses([{ key: 'halt', value, atMs: 0 }]);
      const lifted = stageRisk({ options: { causesAtStart: single('{"halted":false,"reason":"none"}') } });
      lifted.start();
      expect(lifted.now()).toBe('active none');
      const garbage = stageRisk({ options: { causesAtStart: single('}{') } });
      garbage.start();
      expect(garbage.now()).toBe('halted operator');
    });
  });

  test('portfolio snapshots come at their interval, with what the account holds', () => {
    const stage = stageRisk({
      risk: { portfolio_interval_ms: 1_000 },
      paper: { inventory: { USD: '1000.5', EUR: '7' } },
    });
    const play = sequencer(stage.executions);
    stage.start();
    play.opened(1, 300_000n);
    play.fill(1, USD, 100_000n, BTC, 5_000n);
    play.opened(2, 40_000n);
    play.ended(1, 2_000n);
    stage.run();
    stage.taken();
    stage.pass(999);
    expect(stage.taken().portfolio).toEqual([]);
    stage.pass(1);
    expect(stage.taken().portfolio).toEqual([
      { snapshot: 1, asset: USD, balance: 9_905_000n, reserved: 40_000n, realised: 2_000n, drawdown: 0n },
      { snapshot: 1, asset: BTC, balance: 5_000n, reserved: 0n, realised: 0n, drawdown: 0n },
    ]);
    stage.succeed();
    stage.pass(1_000);
    expect(stage.taken().portfolio.map(({ snapshot }) => snapshot)).toEqual([2, 2]);
  });
});
