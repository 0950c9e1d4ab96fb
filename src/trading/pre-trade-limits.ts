/**
 * The limits of the settings in the integers of the venue's assets, and who applies them: every order that leaves was
 * approved by {@link PreTradeLimits.approve}, right before it left.
 */

import { assetSpent } from '../market/asset-graph.ts';
import {
  type AssetIndex,
  type Instrument,
  type InstrumentDirectory,
  type InstrumentIndex,
  isSameScale,
} from '../market/instrument.ts';
import {
  divideUp,
  type Lots,
  lots,
  minus,
  NO_LOTS,
  NO_UNITS,
  parseAmountDown,
  type Units,
  units,
} from '../money/money.ts';
import { powerOfTen } from '../money/rational.ts';
import { BUY, type Side } from '../money/side.ts';
import { SlidingWindow } from '../net/limiters/sliding-window.ts';
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../settings/config.ts';
import { type Approval, approveOrder, type OrderLimits, type OrderRequest, type PlanBounds } from './approved-order.ts';
import type { GateState } from './trading-gate.ts';
import { limitSections, unlistedLimits } from './unlisted-limits.ts';

export interface PreTradeLimitsDeps {
  readonly config: Pick<Config, 'trading' | 'risk'>;
  readonly gate: { readonly state: GateState };
  readonly clock: Pick<Clock, 'readNs'>;
  /** Units of an asset that plans which have not ended gave away or have in orders. Asked only where it is limited. */
  readonly outUnits: (asset: AssetIndex) => Units;
  readonly planBounds: (order: OrderRequest) => PlanBounds | undefined;
}

/** Factors from lots to units of the base, and from ticks times lots to units of the quote. */
interface Scale {
  readonly base: readonly [up: bigint, down: bigint];
  readonly quote: readonly [up: bigint, down: bigint];
}

const SECOND_NS = 1e9;

export class PreTradeLimits implements OrderLimits {
  /** Why a limit cannot be applied; undefined when all can. Until the venue has listed its assets, none can. */
  unusable: string | undefined = 'the venue has not listed its assets';
  readonly #deps: PreTradeLimitsDeps;
  readonly #ratePerSecond: number;
  /** The orders that left: as many within a second as the wider rate allows. */
  readonly #left: SlidingWindow;
  /** The time of what is asked, in place: a number that is returned or assigned to a field can become an object. */
  readonly #nowNs = new Float64Array(1);
  #instruments: readonly Instrument[] = [];
  #scales: readonly Scale[] = [];
  #qtyMaxLots: readonly (Lots | undefined)[] = [];
  #orderMaxUnits: readonly (Units | undefined)[] = [];
  #exposureMaxUnits: readonly (Units | undefined)[] = [];
  #listed = -1;

  constructor(deps: PreTradeLimitsDeps) {
    this.#deps = deps;
    this.#ratePerSecond = deps.config.trading.orders_per_second_max;
    this.#left = new SlidingWindow({ max: 2 * this.#ratePerSecond, spanNs: SECOND_NS });
  }

  /**
   * Takes what the venue lists: the limits are in its scale.
   * @param version identifies a state of the directory; the one that was taken last costs nothing.
   */
  list(directory: InstrumentDirectory, version: number): void {
    if (version === this.#listed) return;
    this.#listed = version;
    const { config } = this.#deps;
    const { order_max: orderMax, exposure_max: exposureMax } = config.trading;
    const inUnits = (amounts: Readonly<Record<string, string>>): (Units | undefined)[] =>
      directory.assets.map(({ id, precision }) => asUnits(amountOf(amounts, id, precision)));
    this.#orderMaxUnits = inUnits(orderMax);
    this.#exposureMaxUnits = inUnits(exposureMax);
    this.#instruments = [...directory.instruments]; // as they are now, like the scales
    this.#scales = directory.instruments.map((instrument) => scaleOf(instrument, directory));
    this.#qtyMaxLots = directory.instruments.map(({ base, qtyPrecision }) =>
      asLots(amountOf(orderMax, directory.assets[base]?.id ?? '', qtyPrecision)),
    );
    const unlisted = unlistedLimits(limitSections(config), directory);
    this.unusable = unlisted.length === 0 ? undefined : `${unlisted.join(', ')}: the venue lists no such asset`;
  }

  /** Asks gate and limits, and counts the order as having left. Send it in the same turn, or not at all. */
  approve(order: OrderRequest): Approval {
    this.#deps.clock.readNs(this.#nowNs, 0);
    const listed = this.#instruments[order.instrument];
    // Limits in another scale than the order's would be other limits.
    if (listed !== undefined && !isSameScale(listed, order)) return { ok: false, reason: 'precision_changed' };
    const approval = approveOrder(order, this.#deps.gate.state, this);
    if (approval.ok) this.#left.note(this.#now);
    return approval;
  }

  qtyMaxLots(instrument: InstrumentIndex): Lots | undefined {
    return instrument < this.#instruments.length ? this.#qtyMaxLots[instrument] : NO_LOTS; // of what is not listed, nothing
  }

  worstSpendUnits({ instrument, side, qtyLots, limitTicks, fundsUnits }: OrderRequest): Units {
    const scale = this.#scales[instrument];
    if (scale === undefined) return fundsUnits;
    const [up, down] = side === BUY ? scale.quote : scale.base;
    return units(divideUp((side === BUY ? limitTicks * qtyLots : qtyLots) * up, down));
  }

  spendMaxUnits(instrument: InstrumentIndex, side: Side): Units | undefined {
    return this.#ofAssetGiven(this.#orderMaxUnits, instrument, side);
  }

  exposureRoomUnits(instrument: InstrumentIndex, side: Side): Units | undefined {
    const most = this.#ofAssetGiven(this.#exposureMaxUnits, instrument, side);
    const known = this.#instruments[instrument];
    return most === undefined || known === undefined ? most : minus(most, this.#deps.outUnits(assetSpent(known, side)));
  }

  planBounds(order: OrderRequest): PlanBounds | undefined {
    return this.#deps.planBounds(order);
  }

  hasRate(shrinksExposure: boolean): boolean {
    const most = shrinksExposure ? 2 * this.#ratePerSecond : this.#ratePerSecond;
    return this.#left.hasRoom(this.#now, 1, most);
  }

  /**
   * Whether so many orders of a plan that is not begun yet could leave now, and one more that closes out. Where fewer may
   * leave within a second, a plan is begun when none has left.
   */
  hasRateFor(orders: number): boolean {
    this.#deps.clock.readNs(this.#nowNs, 0);
    const most = this.#ratePerSecond;
    return (
      this.#left.hasRoom(this.#now, Math.min(orders, most), most) &&
      this.#left.hasRoom(this.#now, Math.min(orders + 1, 2 * most), 2 * most)
    );
  }

  get #now(): number {
    return this.#nowNs[0] as number;
  }

  #ofAssetGiven(limits: readonly (Units | undefined)[], instrument: InstrumentIndex, side: Side): Units | undefined {
    const known = this.#instruments[instrument];
    return known === undefined ? NO_UNITS : limits[assetSpent(known, side)];
  }
}

const asUnits = (value: bigint | undefined): Units | undefined => (value === undefined ? undefined : units(value));
const asLots = (value: bigint | undefined): Lots | undefined => (value === undefined ? undefined : lots(value));

/** Digits that the precision does not have are dropped: a limit becomes stricter, never wider. */
function amountOf(amounts: Readonly<Record<string, string>>, name: string, precision: number): bigint | undefined {
  const text = Object.hasOwn(amounts, name) ? amounts[name] : undefined;
  return text === undefined ? undefined : parseAmountDown(text, precision, name);
}

function scaleOf({ base, quote, pricePrecision, qtyPrecision }: Instrument, { assets }: InstrumentDirectory): Scale {
  const precisionOf = (asset: AssetIndex) => assets[asset]?.precision ?? 0;
  return {
    base: powerOfTen(precisionOf(base) - qtyPrecision),
    quote: powerOfTen(precisionOf(quote) - pricePrecision - qtyPrecision),
  };
}
