/** What a sequencer trades through: made once, when its actor is. */
import type { ActorContext } from '../../runtime/actor.ts';
import type { TradingPort } from '../../venues/trading-port.ts';
import type { PlansAtWork, RunningAccount } from './account/running-account.ts';
import type { Journal } from './journal/journal.ts';
import type { NewestBooks } from './model/newest-books.ts';
import type { Order } from './model/order.ts';

/** What a route to a venue is made of. */
export interface ExecutionRouteDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly books: NewestBooks;
  /** An order of a plan at work, as it is written down. */
  readonly recall: (clOrdId: string) => Order | undefined;
  /** Has something done when the actor has stopped. */
  readonly atEnd: (run: () => void) => void;
}

/** Where orders go, and who keeps the account they are paid from. */
export interface ExecutionRoute {
  readonly makePort: (deps: ExecutionRouteDeps) => TradingPort;
  readonly makeAccount: (
    deps: ExecutionRouteDeps & { readonly port: TradingPort; readonly plans: PlansAtWork },
  ) => RunningAccount;
}
