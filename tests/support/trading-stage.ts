/** A practice exchange with an account, in this process, and files of settings and secrets to trade on it. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { systemClock } from '../../src/platform/clock.ts';
import { type AccountReading, readAccount } from '../../src/practice/exchange/accounts/account-reading.ts';
import { type AccountSpec, madeAccounts, type Permission } from '../../src/practice/exchange/accounts/account-spec.ts';
import { startPracticeServer } from '../../src/practice/network/practice-server.ts';
import type { PracticeSettings } from '../../src/practice/practice-exchange.ts';
import { type Running, start } from './arbitrade.ts';
import { DEMO_CAPTURE } from './captures.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface TradingStageOptions {
  readonly permissions?: readonly Permission[];
  /** Laid over the sections of the settings. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Laid over what the settings say of the venue. */
  readonly venue?: Readonly<Record<string, unknown>>;
  /** What the exchange does wrong, by name, with its probability. */
  readonly faults?: PracticeSettings['faults'];
  /** Of the secrets file. */
  readonly mode?: number;
  /** Instead of the account's own, in the secrets file. */
  readonly secrets?: object;
}

export interface TradingStage {
  readonly config: string;
  readonly account: AccountSpec;
  readonly database: string;
  readonly socket: string;
  /** Buys at the market on the same account, as its owner may do by hand. */
  buyByHand(symbol: string, qty: string): void;
  /** The exchange's own books. */
  reading(): AccountReading;
  run(args: readonly string[]): Running;
}

/** Pairs are moved out of line all the time, and fees are low: there is always something to trade. */
export async function tradingStage(given: TradingStageOptions = {}): Promise<TradingStage> {
  const [made] = madeAccounts([]);
  const account = {
    ...(made as AccountSpec),
    name: 'rehearsal',
    fees: { makerPct: '0.05', takerPct: '0.05' },
    balances: { USD: '100000', BTC: '2', ETH: '40' },
    ...(given.permissions === undefined ? {} : { permissions: given.permissions }),
  };
  const server = await startPracticeServer(
    {
      capture: DEMO_CAPTURE,
      port: 0,
      settings: { speed: 5, loop: true, seed: 3, dislocateBps: 60, faults: given.faults ?? {}, accounts: [account] },
    },
    systemClock,
  );
  onTestFinished(() => server.close());
  const folder = temporaryDirectory();
  const secrets = join(folder, 'key.yaml');
  const { name, key, secret } = account;
  writeFileSync(secrets, stringify(given.secrets ?? { name, key, secret }));
  chmodSync(secrets, given.mode ?? 0o600);
  const config = join(folder, 'settings.yaml');
  writeFileSync(
    config,
    stringify({
      mode: 'live',
      venue: {
        ...{ public_url: server.wsPublic, private_url: server.wsPrivate, rest_url: server.rest },
        ...{ secrets_file: secrets, nonce_file: join(folder, 'nonces'), rest_attempts_max: 2 },
        ...given.venue,
      },
      strategy: { start_assets: ['USD'] },
      fees: { taker_pct: '0.05' },
      trading: { order_max: { USD: '50000' }, opportunity_age_max_ms: 5_000 },
      risk: { loss_max: { USD: '5000' }, losing_plans_in_a_row_max: 1_000 },
      live: { real_orders: true },
      persistence: { database: join(folder, 'records.duckdb') },
      control: { socket: join(folder, 'control.sock') },
      ...given.settings,
    }),
  );
  return {
    config,
    account,
    database: join(folder, 'records.duckdb'),
    socket: join(folder, 'control.sock'),
    buyByHand: (symbol, qty) => {
      const answer = server.exchange.trading.add(name, { symbol, side: 'buy', orderType: 'market', qty });
      if ('error' in answer) throw new Error(String(answer.error));
    },
    reading: () => readAccount(server.exchange.trading, name),
    run: (args) => start([...args, '--config', config]),
  };
}
