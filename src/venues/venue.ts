/**
 * A venue as the rest of the program knows it. What is said here of it is all there is: nothing outside the venue's folder
 * asks for its name.
 */
import type { Instrument, InstrumentDirectory, InstrumentIndex, OrderScale } from '../market/instrument.ts';
import type { LegModel } from '../market/legs/leg.ts';
import type { PartsPerMillion } from '../money/money.ts';
import type { ActorContext } from '../runtime/actor.ts';
import type { Config, VenueName } from '../settings/config.ts';
import type { ApiKey } from '../settings/secrets-file.ts';
import type { MarketData } from './market-data.ts';
import type { TradingPort } from './trading-port.ts';

/** What a venue needs of the actor that trades on it. */
export type AccountContext = Pick<
  ActorContext<'sequencer'>,
  'config' | 'clock' | 'chance' | 'options' | 'wake' | 'log'
>;

/** What the account pays as a taker for one instrument. */
export interface TakerFee {
  readonly instrument: InstrumentIndex;
  readonly takerPpm: PartsPerMillion;
}

/** The answer to the question for fees: those of the instruments for which the venue reports one, or why there is none. */
export type FeeAnswer =
  | { readonly ok: true; readonly fees: readonly TakerFee[] }
  /** `isLasting`: no repetition gets an answer. */
  | { readonly ok: false; readonly why: string; readonly isLasting: boolean };

/** An account at a venue, opened: one per process and key. */
export interface VenueAccount {
  readonly port: TradingPort;
  /** Asks what the account pays. `done` is called once, never before this returns. */
  askFees(instruments: readonly Instrument[], done: (answer: FeeAnswer) => void): void;
  /** Gives the key free for a successor. The port is stopped before. */
  close(): void;
}

/** What the venue says of a key. */
export interface KeyReport {
  /** The name that the venue has it under; empty when it has none. */
  readonly name: string;
  /** What has to change before it can be traded with, in words; empty when nothing has. */
  readonly changesNeeded: readonly string[];
}

export interface Venue {
  readonly id: VenueName;
  readonly market: MarketData;
  /** Taker fees by tier, in percent, dearest first: for runs without a key, which cannot ask for their own. */
  readonly takerPctByTier: readonly string[];
  /** Makes the legs of its instruments: its fee and its rounding are in them. */
  readonly legs: LegModel;
  /**
   * Opens nothing on the network before `port.start()`.
   * @param directory what the sequencer counts ticks and lots in: the same object, kept current by it.
   * @param scaleOf the scale an order was made in; undefined when that is not known any more.
   * @throws KEY_MISSING, and what the venue's key files make it throw.
   */
  openAccount(
    context: AccountContext,
    directory: InstrumentDirectory,
    scaleOf: (clOrdId: string) => OrderScale | undefined,
  ): VenueAccount;
  /** @throws KEY_REFUSED when the venue does not know the key, KEY_OUTRUN, KEY_UNCHECKED when it cannot be asked. */
  readKey(config: Config, key: ApiKey): Promise<KeyReport>;
}
