/** The route to a venue's own account: for the modes that use a key. */

import { sideName } from '../../money/side.ts';
import type { ApprovedOrder } from '../../trading/approved-order.ts';
import { DryRunPort } from '../../venues/dry-run/dry-run-port.ts';
import { venueNamed } from '../../venues/registry.ts';
import type { TradingPort } from '../../venues/trading-port.ts';
import { AccountDesk } from './account/account-desk.ts';
import type { ExecutionRoute, ExecutionRouteDeps } from './execution-route.ts';
import { FeeReader } from './fees/fee-reader.ts';

export const VENUE: ExecutionRoute = {
  makePort: (deps) => {
    const venue = venueNamed(deps.context.config.venue.name);
    const account = venue.openAccount(deps.context, deps.books.directory, deps.recall);
    const { port } = account;
    const fees = new FeeReader({ ...deps, account });
    deps.atEnd(() => fees.stop());
    deps.atEnd(() => account.close());
    return deps.context.config.mode === 'dry-run' ? withoutOrders(port, deps) : port;
  },
  makeAccount: (deps) => {
    const stored = deps.context.options.storedTrading;
    return new AccountDesk({ ...deps, stored });
  },
};

function withoutOrders(port: TradingPort, { context, recall }: ExecutionRouteDeps): TradingPort {
  const { log, wake } = context;
  return new DryRunPort({
    port,
    recall,
    onOrder: (order) =>
      log('info', 'order_not_sent', `order ${order.clOrdId} is not sent: this is a dry run`, fieldsOf(order)),
    onRequest: (request) => log('info', 'order_not_sent', `${request} is not sent: this is a dry run`),
    wake,
  });
}

/** What would have been sent, in the integers it was decided in. */
function fieldsOf({ plan, leg, instrument, side, qtyLots, limitTicks, fundsUnits }: ApprovedOrder) {
  const amounts = { qtyLots: `${qtyLots}`, limitTicks: `${limitTicks}`, fundsUnits: `${fundsUnits}` };
  return { plan, leg, instrument, side: sideName(side), ...amounts };
}
