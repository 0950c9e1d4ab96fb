/**
 * The account as REST has it. Balances, open orders and ended orders are three questions, and what moves between them is in
 * one and not in the other: the comparing side knows what of ours moved, and believes only what is said twice.
 */
import { type WallMs, wallMs } from '../../../platform/time.ts';
import type { AccountQuestion, OrderReading, TradingEvent } from '../../trading-port.ts';
import type { Balances } from '../rest/balance-rows.ts';
import type { KrakenRest } from '../rest/kraken-rest.ts';
import type { RestResult } from '../rest/rest-answer.ts';

export interface AccountReaderDeps {
  readonly rest: Pick<KrakenRest, 'balances' | 'openOrders' | 'endedOrders'>;
  readonly emit: (event: TradingEvent) => void;
  /** Whether executions and balances are streamed: without them it is not known what moved. */
  readonly isStanding: () => boolean;
  /** Wall time by the venue's clock, milliseconds. */
  readonly venueMs: () => number;
  /** Called with every order of the account before it is reported. */
  readonly onOrder: (order: OrderReading) => void;
}

/** Ended orders are asked for from this much before now when there cannot be earlier ones of ours. */
const RECENT_MS = 60_000;

export class AccountReader {
  readonly #deps: AccountReaderDeps;
  #isReading = false;
  /** Asked for while another reading was in progress. */
  #waiting: AccountQuestion[] = [];

  constructor(deps: AccountReaderDeps) {
    this.#deps = deps;
  }

  /** Answers by `account` or `account_unknown`, once for each call, in order. */
  read(question: AccountQuestion): void {
    if (this.#isReading) {
      this.#waiting.push(question);
      return;
    }
    this.#isReading = true;
    this.#ask(question);
  }

  #ask(question: AccountQuestion): void {
    const { rest, isStanding, venueMs } = this.#deps;
    if (!isStanding()) {
      this.#end({ type: 'account_unknown', why: 'not connected' });
      return;
    }
    const asOfMs = wallMs(venueMs());
    rest.balances((balances) =>
      this.#orElse(balances, (held) => {
        if (question.scope === 'balances') this.#report(question, asOfMs, held, [], []);
        else this.#askOrders(question, asOfMs, held);
      }),
    );
  }

  #askOrders(question: AccountQuestion, asOfMs: WallMs, held: Balances): void {
    const { rest, emit } = this.#deps;
    const sinceMs = Math.min(question.sinceMs ?? asOfMs, asOfMs) - (question.sinceMs === undefined ? RECENT_MS : 0);
    const ended = {
      sinceMs,
      isNewestOnly: question.scope === 'recent',
      onProgress: (rows: number) => emit({ type: 'account_progress', rows }),
    };
    rest.openOrders((open) =>
      this.#orElse(open, (openOrders) => {
        emit({ type: 'account_progress', rows: openOrders.length });
        rest.endedOrders(ended, (result) =>
          this.#orElse(result, (endedOrders) => this.#report(question, asOfMs, held, openOrders, endedOrders)),
        );
      }),
    );
  }

  #orElse<T>(result: RestResult<T>, take: (value: T) => void): void {
    if (result.ok) take(result.value);
    else this.#end({ type: 'account_unknown', why: result.failure.text });
  }

  #report(
    { scope }: AccountQuestion,
    asOfMs: WallMs,
    { balances, uncountable, unknownAssets }: Balances,
    openOrders: readonly OrderReading[],
    endedOrders: readonly OrderReading[],
  ): void {
    if (!this.#deps.isStanding()) {
      this.#end({ type: 'account_unknown', why: 'the connection was lost meanwhile' });
      return;
    }
    for (const order of [...openOrders, ...endedOrders]) this.#deps.onOrder(order);
    const account = { scope, asOfMs, balances, uncountable, unknownAssets, openOrders, endedOrders };
    this.#end({ type: 'account', account });
  }

  #end(answer: TradingEvent): void {
    this.#deps.emit(answer);
    const next = this.#waiting.shift();
    if (next === undefined) this.#isReading = false;
    else this.#ask(next);
  }
}
