/**
 * A person brings home what is stranded: preview, yes, resume, through the command line of a real process that trades on
 * the practice exchange. At the end our books are the exchange's.
 */
import { expect, test, vi } from 'vitest';
import { runToEnd, until } from '../support/arbitrade.ts';
import { readStored } from '../support/stored-records.ts';
import { tradingStage } from '../support/trading-stage.ts';

vi.setConfig({ testTimeout: 240_000 });

interface Status {
  readonly trading: string;
  readonly risk: {
    readonly openPlans: number;
    readonly assets: Readonly<Record<string, { readonly exposure: string }>>;
  };
}

test('what a plan left behind is shown, brought home after a yes, and answered for', async () => {
  const stage = await tradingStage({
    settings: {
      mode: 'demo',
      // What a later leg does not fill stays: with prices that run away now and then, something is stranded soon.
      trading: {
        order_max: { USD: '5000' },
        shortfall: 'hold',
        opportunity_age_max_ms: 5_000,
        plan_age_max_ms: 30_000,
      },
      risk: { loss_max: { USD: '50000' }, losing_plans_in_a_row_max: 1_000 },
    },
    faults: { 'price-runs-away': 0.3 },
  });
  const running = stage.run(['run']);
  const ask = (...args: string[]) => runToEnd([...args, '--config', stage.config]);
  const status = async () => JSON.parse((await ask('status', '--json')).stdout || '{"risk":{"assets":{}}}') as Status;
  const exposed = ({ risk }: Status) =>
    Object.entries(risk.assets).filter(([asset, { exposure }]) => asset !== 'USD' && Number(exposure) !== 0);
  const isAtRest = async () => {
    const now = await status();
    return now.trading === 'reducing' && now.risk.openPlans === 0 && exposed(now).length > 0;
  };
  await until(isAtRest);
  const [[asset, { exposure }] = ['', { exposure: '' }]] = exposed(await status());

  const words = await ask('status');
  expect(words.stdout).toContain('arbitrade flatten');
  const shown = await ask('flatten', '--loss-max-bps', '500');
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toContain(`${asset}: sell ${exposure}`);
  expect(shown.stdout).toMatch(/by the middle of the book, .* that loses .* bps/);
  expect(shown.stdout).toMatch(/nothing was done; add --yes/);
  const json = await ask('flatten', '--loss-max-bps', '500', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ offers: [{ to: 'USD', lossMaxBps: 500 }], kept: [] });
  expect(exposed(await status()), 'nothing was done').not.toEqual([]);

  expect(await ask('halt', '--reason', 'look first')).toMatchObject({ code: 0 });
  const refused = await ask('flatten', '--yes');
  expect(refused).toMatchObject({ code: 6, stderr: expect.stringMatching(/flatten was refused: trading is halted/) });
  expect(await ask('resume', '--reason', 'looked')).toMatchObject({ code: 0 });

  // From here on other plans may be stranded too: all of it comes home, in as many goes as the market wants.
  expect(await ask('drain', '--reason', 'bring it home')).toMatchObject({ code: 0 });
  let yes = await ask('flatten', '--loss-max-bps', '500', '--yes', '--reason', 'bring it home', '--by', 'ana');
  await until(async () => {
    const now = await status();
    if (now.risk.openPlans > 0) return false;
    if (exposed(now).length === 0) return true;
    yes = await ask('flatten', '--loss-max-bps', '500', '--yes', '--reason', 'bring it home', '--by', 'ana');
    return false;
  });
  expect(yes.stdout).toMatch(/plan \d+ has begun: sell .*\/USD for/);
  const nothing = await ask('flatten', '--yes');
  expect(nothing).toMatchObject({ code: 0, stderr: '' });
  running.process.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);

  const books = await readStored(
    stage.database,
    `SELECT asset, balance::VARCHAR AS balance, coalesce(exposure, 0)::DOUBLE AS exposure
    FROM account_balances LEFT JOIN open_exposure USING (account, asset)`,
  );
  const truth = new Map(stage.reading().balances.map(({ asset: name, total }) => [name, Number(total)]));
  for (const { asset: name, balance, exposure: left } of books) {
    expect(Number(balance), `${name}: the exchange's own`).toBeCloseTo(truth.get(String(name)) ?? 0, 10);
    if (name !== 'USD') expect(left, `${name}: exposure`).toBe(0);
  }
  const trail = await readStored(
    stage.database,
    "SELECT text FROM audit_events WHERE event = 'operator_command' AND text LIKE 'flatten%' ORDER BY record_seq",
  );
  expect(trail[0]).toMatchObject({ text: expect.stringMatching(/^flatten by ana: bring it home \(plan \d+: /) });
  const plans = await readStored(stage.database, "SELECT count(*)::INT AS n FROM plan_events WHERE reason = 'flatten'");
  expect(plans[0]).toMatchObject({ n: expect.any(Number) });
  expect(Number(plans[0]?.['n'])).toBeGreaterThan(0);
});
