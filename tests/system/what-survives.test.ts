/**
 * What is held outside any plan is known to everybody who counts with it, before and after each way to die: the status, the
 * portfolio snapshots, risk, and the ledgers of the database say the same.
 */
import { expect, test } from 'vitest';
import { askControl } from '../../src/control/control-client.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { ActorId } from '../../src/runtime/counter-names.ts';
import { readConfig } from '../../src/settings/read-config.ts';
import { leftOf, type Running, until } from '../support/arbitrade.ts';
import { readStored } from '../support/stored-records.ts';
import { type TradingStage, tradingStage } from '../support/trading-stage.ts';

interface Held {
  readonly balance: string;
  readonly exposure: string;
  readonly dust: string;
}
interface Status {
  readonly account: { readonly account: string };
  readonly risk: { readonly assets: Readonly<Record<string, Held>> };
}
type Ask = () => Promise<Status>;

/** No cycle is worth so much: what is held stays as it is. */
const SETTINGS = {
  mode: 'demo',
  strategy: { start_assets: ['USD'], min_edge_bps: 9_000 },
  trading: { reconcile_balances_ms: 300, reconcile_orders_ms: 300 },
  risk: { portfolio_interval_ms: 200 },
};

const heldOf = ({ risk }: Status) =>
  Object.fromEntries(
    Object.entries(risk.assets).map(([asset, { balance, exposure, dust }]) => [
      asset,
      [balance, exposure, dust].map(Number),
    ]),
  );

/** Waits until the account is compared with the venue's, and something is exposed. */
async function untilExposed(ask: Ask): Promise<Status> {
  let status: Status | undefined;
  await until(async () => {
    status = await ask().catch(() => undefined);
    return status?.account.account === 'trading' && Number(status.risk.assets['BTC']?.exposure ?? 0) !== 0;
  });
  return status as Status;
}

/** What the file says, once it is closed: the ledgers, and the newest snapshot. */
async function stored(stage: TradingStage) {
  const rows = await readStored(
    stage.database,
    `WITH ledgers AS (
      SELECT asset, balance, coalesce(exposure, 0) AS exposure, coalesce(dust, 0) AS dust
      FROM account_balances LEFT JOIN open_exposure USING (account, asset) LEFT JOIN open_dust USING (account, asset)
    ), newest AS (
      SELECT * FROM portfolio_decimal QUALIFY dense_rank() OVER (ORDER BY boot DESC, snapshot DESC) = 1
    )
    SELECT asset, l.balance::DOUBLE AS b, l.exposure::DOUBLE AS e, l.dust::DOUBLE AS d,
      n.balance::DOUBLE AS nb, n.exposure::DOUBLE AS ne, n.dust::DOUBLE AS nd
    FROM ledgers AS l FULL JOIN newest AS n USING (asset)`,
  );
  const column = (...names: readonly string[]) =>
    Object.fromEntries(rows.map((row) => [String(row['asset']), names.map((name) => row[name])]));
  return { ledgers: column('b', 'e', 'd'), snapshot: column('nb', 'ne', 'nd') };
}

async function killGroup(running: Running): Promise<void> {
  process.kill(-(running.process.pid ?? 0), 'SIGKILL');
  await running.ended;
  await until(() => leftOf(running.process).length === 0); // an orphan would keep the lock
}

test('exposure, balances and dust are the same for everybody after each way to die', async () => {
  const stage = await tradingStage({ settings: SETTINGS });
  const { name, key, secret } = stage.account;
  const engine = new Engine({
    config: readConfig(stage.config),
    apiKey: { name, key, secret },
    controlled: true,
    log: () => undefined,
    onEscalation: (error) => {
      throw error;
    },
  });
  await engine.start();
  const ask: Ask = async () => (await askControl(stage.socket, { command: 'status' })) as Status;
  await until(async () => (await ask()).account.account === 'trading');
  stage.buyByHand('BTC/USD', '0.25'); // nobody here knows why: it is exposure
  const before = heldOf(await untilExposed(ask));
  expect(before['BTC']?.[1]).toBe(0.25);
  expect(before['USD']?.[1]).toBeLessThan(-1_000);

  const restarts = async (actor: ActorId) =>
    ((await ask()) as unknown as { actors: Record<ActorId, { restarts: number }> }).actors[actor].restarts;
  for (const actor of ['sequencer', 'risk', 'persistence'] as const) {
    engine.supervisor.kill(actor);
    await until(async () => (await restarts(actor)) === 1);
    expect(heldOf(await untilExposed(ask)), `after the death of ${actor}`).toEqual(before);
  }
  await engine.stop();
  expect(await stored(stage), 'after an orderly stop').toEqual({ ledgers: before, snapshot: before });

  for (const way of ['after an orderly stop', 'after a SIGKILL', 'after a second SIGKILL']) {
    const running = stage.run(['run']);
    expect(heldOf(await untilExposed(ask)), way).toEqual(before);
    const snapshots = async () => ((await ask()) as unknown as { records: { committed: number } }).records.committed;
    const committed = await snapshots();
    await until(async () => (await snapshots()) > committed + 20);
    await killGroup(running);
    expect(await stored(stage), way).toEqual({ ledgers: before, snapshot: before });
  }
});
