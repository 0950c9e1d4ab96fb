/** Losses count while their plan is running, and dust and fees in other assets count like any other result. */

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { instrumentIndex } from '../../../src/market/instrument.ts';
import { lots, type Ticks, ticks, type Units, units } from '../../../src/money/money.ts';
import { DoubleBufferedState } from '../../../src/runtime/memory/double-buffered-state.ts';
import { putBook } from '../sequencer/sequencer-stage.ts';
import { BTC, sequencer, stageRisk, USD } from './risk-stage.ts';

const usd = (units: Units) => units * 10_000n;
const btc = (hundredths: bigint) => hundredths * 10n ** 8n;
/** 50,000.0 USD are bid for a BTC. */
const BID = 500_000n;

function stageWithBook(risk: object) {
  const stage = stageRisk({ risk });
  let seq = 0;
  const bid = (ticks: Ticks) =>
    putBook(
      stage.table,
      instrumentIndex(0),
      { bids: [[ticks, lots(1n)]], asks: [[ticks + 10n, lots(1n)]] },
      ++seq,
      stage.clock.nowNs(),
    );
  bid(ticks(BID));
  stage.start();
  return { stage, bid, play: sequencer(stage.executions) };
}

describe('a plan at work', () => {
  test('halts as soon as what it has spent and what it holds come to more than the loss allowed', () => {
    const { stage, play } = stageWithBook({ loss_max: { USD: '100' } });
    play.opened(1, usd(units(1_000n)));
    play.fill(1, USD, usd(units(600n)), BTC, btc(1n)); // 0.01 BTC is worth 500 USD
    stage.run();
    expect(stage.now()).toBe('active none');
    play.fill(1, USD, 1n, BTC, 0n);
    stage.run();
    expect(stage.now()).toBe('halted loss_limit');
  });

  test('halts when the books move against what it holds, with no further word of it', () => {
    const { stage, bid, play } = stageWithBook({ drawdown_max: { USD: '100' } });
    play.opened(1, usd(units(1_000n)));
    play.fill(1, USD, usd(units(500n)), BTC, btc(1n));
    stage.run();
    bid(ticks(400_000n)); // 100 USD less
    stage.pass(100);
    expect(stage.now()).toBe('active none');
    bid(ticks(399_999n));
    stage.pass(100);
    expect(stage.now()).toBe('halted drawdown_limit');
  });

  test('keeps what was known of it while no book says, and counts no gain before its end', () => {
    const { stage, bid, play } = stageWithBook({ loss_max: { USD: '100' } });
    play.opened(1, usd(units(1_000n)));
    play.fill(1, USD, usd(units(580n)), BTC, btc(1n)); // 80 USD are lost
    stage.run();
    stage.table.setValidity(instrumentIndex(0), 3);
    play.fill(1, USD, usd(units(400n)), BTC, btc(1n)); // no one can say what that is worth now
    stage.run();
    stage.pass(1_000);
    expect(stage.now()).toBe('active none');
    play.opened(2, usd(units(1_000n)));
    play.fill(2, USD, usd(units(100n)), BTC, btc(1n)); // worth 500, gained when it ends
    bid(ticks(BID));
    stage.run();
    expect(stage.now()).toBe('active none'); // 980 spent, 1,000 held
    play.ended(2, -usd(units(101n)));
    stage.run();
    expect(stage.now()).toBe('halted loss_limit');
  });

  test('is not counted twice once it has ended, and its place is free', () => {
    const { stage, play } = stageWithBook({ loss_max: { USD: '100' }, losing_plans_in_a_row_max: 100 });
    for (let plan = 1; plan <= 40; plan++) {
      play.opened(plan, usd(units(1_000n)));
      play.fill(plan, USD, usd(units(502n)), BTC, btc(1n));
      play.fill(plan, BTC, btc(1n), USD, usd(units(500n)));
      play.ended(plan, -usd(units(2n)));
      if (plan % 8 === 0) stage.run();
    }
    expect(stage.now()).toBe('active none'); // 80 of 100
    expect(stage.status()).toMatchObject({ openPlans: 0 });
  });

  test('is remembered over a death of risk', () => {
    const { stage, play } = stageWithBook({ loss_max: { USD: '100' } });
    play.opened(1, usd(units(1_000n)));
    play.fill(1, USD, usd(units(590n)), BTC, btc(1n));
    stage.run();
    stage.succeed();
    play.fill(1, USD, usd(units(11n)), BTC, 0n);
    stage.run();
    expect(stage.now()).toBe('halted loss_limit');
  });
});

describe('what is beside the profit', () => {
  test.each([
    ['dust that a plan leaves makes up for what it is short of', -usd(units(4n)), usd(units(4n)), 'active none'],
    ['dust that it took from stock is a loss of its own', 1n, -usd(units(100n)) - 2n, 'halted loss_limit'],
    ['up to the limit is allowed', 0n, -usd(units(100n)), 'active none'],
  ])('%s', (_what, profit, mark, state) => {
    const { stage, play } = stageWithBook({ loss_max: { USD: '100' } });
    play.opened(1, usd(units(1_000n)));
    play.ended(1, profit, 'completed', undefined, mark);
    stage.run();
    expect(stage.now()).toBe(state);
    expect(stage.status()['losingPlans']).toBe(profit + mark < 0n ? 1 : 0);
  });
});

describe('a misreport of the venue', () => {
  test('halts for good, with a reason of its own', () => {
    const { stage, play } = stageWithBook({});
    play.misreported(7);
    stage.run();
    expect(stage.now()).toBe('halted venue_misreport');
    expect(stage.taken().audits.at(-1)).toMatch(/^halted risk: .*order of plan 7.*cannot be true/);
    expect(stage.call('resume', 'compared by hand')).toMatchObject({ ok: true });
  });
});

test('a fee in the asset received is taken once from what risk says is held', () => {
  const { stage, play } = stageWithBook({});
  play.balance(USD, units(usd(units(1_000n))));
  play.balance(BTC, units(0n));
  // 0.01 BTC less a fee of 0.0001 came in: what is reported as received is after the fee.
  play.fill(1, USD, usd(units(500n)), BTC, btc(1n) - 10n ** 6n, [BTC, 10n ** 6n]);
  play.fill(1, BTC, 10n ** 7n, USD, usd(units(50n)) - 500n, [USD, 500n]);
  play.fill(1, USD, usd(units(1n)), BTC, 0n, [USD, 0n]);
  stage.run();
  expect(stage.status().assets).toMatchObject({
    BTC: { balance: '0.0089000000' },
    USD: { balance: '548.9500' },
  });
});

describe('the gate around a commit: whoever dies in between leaves it on the safe side', () => {
  /** What risk's word of the gate said at each commit from now on. */
  function watchCommits(stage: ReturnType<typeof stageRisk>): string[] {
    const seen: string[] = [];
    const commit = DoubleBufferedState.prototype.commit;
    const spy = vi.spyOn(DoubleBufferedState.prototype, 'commit').mockImplementation(function (
      this: DoubleBufferedState,
    ) {
      seen.push(stage.gate.risk.state);
      commit.call(this);
    });
    onTestFinished(() => spy.mockRestore());
    return seen;
  }

  test('it closes before what closes it is committed: by a person, by a limit, by a condition', () => {
    for (const close of [
      ({ stage }: ReturnType<typeof stageWithBook>) => void stage.call('halt', 'strange prices'),
      ({ stage, play }: ReturnType<typeof stageWithBook>) => {
        play.ended(1, -usd(units(101n)));
        stage.run();
      },
      ({ stage, play }: ReturnType<typeof stageWithBook>) => {
        play.exposure(BTC, units(1n), 'stranded');
        stage.run();
      },
    ]) {
      const staged = stageWithBook({ loss_max: { USD: '100' } });
      expect(staged.stage.gate.state).toBe('active');
      const seen = watchCommits(staged.stage);
      close(staged);
      expect(seen[0]).not.toBe('active');
      vi.restoreAllMocks();
    }
  });

  test('it opens after what opens it is committed', () => {
    const { stage } = stageWithBook({});
    stage.call('halt', 'strange prices');
    const seen = watchCommits(stage);
    stage.call('resume', 'understood');
    expect(seen[0]).toBe('halted');
    expect(stage.gate.state).toBe('active');
  });
});
