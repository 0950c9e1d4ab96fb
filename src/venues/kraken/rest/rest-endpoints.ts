/**
 * The REST calls of this program, with what each costs and whether it may be made twice (protocol reference 3.2 to 3.4,
 * 4.1). Nothing else can be called: a key is worth what its requests can do.
 */

export interface Endpoint {
  readonly isPrivate: boolean;
  /** Points of the REST counter. Orders and cancels count on the trading counter instead. */
  readonly points: number;
  /** False for what could happen twice: it is never made again without being asked for. */
  readonly isRepeatable: boolean;
  /** 0 goes before 1, 1 before 2. */
  readonly rank: 0 | 1 | 2;
}

const PUBLIC = { isPrivate: false, points: 0, isRepeatable: true, rank: 2 } as const;
const QUESTION = { isPrivate: true, points: 1, isRepeatable: true, rank: 2 } as const;
const HISTORY = { ...QUESTION, points: 2 } as const;
const CANCEL = { isPrivate: true, points: 0, isRepeatable: true, rank: 0 } as const;
const ORDER = { ...CANCEL, isRepeatable: false } as const;

export const ENDPOINTS = {
  Time: PUBLIC,
  SystemStatus: PUBLIC,
  Assets: PUBLIC,
  AssetPairs: PUBLIC,
  Balance: QUESTION,
  BalanceEx: QUESTION,
  TradeVolume: QUESTION,
  // Counted double, as the venue's own client does for those by cl_ord_id.
  OpenOrders: HISTORY,
  ClosedOrders: HISTORY,
  QueryOrders: QUESTION,
  QueryTrades: HISTORY,
  TradesHistory: HISTORY,
  Ledgers: HISTORY,
  GetApiKeyInfo: QUESTION,
  // Asked only to be refused: whether a key may withdraw.
  WithdrawMethods: QUESTION,
  GetWebSocketsToken: { ...QUESTION, rank: 1 },
  CancelOrder: CANCEL,
  CancelAll: CANCEL,
  AddOrder: ORDER,
} as const satisfies Readonly<Record<string, Endpoint>>;

export type EndpointName = keyof typeof ENDPOINTS;
