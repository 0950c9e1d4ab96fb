/** Why trading is not open: a list, of which nothing is overwritten, and which cannot grow without bound. */
import { describe, expect, test } from 'vitest';
import { decodeCauses, SINGLE_HALT_KEY } from '../../../src/trading/stored-causes.ts';
import { sequencer, stageRisk } from './risk-stage.ts';

const ANA = 'halted operator ana: going home';
const left = (plan: number) => `reducing stranded_exposure risk: plan ${plan} left exposure behind`;

describe('causes of a closed gate', () => {
  test('a plan that strands during a halt of a person leaves name and reason as they are, and the other way round', () => {
    const stage = stageRisk();
    const play = sequencer(stage.executions);
    stage.start();
    stage.call('halt', 'going home');
    play.ended(63, -10n, 'stranded');
    stage.run();
    expect(stage.now()).toBe('halted operator');
    expect(stage.causes()).toEqual([ANA, left(63)]);

    const other = stageRisk();
    const others = sequencer(other.executions);
    other.start();
    others.ended(63, -10n, 'stranded');
    other.run();
    other.call('halt', 'going home');
    expect(other.causes()).toEqual([ANA, left(63)]);
  });

  test('all of them hold over a restart of the process, with who, when and why, and of the actor', () => {
    const stage = stageRisk({ risk: { loss_max: { USD: '1' } } });
    const play = sequencer(stage.executions);
    stage.start();
    play.ended(63, -10n, 'stranded');
    stage.run();
    stage.call('halt', 'going home');
    stage.call('halt', 'strange prices', 'bo');
    stage.call('drain', 'maintenance', 'cy');
    play.ended(64, -20_000n);
    stage.run();
    const before = stage.causes();
    expect(before).toEqual([
      ANA,
      'halted operator bo: strange prices',
      'halted loss_limit risk: lost 2.0010 USD, allowed 1.0000',
      left(63),
      'draining operator cy: maintenance',
    ]);
    const times = (causes: unknown) => (causes as { firstMs: number }[]).map(({ firstMs }) => Math.round(firstMs));
    const since = times(stage.status().causes);
    stage.succeed();
    expect(stage.causes()).toEqual(before);
    const second = stageRisk({ options: { causesAtStart: stage.kept() } });
    second.start();
    second.pass(100);
    expect(second.causes()).toEqual(before);
    expect(times(second.status()['causes'])).toEqual(since);
    const third = stageRisk({ options: { causesAtStart: stage.kept() } });
    third.start();
    third.pass(100);
    expect(third.causes(), 'a run that added nothing forgets nothing').toEqual(before);
  });

  test('resume shows and answers all of them', () => {
    const stage = stageRisk();
    const play = sequencer(stage.executions);
    stage.start();
    stage.call('halt', 'going home');
    play.ended(63, -10n, 'stranded');
    stage.run();
    stage.pass(100);
    const { ok, text } = stage.call('resume', 'looked at both');
    expect(ok).toBe(true);
    expect(text).toMatch(/^active; answered: halted, operator by ana since [^;]*: going home; answered: reducing, /);
    expect(text).toContain('plan 63 left exposure behind');
    expect(stage.causes()).toEqual([]);
    expect(stage.kept()).toEqual([]);
    expect(stage.status()['resumed']).toMatchObject({ by: 'ana', text: 'looked at both' });
  });

  test('those that persist refuse it by name, and the others are named too', () => {
    const stage = stageRisk({ risk: { kill_switch_file: '/stop' }, mode: 'live' });
    const play = sequencer(stage.executions);
    stage.account('trading');
    stage.start();
    stage.call('halt', 'going home');
    play.ended(63, -10n, 'stranded');
    stage.run();
    stage.files.add('/stop');
    stage.account('refused');
    stage.pass(100);
    const before = stage.causes();
    const { ok, text } = stage.call('resume', 'all well');
    expect(ok).toBe(false);
    expect(text).toMatch(/kill switch \/stop is still there.*does not let this key trade.*operator by ana.*plan 63/);
    expect(stage.causes()).toEqual(before);
    expect(stage.kept().length).toBe(4);
  });

  test('a cause is removed when it is cleared, and conditions are listed beside a halt as long as they hold', () => {
    const stage = stageRisk();
    stage.start();
    stage.call('halt', 'going home');
    stage.silence(60_000);
    expect(stage.causes()).toEqual([
      ANA,
      expect.stringMatching(/^paused actor_down risk: silent for more than 2000 ms: feed, book, /),
      expect.stringMatching(/^paused records_stale risk: records wait/),
      expect.stringMatching(/^paused market_data_stale risk: no frame/),
    ]);
    expect(stage.now()).toBe('halted operator');
    stage.taken();
    stage.pass(100);
    expect(stage.causes()).toEqual([ANA]);
    expect(stage.kept(), 'conditions are not kept').toMatchObject([{ by: 'ana' }]);
  });

  test('the same words of the same person are counted, others are another cause', () => {
    const stage = stageRisk();
    stage.start();
    stage.call('halt', 'going home');
    stage.pass(5_000);
    stage.call('halt', 'going home');
    expect(stage.status().causes).toMatchObject([{ text: 'going home', count: 2 }]);
    const [twice] = stage.status().causes;
    expect(twice!.lastMs - twice!.firstMs).toBe(5_000);
    stage.call('halt', 'going home', 'bo');
    expect(stage.causes()).toEqual([ANA, 'halted operator bo: going home']);
  });

  test('a thousand stranded plans and halts do not grow it, lose a person, or fill the database', () => {
    const stage = stageRisk();
    const play = sequencer(stage.executions);
    stage.start();
    stage.call('halt', 'going home');
    for (let plan = 1; plan <= 1_000; plan++) {
      play.ended(plan, 0n, 'stranded');
      stage.run();
      if (plan % 10 === 0) stage.taken();
    }
    for (let halt = 1; halt <= 100; halt++) {
      stage.call('halt', `again ${halt}`, 'bo');
      stage.taken();
    }
    const causes = stage.causes();
    expect(causes.length).toBe(12);
    expect(causes[0]).toBe(ANA);
    expect(causes).toContain('halted operator bo: again 100');
    expect(causes).toContain(left(1_000));
    expect(stage.kept().length).toBe(12);
    const counted = stage.status().causes.reduce((sum, { count }) => sum + count, 0);
    expect(counted).toBe(1_101);
  });

  test('one halt of before causes were a list is taken over, kept as a cause, and not read twice', () => {
    const value = '{"halted":true,"stranded":true,"reason":"operator","by":"ana","text":"going home"}';
    const causesAtStart = decodeCauses([{ key: SINGLE_HALT_KEY, value, atMs: 1_790_000_000_000 }]);
    const stage = stageRisk({ options: { causesAtStart } });
    stage.start();
    stage.pass(100);
    expect(stage.causes()).toEqual([ANA, 'reducing stranded_exposure risk: a plan left exposure behind']);
    const states = new Map(stage.taken().states);
    expect(states.get(SINGLE_HALT_KEY)).toBe('cleared');
    expect(stage.kept()).toMatchObject([
      { slot: expect.any(Number), by: 'ana', firstMs: 1_790_000_000_000 },
      { slot: expect.any(Number), effect: 'reducing' },
    ]);
  });

  test('a slot is used again only after what was kept in it is cleared', () => {
    const stage = stageRisk({ limits: { records_ring: 64 } });
    stage.start();
    stage.call('halt', 'going home');
    stage.kept();
    expect(stage.call('resume', 'back')).toMatchObject({ ok: true });
    while (stage.context.records.tryAudit('none'));
    stage.silence(60_000); // conditions take free slots
    stage.pass(100);
    stage.kept();
    stage.succeed();
    stage.pass(100);
    expect(stage.kept()).toEqual([]);
  });
});

describe('drain', () => {
  test('nothing new is begun until a person resumes, over a restart too', () => {
    const stage = stageRisk();
    stage.start();
    stage.taken();
    expect(stage.call('drain', 'maintenance')).toEqual({ ok: true, isRecorded: true, text: 'draining: maintenance' });
    expect(stage.now()).toBe('draining operator');
    expect(stage.taken().audits).toEqual([
      'gate_changed active > draining (operator): maintenance',
      'gate_cause ana: maintenance',
    ]);
    const second = stageRisk({ options: { causesAtStart: stage.kept() } });
    second.start();
    second.pass(100);
    expect(second.now()).toBe('draining operator');
    expect(second.call('resume', 'done').text).toMatch(/^active; answered: draining, operator by ana/);
    expect(second.now()).toBe('active none');
  });

  test('a plan that strands while draining reduces, and a halt halts', () => {
    const stage = stageRisk();
    const play = sequencer(stage.executions);
    stage.start();
    stage.call('drain', 'maintenance');
    play.ended(1, -5n, 'stranded');
    stage.run();
    expect(stage.now()).toBe('reducing stranded_exposure');
    stage.call('halt', 'enough');
    expect(stage.now()).toBe('halted operator');
    expect(stage.causes()).toEqual(['halted operator ana: enough', left(1), 'draining operator ana: maintenance']);
  });
});
