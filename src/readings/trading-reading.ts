/** What trading has come to, read off risk's memory and the counters: amounts as decimal text, every digit kept. */

import { accountUnits, ofAsset } from '../actors/risk/risk-ledger.ts';
import { ASSET_ENTRY, openRiskMemory, RISK_HEADER } from '../actors/risk/risk-memory.ts';
import { formatDecimal } from '../money/money.ts';
import { Counters } from '../runtime/memory/counters.ts';
import type { SharedMemory } from '../runtime/memory/shared-memory.ts';
import { openTable } from '../runtime/memory/shared-tables.ts';
import { type Config, usesKey } from '../settings/config.ts';
import { ACCOUNT_STATES, type AccountState } from '../trading/account-state.ts';

export interface AssetTrading {
  readonly asset: string;
  /** By every fill since the start. */
  readonly change: string;
  /** What the account holds, once it was read; undefined on paper. */
  readonly balance: string | undefined;
  /** Profit of the plans that started from it and have ended. */
  readonly profit: string;
  readonly exposure: string;
  readonly dust: string;
}

export interface TradingReading {
  readonly mode: Config['mode'];
  /** `none` in a mode without an account. */
  readonly account: AccountState | 'none';
  readonly orders: Readonly<Record<'sent' | 'out' | 'uncertain' | 'refused' | 'absent', number>>;
  readonly fills: number;
  /** In the mode `alert`: cycles that would have been traded. */
  readonly announced: number;
  /** Assets of which anything was moved. */
  readonly assets: readonly AssetTrading[];
}

/** Any thread, at any time. */
export function readTrading(memory: SharedMemory, config: Config): TradingReading {
  const sequencer = new Counters(memory.counters, 'sequencer');
  const bank = openRiskMemory(memory.own.risk, config).current;
  const count = (field: number) => bank.getFloat64(field, true);
  return {
    mode: config.mode,
    account: usesKey(config.mode) ? (ACCOUNT_STATES[sequencer.get('account_state')] ?? 'down') : 'none',
    orders: {
      sent: count(RISK_HEADER.ordersSent),
      out: count(RISK_HEADER.ordersOut),
      uncertain: count(RISK_HEADER.ordersUncertain),
      refused: count(RISK_HEADER.ordersRefused),
      absent: count(RISK_HEADER.ordersAbsent),
    },
    fills: sequencer.get('fills'),
    announced: sequencer.get('opportunities_announced'),
    assets: assetsOf(bank, memory, config.limits.assets_max),
  };
}

const FIELDS = {
  change: ASSET_ENTRY.positionUnits,
  profit: ASSET_ENTRY.realisedUnits,
  exposure: ASSET_ENTRY.exposureUnits,
  dust: ASSET_ENTRY.dustUnits,
} as const;

function assetsOf(bank: DataView, memory: SharedMemory, assetsMax: number): AssetTrading[] {
  const { assets } = openTable(memory, 'instrument_log', 'readings').directory();
  return assets.flatMap(({ index, id, precision }) => {
    if (index >= assetsMax) return [];
    const units = (field: number) => ofAsset(bank, index, field);
    if (Object.values(FIELDS).every((field) => units(field) === 0n)) return [];
    const text = (field: number) => formatDecimal(units(field), precision);
    const held = accountUnits(bank, index);
    return [
      {
        asset: id,
        change: text(FIELDS.change),
        balance: held === undefined ? undefined : formatDecimal(held, precision),
        profit: text(FIELDS.profit),
        exposure: text(FIELDS.exposure),
        dust: text(FIELDS.dust),
      },
    ];
  });
}

/** Whether an amount as decimal text is other than zero. */
export const isAmount = (text: string): boolean => /[1-9]/.test(text);
