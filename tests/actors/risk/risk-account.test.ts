import { describe, expect, test } from 'vitest';
import { units } from '../../../src/money/money.ts';
import { ACCOUNT_STATES, isTradingState } from '../../../src/trading/account-state.ts';
import { BTC, sequencer, stageRisk, USD } from './risk-stage.ts';

describe('risk and the account', () => {
  test.each(ACCOUNT_STATES.filter((state) => state !== 'refused'))(
    'with a key, trading is open only while the account is known: %s',
    (state) => {
      const stage = stageRisk({ mode: 'live' });
      stage.account(state);
      stage.start();
      expect(stage.now()).toBe(isTradingState(state) ? 'active none' : 'paused account_not_ready');
      stage.account('trading');
      stage.pass(100);
      expect(stage.now()).toBe('active none');
      stage.account('connecting');
      stage.pass(100);
      expect(stage.now()).toBe('paused account_not_ready');
    },
  );

  test.each(['paper', 'alert'] as const)('in the mode %s there is no account to wait for', (mode) => {
    const stage = stageRisk({ mode });
    stage.start();
    expect(stage.now()).toBe('active none');
    expect(stage.status()).toMatchObject({ account: 'none' });
  });

  test('a key that the venue refuses halts for good', () => {
    const stage = stageRisk({ mode: 'live' });
    stage.account('trading');
    stage.start();
    stage.account('refused');
    stage.pass(100);
    expect(stage.now()).toBe('halted account_refused');
    stage.account('trading');
    stage.pass(100);
    expect(stage.now()).toBe('halted account_refused');
  });

  test('a key that the venue refuses is seen in the status, and cannot be resumed away: nothing cures it but a new start', () => {
    const stage = stageRisk({ mode: 'live' });
    stage.start();
    stage.account('refused');
    stage.pass(100);
    expect(stage.status()).toMatchObject({
      state: 'halted',
      reason: 'account_refused',
      account: 'refused',
      causes: [{ by: 'risk', text: expect.stringContaining('does not let this key trade') }, { effect: 'paused' }],
    });
    expect(stage.call('resume', 'it will be fine')).toEqual({ ok: false, text: expect.stringContaining('start anew') });
    expect(stage.now()).toBe('halted account_refused');
    stage.account('trading');
    expect(stage.call('resume', 'a new start with the right key')).toMatchObject({ ok: true });
  });

  test('what the account holds is what it reported, and every fill since', () => {
    const stage = stageRisk({ mode: 'live' });
    const play = sequencer(stage.executions);
    stage.start();
    play.fill(1, USD, 10_000n, BTC, 50n);
    play.balance(USD, units(9_000_000n));
    play.balance(BTC, units(70n));
    play.fill(2, USD, 20_000n, BTC, 30n);
    stage.run();
    expect(stage.status().assets).toMatchObject({
      USD: { balance: '898.0000' },
      BTC: { balance: '0.0000000100' },
    });
  });

  test('what earlier runs left is taken as it is, however often it is reported, and their orders count as out', () => {
    const stage = stageRisk({ mode: 'live' });
    const play = sequencer(stage.executions);
    stage.start();
    for (let time = 0; time < 2; time++) play.takenOver(BTC, 4_839_000_000n, 4_800_000_000n, 3n);
    play.orderTakenOver(7);
    play.orderSent(1);
    stage.run();
    const held = { balance: '0.4839000000', exposure: '0.4800000000', dust: '0.0000000003' };
    expect(stage.status()).toMatchObject({ orders: { out: 2, sent: 1 }, assets: { BTC: held } });
    play.orderEnded(7, 'filled');
    play.exposure(BTC, units(-4_800_000_000n), 'swept');
    stage.run();
    expect(stage.status()).toMatchObject({ orders: { out: 1 }, assets: { BTC: { exposure: '0.0000000000' } } });
    stage.succeed();
    expect(stage.status()).toMatchObject({ orders: { out: 1 }, assets: { BTC: { balance: '0.4839000000' } } });
  });

  test('a plan of an earlier run is not taken for the one of this run that has its number', () => {
    const stage = stageRisk({ mode: 'live' });
    const play = sequencer(stage.executions);
    stage.start();
    play.ofRun(2_000);
    play.opened(1, 500_0000n);
    play.ofRun(1_000);
    play.fill(1, USD, 70_0000n, BTC, 5n);
    play.ended(1, -70_0000n);
    stage.run();
    expect(stage.status()).toMatchObject({ openPlans: 1, assets: { USD: { reserved: '500.0000' } } });
    play.ofRun(2_000);
    play.ended(1, 0n);
    stage.run();
    expect(stage.status()).toMatchObject({ openPlans: 0 });
  });

  test('a fee in the asset received is part of what came; one in a third asset leaves the account beside', () => {
    const stage = stageRisk({ mode: 'live' });
    const play = sequencer(stage.executions);
    stage.start();
    play.fill(1, BTC, 50n, BTC, 20n, [BTC, 5n]);
    play.fill(1, BTC, 50n, BTC, 20n, [USD, 7n]);
    stage.run();
    expect(stage.status().assets).toMatchObject({ USD: { balance: '-0.0007' }, BTC: { balance: '-0.0000000060' } });
  });

  describe('what is lost outside plans counts towards the limits of its asset', () => {
    const stageWith = (risk: object) => {
      const stage = stageRisk({ risk });
      stage.start();
      const play = sequencer(stage.executions);
      return {
        stage,
        play,
        /** What holds now; that a fill was late also stops new plans, which is not looked at here. */
        run: () => {
          stage.run();
          return stage.now().replace('reducing stranded_exposure', 'active none');
        },
      };
    };

    test.each(['stranded', 'deviation', 'accepted', 'interrupted'] as const)('%s', (reason) => {
      for (const [limit, halt] of [
        ['loss_max', 'halted loss_limit'],
        ['drawdown_max', 'halted drawdown_limit'],
      ] as const) {
        const { stage, play, run } = stageWith({ [limit]: { USD: '1' } });
        play.ended(1, -4_000n);
        play.exposure(USD, units(-6_000n), reason);
        play.exposure(BTC, units(-1_000_000n), reason); // has no limit
        expect(run()).toBe('active none');
        stage.succeed();
        play.exposure(USD, units(-1n), reason);
        expect(run()).toBe(halt);
      }
    });

    test('a deposit makes up for what is missing, but for no later loss', () => {
      const { play, run } = stageWith({ loss_max: { USD: '1' } });
      play.exposure(USD, units(50_000n), 'deviation');
      play.exposure(USD, units(-10_000n), 'deviation');
      expect(run()).toBe('active none');
      play.exposure(USD, units(30_000n), 'deviation');
      play.exposure(USD, units(-10_000n), 'deviation');
      expect(run()).toBe('active none');
      play.exposure(USD, units(-1n), 'deviation');
      expect(run()).toBe('halted loss_limit');
    });

    test('what a plan left over and a late fill then sold is no loss of that asset, nor a gain for later', () => {
      const { stage, play, run } = stageWith({ loss_max: { BTC: '0.000001' } });
      play.exposure(BTC, units(50_000n), 'stranded');
      play.exposure(BTC, units(-50_000n), 'stranded');
      expect(run()).toBe('active none');
      play.exposure(BTC, units(-10_001n), 'stranded');
      expect(run()).toBe('halted loss_limit');
      stage.call('resume', 'seen');
      play.exposure(BTC, units(-10_000n), 'stranded');
      expect(run()).toBe('active none');
      play.exposure(BTC, units(-1n), 'stranded');
      expect(run()).toBe('halted loss_limit');
    });
  });

  test('exposure and dust are kept by asset, over a death too', () => {
    const stage = stageRisk({ mode: 'live' });
    const play = sequencer(stage.executions);
    stage.start();
    play.exposure(BTC, units(500n));
    play.exposure(BTC, units(-120n));
    play.dust(BTC, units(7n));
    play.exposure(USD, units(-3n));
    stage.run();
    stage.succeed();
    expect(stage.status().assets).toMatchObject({
      USD: { exposure: '-0.0003', dust: '0.0000' },
      BTC: { exposure: '0.0000000380', dust: '0.0000000007' },
    });
  });

  test('orders are counted by what became of them', () => {
    const stage = stageRisk();
    const play = sequencer(stage.executions);
    stage.start();
    for (let plan = 1; plan <= 5; plan++) play.orderSent(plan);
    play.orderUncertain(1);
    play.orderEnded(1, 'absent');
    play.orderEnded(2, 'refused');
    play.orderEnded(3, 'filled');
    stage.run();
    expect(stage.status()).toMatchObject({ orders: { sent: 5, out: 2, uncertain: 1, refused: 1, absent: 1 } });
  });

  test('more refusals in a row than allowed halt; an order that is taken ends the row, an absent one does not', () => {
    const stage = stageRisk({ risk: { refused_orders_in_a_row_max: 2 } });
    const play = sequencer(stage.executions);
    stage.start();
    for (const outcome of ['refused', 'refused', 'unfilled', 'refused', 'absent', 'refused'] as const) {
      play.orderEnded(1, outcome);
    }
    stage.run();
    expect(stage.now()).toBe('active none');
    play.orderEnded(1, 'refused');
    stage.run();
    expect(stage.now()).toBe('halted refused_orders');
    expect(stage.call('resume', 'the pair was post only').text).toMatch(/^active; answered: halted, refused orders/);
    play.orderEnded(1, 'refused');
    stage.run();
    expect(stage.now()).toBe('active none');
  });

  test.each([
    ['reduce', 'reducing stranded_exposure'],
    ['halt', 'halted stranded_exposure'],
  ])('after a stranded plan trading is %s, by the settings, until a person resumes', (stranded, now) => {
    const stage = stageRisk({ trading: { stranded } });
    stage.start();
    sequencer(stage.executions).ended(4, -100n, 'stranded');
    stage.run();
    stage.pass(100);
    expect(stage.now()).toBe(now);
    expect(stage.causes()).toContain('reducing stranded_exposure risk: plan 4 left exposure behind');
    expect(stage.call('resume', 'sold by hand').text).toMatch(/^active; answered: .*plan 4/);
  });

  test.each([
    ['risk.loss_max.USDT', { risk: { loss_max: { USDT: '5' } } }],
    ['risk.drawdown_max.USDT', { risk: { drawdown_max: { USDT: '5' } } }],
    ['trading.order_max.USDT', { trading: { order_max: { USDT: '5' } } }],
    ['trading.exposure_max.USDT', { trading: { exposure_max: { USDT: '5' } } }],
  ])('%s: a limit on what the venue does not list is said once, and nothing is traded', (limit, settings) => {
    const stage = stageRisk({ ...settings, isListed: false });
    stage.start();
    expect(stage.now()).toBe('active none');
    stage.list();
    stage.pass(100);
    stage.pass(100);
    expect(stage.now()).toBe('paused limit_unusable');
    const noted = stage.taken().audits.filter((audit) => audit.startsWith('limit_unusable'));
    expect(noted).toEqual([expect.stringContaining(limit)]);
    expect(stage.logged).toContainEqual(expect.objectContaining({ level: 'error', event: 'limit_unusable' }));
  });
});
