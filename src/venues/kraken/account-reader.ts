/**
 * The account as REST has it, read so that its parts fit together: balances, open orders and ended orders are three
 * questions, and what moves between them would be in one and not in the other. So when the streams bring anything
 * meanwhile, all is asked again.
 */
import type { OrderReading, TradingEvent } from '../trading-port.ts';
import type { Balances } from './balance-rows.ts';
import type { KrakenRest } from './kraken-rest.ts';
import type { RestResult } from './rest-answer.ts';

export interface AccountReaderDeps {
  readonly rest: Pick<KrakenRest, 'balances' | 'openOrders' | 'endedOrders'>;
  readonly emit: (event: TradingEvent) => void;
  /** Whether executions and balances are streamed: without them nobody would know what moved. */
  readonly isStanding: () => boolean;
  /** Changes whenever orders or balances of the account do, or when an order leaves. */
  readonly moves: () => number;
  /** Called with every order of the account before it is told. */
  readonly onOrder: (order: OrderReading) => void;
}

/** An account that moves all the time is one that is being traded: asking on would only load the venue. */
const ATTEMPTS_MAX = 4;

export class AccountReader {
  readonly #deps: AccountReaderDeps;
  #isReading = false;
  /** Asked for while another reading was under way. */
  #waiting: number[] = [];

  constructor(deps: AccountReaderDeps) {
    this.#deps = deps;
  }

  /** Answers by `account` or `account_unknown`, once for each call, in order. */
  read(sinceMs: number): void {
    if (this.#isReading) {
      this.#waiting.push(sinceMs);
      return;
    }
    this.#isReading = true;
    this.#attempt(sinceMs, 1);
  }

  #attempt(sinceMs: number, attempt: number): void {
    const { rest, isStanding, moves } = this.#deps;
    if (!isStanding()) {
      this.#end({ type: 'account_unknown', why: 'not connected' });
      return;
    }
    const movesBefore = moves();
    rest.balances((balances) =>
      this.#orElse(balances, (held) =>
        rest.openOrders((open) =>
          this.#orElse(open, (openOrders) =>
            rest.endedOrders(sinceMs, (ended) =>
              this.#orElse(ended, (endedOrders) => {
                if (moves() === movesBefore && isStanding()) this.#tell(held, openOrders, endedOrders);
                else this.#again(sinceMs, attempt);
              }),
            ),
          ),
        ),
      ),
    );
  }

  #orElse<T>(result: RestResult<T>, take: (value: T) => void): void {
    if (result.ok) take(result.value);
    else this.#end({ type: 'account_unknown', why: result.failure.text });
  }

  #again(sinceMs: number, attempt: number): void {
    if (attempt < ATTEMPTS_MAX) this.#attempt(sinceMs, attempt + 1);
    else this.#end({ type: 'account_unknown', why: `it moved during each of ${ATTEMPTS_MAX} readings` });
  }

  #tell({ balances, unknownAssets }: Balances, openOrders: OrderReading[], endedOrders: OrderReading[]): void {
    for (const order of [...openOrders, ...endedOrders]) this.#deps.onOrder(order);
    this.#end({ type: 'account', account: { balances, unknownAssets, openOrders, endedOrders } });
  }

  #end(answer: TradingEvent): void {
    this.#deps.emit(answer);
    const next = this.#waiting.shift();
    if (next === undefined) this.#isReading = false;
    else this.#attempt(next, 1);
  }
}
