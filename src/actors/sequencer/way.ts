/** What a sequencer trades through: made once, when its actor is. */
import type { ActorContext } from '../../runtime/actor.ts';
import type { TradingPort } from '../../venues/trading-port.ts';
import type { PlansAtWork, RunningAccount } from './account.ts';
import type { Journal } from './journal.ts';
import type { NewestBooks } from './newest-books.ts';
import type { Order } from './order.ts';

/** What a way to a venue is made of. */
export interface WayDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly books: NewestBooks;
  /** An order of a plan at work, as it is written down. */
  readonly recall: (clOrdId: string) => Order | undefined;
  /** Has something done when the actor has stopped. */
  readonly atEnd: (run: () => void) => void;
}

/** Where orders go, and who keeps the account they are paid from. */
export interface Way {
  readonly makePort: (deps: WayDeps) => TradingPort;
  readonly makeAccount: (deps: WayDeps & { readonly port: TradingPort; readonly plans: PlansAtWork }) => RunningAccount;
}
