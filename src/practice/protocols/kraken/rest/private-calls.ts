/** The private REST calls: which permission each needs and what it costs of the call counter (protocol reference 3.3, 4.1). */
import type { Permission } from '../../../exchange/accounts/account-spec.ts';
import type { Answer } from '../../../exchange/exchange-types.ts';
import { balance, balanceEx, ledgers, queryLedgers, tradeBalance, tradeVolume } from './funds-calls.ts';
import { apiKeyInfo, webSocketsToken } from './key-calls.ts';
import { orderAmends } from './order-amends.ts';
import {
  addOrder,
  addOrderBatch,
  amendOrder,
  cancelAll,
  cancelAllOrdersAfter,
  cancelOrder,
  cancelOrderBatch,
  editOrder,
} from './order-calls.ts';
import { closedOrders, openOrders, openPositions, queryOrders, queryTrades, tradesHistory } from './order-queries.ts';
import type { CallContext } from './rest-context.ts';
import type { RestParams } from './rest-params.ts';

export interface PrivateCall {
  /** Any of them is enough; none is needed where there are none. */
  readonly permissions: readonly Permission[];
  /** 0: counted by the trading counter of the pair instead. */
  readonly cost: number;
  /** True for calls that place an order. */
  readonly places?: true;
  readonly run: (context: CallContext, params: RestParams) => Answer<unknown>;
}

type Run = PrivateCall['run'];
const funds = (run: Run): PrivateCall => ({ permissions: ['query-funds'], cost: 1, run });
const ledger = (run: Run): PrivateCall => ({ permissions: ['query-ledger'], cost: 2, run });
const place = (run: Run): PrivateCall => ({ permissions: ['modify-trades'], cost: 0, places: true, run });
const cancel = (run: Run): PrivateCall => ({ permissions: ['close-trades', 'modify-trades'], cost: 0, run });
const query = (cost: number, permissions: readonly Permission[], run: Run): PrivateCall => ({ permissions, cost, run });

export const PRIVATE_CALLS: Readonly<Record<string, PrivateCall>> = {
  Balance: funds(balance),
  BalanceEx: funds(balanceEx),
  TradeBalance: funds(tradeBalance),
  TradeVolume: funds(tradeVolume),
  Ledgers: ledger(ledgers),
  QueryLedgers: ledger(queryLedgers),
  OpenOrders: query(1, ['query-open-trades'], openOrders),
  ClosedOrders: query(1, ['query-closed-trades'], closedOrders),
  QueryOrders: query(1, ['query-open-trades', 'query-closed-trades'], queryOrders),
  OrderAmends: query(1, ['query-open-trades', 'query-closed-trades'], orderAmends),
  TradesHistory: query(2, ['query-closed-trades'], tradesHistory),
  QueryTrades: query(1, ['query-closed-trades'], queryTrades),
  OpenPositions: query(1, ['query-open-trades'], openPositions),
  AddOrder: place(addOrder),
  AddOrderBatch: place(addOrderBatch),
  EditOrder: place(editOrder),
  AmendOrder: { permissions: ['modify-trades'], cost: 0, run: amendOrder },
  CancelOrder: cancel(cancelOrder),
  CancelOrderBatch: cancel(cancelOrderBatch),
  CancelAll: cancel(cancelAll),
  CancelAllOrdersAfter: cancel(cancelAllOrdersAfter),
  GetWebSocketsToken: query(1, ['create-ws-token'], webSocketsToken),
  GetApiKeyInfo: query(1, [], apiKeyInfo),
};
