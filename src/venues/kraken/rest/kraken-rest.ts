/**
 * Kraken's REST side as the rest of the program asks it: checked answers, in our integers. Every `done` is called exactly
 * once, never before the question returns.
 *
 * Every call that names a pair or an asset needs {@link KrakenRest.loadNames} first: without it, a name that REST spells
 * differently is not recognised.
 */
import { z } from 'zod';
import type { Instrument, InstrumentDirectory, OrderScale } from '../../../market/instrument.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { ArbitradeError } from '../../../platform/errors.ts';
import type { OrderReading } from '../../trading-port.ts';
import type { TakerFee } from '../../venue.ts';
import { wholeNumberText } from '../amount-text.ts';
import { KEY_INFO, type KeyInfo, keyInfoOf } from '../keys/key-permissions.ts';
import type { RateTier } from '../rate-tier.ts';
import { ASSET_ROW, PAIR_ROW, type PairRow, VenueNames } from '../wire/venue-names.ts';
import { TRADE_VOLUME, takerFeesOf } from './account-fees.ts';
import { BALANCES, BALANCES_EX, type Balances, balancesOf, plainBalancesOf } from './balance-rows.ts';
import { ask, type Done, readResult } from './checked-answer.ts';
import { probeKey } from './key-probe.ts';
import { type EndedQuestion, OrderHistory } from './order-history.ts';
import { disagreement } from './pair-agreement.ts';
import { RestClient, type RestClientDeps } from './rest-client.ts';

export interface KrakenRestDeps extends RestClientDeps {
  /** Read at every question: it may grow. */
  readonly directory: InstrumentDirectory;
}

export interface WebSocketsToken {
  readonly token: string;
  /** The token must be used within this time (protocol reference 2.1). */
  readonly expiresMs: number;
}

const TOKEN = z.object({ token: z.string().min(1).max(512), expires: wholeNumberText.default(900) });
const SYSTEM = z.object({ status: z.string().max(64) });
const TIME = z.object({ unixtime: wholeNumberText });
const PAIRS = z.record(z.string().max(64), PAIR_ROW.nullable().catch(null));
const ASSETS = z.record(z.string().max(64), ASSET_ROW.nullable().catch(null));
const COUNT = z.object({ count: wholeNumberText });
/** Pairs in one question for fees: the names must fit a request. */
const PAIRS_PER_QUESTION = 100;

export class KrakenRest {
  /** REST's names for what the socket announced. */
  readonly names: VenueNames;
  readonly #client: RestClient;
  readonly #clock: Clock;
  readonly #history: OrderHistory;
  readonly #directory: InstrumentDirectory;
  /** Asked before every order: compared once for each state of an instrument. */
  #disagreements = new WeakMap<Instrument, string | undefined>();

  constructor(deps: KrakenRestDeps) {
    this.#client = new RestClient(deps);
    this.#clock = deps.clock;
    this.#directory = deps.directory;
    this.names = new VenueNames(deps.directory);
    this.#history = new OrderHistory(this.#client, this.names, deps.directory);
  }

  /** The account's tier, once the executions channel has reported it (protocol reference 2.2). */
  setTier(tier: RateTier): void {
    this.#client.setTier(tier);
  }

  /** Has `take` called once the venue takes the key no more: nothing is asked with it from then on. */
  whenKeyLost(take: (why: ArbitradeError) => void): void {
    this.#client.whenKeyLost(take);
  }

  /** Learns REST's names of pairs and assets. A row that cannot be read is a pair or asset that has no name there. */
  loadNames(done: Done<void>): void {
    ask(this.#client, 'AssetPairs', {}, PAIRS, (pairs) => {
      const taken = readResult(pairs, (rows) => this.#takePairs(present(rows)));
      if (!taken.ok) {
        done(taken);
        return;
      }
      ask(this.#client, 'Assets', {}, ASSETS, (assets) => {
        done(readResult(assets, (rows) => this.names.takeAssets(present(rows))));
      });
    });
  }

  /**
   * Why a pair is not traded although the socket lists it: REST wants more of an order than the socket says. Undefined
   * when they agree, and when REST does not list it.
   */
  disagreement(instrument: Instrument): string | undefined {
    if (!this.#disagreements.has(instrument)) this.#disagreements.set(instrument, this.#compare(instrument));
    return this.#disagreements.get(instrument);
  }

  /** `online`, `maintenance`, `cancel_only`, `post_only`, or a state that is not known: then nothing is traded. */
  systemStatus(done: Done<string>): void {
    ask(this.#client, 'SystemStatus', {}, SYSTEM, (result) => done(readResult(result, ({ status }) => status)));
  }

  /** The venue's clock, to the second: too coarse for deadlines, enough to notice a clock that is wrong. */
  time(done: Done<{ readonly wallMs: number }>): void {
    ask(this.#client, 'Time', {}, TIME, (result) =>
      done(readResult(result, ({ unixtime }) => ({ wallMs: unixtime * 1_000 }))),
    );
  }

  /** What the key may do; found out by trying where the venue cannot be asked. */
  keyInfo(done: Done<KeyInfo>): void {
    ask(this.#client, 'GetApiKeyInfo', {}, KEY_INFO, (result) => {
      if (!result.ok && result.failure.topic === 'unknown_method') probeKey(this.#client, done);
      else done(readResult(result, keyInfoOf));
    });
  }

  /** A token for private channels of the socket. */
  webSocketsToken(done: Done<WebSocketsToken>): void {
    ask(this.#client, 'GetWebSocketsToken', {}, TOKEN, (result) =>
      done(readResult(result, ({ token, expires }) => ({ token, expiresMs: expires * 1_000 }))),
    );
  }

  balances(done: Done<Balances>): void {
    ask(this.#client, 'BalanceEx', {}, BALANCES_EX, (result) => {
      if (result.ok || result.failure.topic !== 'unknown_method') {
        done(readResult(result, (rows) => balancesOf(rows, this.names)));
        return;
      }
      ask(this.#client, 'Balance', {}, BALANCES, (plain) =>
        done(readResult(plain, (rows) => plainBalancesOf(rows, this.names))),
      );
    });
  }

  /** Every open order of the account, foreign ones too; those without their fills. */
  openOrders(done: Done<OrderReading[]>): void {
    this.#history.open(done);
  }

  /** Every order of the account that ended since a time of the venue, foreign ones too; those without their fills. */
  endedOrders(question: EndedQuestion, done: Done<OrderReading[]>): void {
    this.#history.endedSince(question, done);
  }

  /**
   * One order of ours with all its fills; undefined when the venue knows none. An order that was sent a moment ago can be
   * absent and come yet: only after its deadline is absence proof.
   * @param scale what it was made in; undefined when it is not known: then the present one.
   */
  order(
    clOrdId: string,
    venueOrderId: string | undefined,
    scale: OrderScale | undefined,
    done: Done<OrderReading | undefined>,
  ): void {
    this.#history.one({ clOrdId, venueOrderId, scale }, done);
  }

  /** The account's taker fees, in the order of `instruments`, without those that the venue says nothing of. */
  takerFees(instruments: readonly Instrument[], done: Done<TakerFee[]>): void {
    this.#feesFrom(instruments, [], done);
  }

  /** Asks for the end of an order. @returns how many orders that was, by the venue's count. */
  cancelOrder(clOrdId: string, done: Done<number>): void {
    ask(this.#client, 'CancelOrder', { cl_ord_id: clOrdId }, COUNT, (result) => done(readResult(result, countOf)));
  }

  /** Asks for the end of every order of the account. @returns how many orders that was, by the venue's count. */
  cancelAll(done: Done<number>): void {
    ask(this.#client, 'CancelAll', {}, COUNT, (result) => done(readResult(result, countOf)));
  }

  /** Ends what waits. The request that is out is still answered. */
  stop(): void {
    this.#client.stop();
  }

  #takePairs(rows: Readonly<Record<string, PairRow>>): void {
    this.names.takePairs(rows);
    this.#disagreements = new WeakMap();
  }

  #compare(instrument: Instrument): string | undefined {
    const row = this.names.row(instrument.symbol);
    return row === undefined ? undefined : disagreement(instrument, row, this.#directory);
  }

  #feesFrom(instruments: readonly Instrument[], read: readonly TakerFee[], done: Done<TakerFee[]>): void {
    const asked = instruments.slice(0, PAIRS_PER_QUESTION);
    if (asked.length === 0) {
      this.#clock.after(0, () => done({ ok: true, value: [...read] }));
      return;
    }
    this.#feesOf(asked, asked, (fees) => {
      if (fees.ok) this.#feesFrom(instruments.slice(PAIRS_PER_QUESTION), [...read, ...fees.value], done);
      else done(fees);
    });
  }

  /** One pair that REST does not list makes the venue refuse the whole question: then it is put without such pairs. */
  #feesOf(instruments: readonly Instrument[], asked: readonly Instrument[], done: Done<TakerFee[]>): void {
    const pair = asked.map(({ symbol }) => this.names.restName(symbol)).join(',');
    ask(this.#client, 'TradeVolume', { pair }, TRADE_VOLUME, (result) => {
      const listed = asked.filter(({ symbol }) => this.names.row(symbol) !== undefined);
      const isForUnlisted = !result.ok && result.failure.topic === 'request' && listed.length < asked.length;
      if (isForUnlisted && listed.length > 0) this.#feesOf(instruments, listed, done);
      else done(readResult(result, (volume) => takerFeesOf(volume, instruments, this.names)));
    });
  }
}

function countOf({ count }: z.infer<typeof COUNT>): number {
  return count;
}

function present<R>(rows: Readonly<Record<string, R | null>>): Record<string, R> {
  return Object.fromEntries(Object.entries(rows).filter((entry): entry is [string, R] => entry[1] !== null));
}
