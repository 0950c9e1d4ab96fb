/** The books with a subscriber order by order, for all connections alike. */
import type { Chance } from '../../../../platform/chance.ts';
import type { Clock } from '../../../../platform/clock.ts';
import { ExchangeIds } from '../../../exchange/exchange-ids.ts';
import type { RestingOrder } from '../../../exchange/trading-core.ts';
import type { Market } from '../../../market/market.ts';
import type { MarketSide } from '../../../market/market-side.ts';
import { OrderQueues } from './order-queues.ts';

export interface Level3BooksDeps {
  readonly market: Market;
  readonly clock: Clock;
  /** For ids. */
  readonly chance: Chance;
  /** Open orders of accounts on a side, as they stand in the queue. */
  readonly resting: (symbol: string, side: MarketSide) => readonly RestingOrder[];
}

export class Level3Books {
  readonly #deps: Level3BooksDeps;
  readonly #ids: ExchangeIds;
  readonly #queues = new Map<string, OrderQueues>();

  /** Must listen to the market before those who publish it. */
  constructor(deps: Level3BooksDeps) {
    this.#deps = deps;
    this.#ids = new ExchangeIds(deps.chance);
    deps.market.listen({
      onBook: ({ symbol }) => this.#queues.get(symbol)?.update(deps.clock.wallMs()),
      onStatus: () => {},
      onInstruments: () => {},
    });
  }

  /** Kept up to date from the first request for it on. */
  of(symbol: string): OrderQueues | undefined {
    const { market, clock, resting } = this.#deps;
    const known = this.#queues.get(symbol);
    const book = market.books.get(symbol);
    if (known !== undefined || book === undefined) return known;
    const deps = { book, resting: (side: MarketSide) => resting(symbol, side), nextId: () => this.#ids.next('O') };
    const queues = new OrderQueues(deps, clock.wallMs());
    this.#queues.set(symbol, queues);
    return queues;
  }
}
