/** The way to a venue's own account: for the modes that use a key. */

import type { ApprovedOrder } from '../../shared/approved-order.ts';
import { sideName } from '../../shared/side.ts';
import { DryRunPort } from '../../venues/dry-run-port.ts';
import { openKraken } from '../../venues/kraken/open-kraken.ts';
import type { TradingPort } from '../../venues/trading-port.ts';
import { AccountDesk } from './account-desk.ts';
import { FeeReader } from './fee-reader.ts';
import type { Way, WayDeps } from './way.ts';

export const VENUE: Way = {
  makePort: (deps) => {
    const { port, rest, close } = openKraken(deps.context, deps.books.directory, deps.recall);
    const fees = new FeeReader({ ...deps, port, rest });
    deps.atEnd(() => fees.stop());
    deps.atEnd(close);
    return deps.context.config.mode === 'dry-run' ? withoutOrders(port, deps) : port;
  },
  makeAccount: (deps) => {
    const stored = deps.context.options.storedTrading;
    return new AccountDesk({ ...deps, stored });
  },
};

function withoutOrders(port: TradingPort, { context, recall }: WayDeps): TradingPort {
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
