/**
 * Brings home what is in the exposure ledger, when a person asks for it: one plan for each asset, which takes the amount out
 * of the ledger in the change by which it begins, and puts back at its end what it could not trade. From there on it is a
 * plan like any other that closes out what it holds.
 */

import type { Asset, Instrument } from '../../../market/instrument.ts';
import type {
  FlattenAccepted,
  FlattenAsk,
  FlattenKept,
  FlattenOffer,
  FlattenReport,
} from '../../../messages/flatten-message.ts';
import {
  divideUp,
  formatDecimal,
  largest,
  negated,
  parseAmountDown,
  parseDecimal,
  smaller,
  type Ticks,
  ticks,
  type Units,
  units,
} from '../../../money/money.ts';
import { BUY, sideName } from '../../../money/side.ts';
import { laterBy, type MonotonicNs, monotonicNs } from '../../../platform/time.ts';
import type { ActorContext } from '../../../runtime/actor.ts';
import { usesKey } from '../../../settings/config.ts';
import type { GateState } from '../../../trading/trading-gate.ts';
import { takerFeesOf } from '../../../venues/fee-settings.ts';
import type { TradingPort } from '../../../venues/trading-port.ts';
import { exposedUnits } from '../account/account-ledger.ts';
import type { Account } from '../account/running-account.ts';
import {
  type Estimate,
  estimate,
  type FlattenTerms,
  middle,
  pairOf,
  sideThatGives,
} from '../decisions/flatten-offer.ts';
import { isTradable } from '../decisions/holding-value.ts';
import { assetAt, placesOf } from '../decisions/plan-progress.ts';
import { bookAgeMaxNs } from '../decisions/revalidation.ts';
import { type Moment, recordAudit, recordOpened } from '../journal/execution-events.ts';
import type { Journal } from '../journal/journal.ts';
import { countUp, SEQUENCER_HEADER } from '../journal/sequencer-memory.ts';
import type { NewestBooks } from '../model/newest-books.ts';
import { hasUnknown, type Plan } from '../model/plan.ts';
import type { PlanSlots } from './plan-slots.ts';

export interface FlattenDeskDeps {
  readonly context: ActorContext<'sequencer'>;
  readonly journal: Journal;
  readonly books: NewestBooks;
  readonly port: TradingPort;
  readonly account: Account;
  readonly slots: PlanSlots;
  readonly gate: { readonly state: GateState };
  readonly moment: () => Moment;
}

/** Largest loss that can be asked for: beyond it a purchase would have no bound. */
const LOSS_MAX_BPS = 9_000;
const BPS = 10_000n;

/** An amount of the ledger, and where it is to go. */
interface Stranded {
  readonly asset: Asset;
  readonly home: Asset;
  readonly units: Units;
  readonly lossMaxBps: number;
  /** As a person has seen it; undefined: the middle of the book. */
  readonly reference: string | undefined;
}

interface Offered {
  readonly stranded: Stranded;
  readonly terms: FlattenTerms;
  readonly estimate: Estimate;
}

export class FlattenDesk {
  /** Nothing is begun any more. */
  isDraining = false;
  readonly #deps: FlattenDeskDeps;

  constructor(deps: FlattenDeskDeps) {
    this.#deps = deps;
  }

  /** Shows what could be done; with what a person has said yes to, does it. */
  flatten(ask: FlattenAsk): FlattenReport {
    const refused = this.#whyNotNow(ask);
    const { accepted } = ask;
    if (accepted === undefined) return { refused, ...this.#preview(ask) };
    if (refused !== undefined) return { refused, offers: [], kept: [] };
    return this.#begin(ask, accepted);
  }

  #preview(ask: FlattenAsk): Pick<FlattenReport, 'offers' | 'kept'> {
    const offers: FlattenOffer[] = [];
    const kept: FlattenKept[] = [];
    for (const asset of this.#deps.books.directory.assets) {
      const exposed = exposedUnits(this.#deps.journal.current, asset.index);
      if (exposed === 0n || (ask.assets.length > 0 && !ask.assets.includes(asset.id))) continue;
      const found = this.#offer(asset, exposed, ask, undefined);
      if (typeof found === 'string') kept.push({ asset: asset.id, amount: amountText(exposed, asset), why: found });
      else offers.push(this.#show(found));
    }
    return { offers, kept };
  }

  #begin(ask: FlattenAsk, accepted: readonly FlattenAccepted[]): FlattenReport {
    const offers: FlattenOffer[] = [];
    const kept: FlattenKept[] = [];
    for (const { asset: name, to, amount, reference } of accepted) {
      const begun = this.#beginOne({ ...ask, to }, name, amount, reference);
      if (typeof begun === 'string') kept.push({ asset: name, amount, why: begun });
      else offers.push(begun);
    }
    return { offers, kept };
  }

  #beginOne(ask: FlattenAsk, name: string, amount: string, reference: string): FlattenOffer | string {
    const { books, journal, slots } = this.#deps;
    const asset = books.directory.assetNamed(name);
    if (asset === undefined) return 'the venue lists no such asset';
    const exposed = exposedUnits(journal.current, asset.index);
    const most = units(parseAmountDown(amount, asset.precision));
    // It may be less by now than what was seen, and never is more than that.
    const taken = exposed < 0n ? negated(smaller(negated(exposed), most)) : smaller(exposed, most);
    if (taken === 0n) return 'nothing of it is exposed any more';
    const found = this.#offer(asset, taken, ask, reference);
    if (typeof found === 'string') return found;
    const slot = slots.findFree();
    if (slot === -1) return 'too many plans are at work';
    if (!journal.ready()) return 'records wait for the database: try again';
    return this.#open(slot, found);
  }

  /** One change: the plan has from now on what the ledger had. */
  #open(slot: number, offered: Offered): FlattenOffer {
    const { books, context, journal, account, slots, moment } = this.#deps;
    const { terms, stranded } = offered;
    const when = moment();
    const bank = journal.begin();
    const id = countUp(bank, SEQUENCER_HEADER.plans);
    countUp(bank, SEQUENCER_HEADER.opened);
    const patienceUntilNs = laterBy(when.nowNs, context.config.trading.patience_ms);
    const plan: Plan = { ...offered.estimate.plan, id, openedNs: when.nowNs, patienceUntilNs };
    recordOpened(journal, plan, when);
    account.addExposure({ asset: terms.asset, units: negated(terms.units), plan: id }, 'flattened', when);
    const shown = { ...this.#show(offered), plan: id };
    const text = `plan ${id}: ${shown.order} ${shown.pair} for ${shown.side === 'buy' ? 'the owed ' : ''}${shown.amount} ${shown.asset}, at ${shown.bound} or better`;
    recordAudit(journal, 'flatten_begun', 1, text, id, stranded.lossMaxBps);
    const recordSeq = journal.newestRecordSeq;
    slots.write(slot, { ...plan, flattening: { lossMaxBps: stranded.lossMaxBps, recordSeq } });
    journal.commit();
    context.log('warn', 'flatten_begun', text, { plan: id, books: books.instrumentsSeq });
    return shown;
  }

  #whyNotNow({ assets, to, lossMaxBps }: FlattenAsk): string | undefined {
    const { account, port, gate, books } = this.#deps;
    const unlisted = [...assets, ...(to === undefined ? [] : [to])].filter(
      (name) => books.directory.assetNamed(name) === undefined,
    );
    if (unlisted.length > 0) return `the venue lists no ${unlisted.join(', ')}`;
    if (lossMaxBps !== undefined && lossMaxBps > LOSS_MAX_BPS)
      return `a loss of at most ${LOSS_MAX_BPS} bps can be asked for`;
    if (this.isDraining) return 'the engine stops';
    if (gate.state === 'halted') return 'trading is halted, no order leaves: resume first';
    if (gate.state === 'paused') return 'trading is paused, no order leaves: `status` says why';
    if (!port.isConnected || !account.isTrading || !account.takesPlans)
      return 'the account is not compared with the venue’s';
    return account.isAsking ? 'what became of an order is being asked: try again' : undefined;
  }

  #offer(asset: Asset, exposed: Units, ask: FlattenAsk, reference: string | undefined): Offered | string {
    const { books, context, account } = this.#deps;
    const home = this.#home(ask.to);
    if (home === undefined) return 'strategy.start_assets is empty: say where to with --to';
    if (home.index === asset.index) return 'it is what the rest comes home to; --to names another';
    const free = account.available(asset.index);
    if (exposed > 0n && free !== undefined && free <= 0n) return 'nothing of it is free on the account';
    const bounded = exposed > 0n && free !== undefined ? smaller(exposed, free) : exposed;
    const lossMaxBps = Math.min(ask.lossMaxBps ?? context.config.trading.shortfall_loss_max_bps, LOSS_MAX_BPS);
    const stranded = { asset, home, units: bounded, lossMaxBps, reference };
    const terms = this.#terms(stranded);
    if (typeof terms === 'string') return terms;
    const found = estimate(terms, books, this.#heardSinceNs());
    if (found === undefined) return `${terms.trade.instrument.symbol} has no book`;
    if (!isTradable(found.plan, 1, books)) return `it is below the minimum of ${terms.trade.instrument.symbol}`;
    if (found.nowUnits === 0n) return this.#whyNothingNow(terms, found);
    if (bounded < 0n && !this.#isPaid(home, found.totalUnits)) {
      return `the account has no ${amountText(found.totalUnits, home)} free to buy it with`;
    }
    return { stranded, terms, estimate: found };
  }

  #isPaid(home: Asset, cost: Units): boolean {
    const free = this.#deps.account.available(home.index);
    return free === undefined || free >= cost;
  }

  #terms({ asset, home, units: amount, lossMaxBps, reference }: Stranded): FlattenTerms | string {
    const { books, port } = this.#deps;
    const instrument = pairOf(asset.index, home.index, books.directory);
    if (instrument === undefined) return `no pair trades it for ${home.id}: name another asset with --to`;
    const { symbol, status, index } = instrument;
    if (status !== 'online') return `${symbol} is ${status}`;
    if (!port.agreesOn([index])) return `the venue contradicts itself about the terms of ${symbol}`;
    const busy = this.#whyBusy(asset, instrument);
    if (busy !== undefined) return busy;
    const feePpm = this.#feePpm(instrument);
    if (feePpm === undefined) return `the venue has not reported the fee of ${symbol}, or a fill has paid another`;
    const side = sideThatGives(instrument, amount < 0n ? home.index : asset.index);
    const trade = books.terms({ instrument: index, side, feePpm });
    if (trade === undefined) return `the venue does not list the assets of ${symbol}`;
    const referenceTicks = this.#reference(instrument, amount < 0n ? home : asset, reference);
    if (typeof referenceTicks === 'string') return referenceTicks;
    return { asset: asset.index, home: home.index, units: amount, trade, referenceTicks, lossMaxBps };
  }

  #whyBusy(asset: Asset, { index, symbol }: Instrument): string | undefined {
    const { slots, books } = this.#deps;
    for (const plan of slots.plans) {
      if (plan.legs.some(({ instrument }) => instrument === index))
        return `plan ${plan.id} trades ${symbol}: try again`;
      const places = [0, ...placesOf(plan)];
      const isOfIt = places.some((place) => assetAt(plan, place, books.directory) === asset.index);
      if (isOfIt && hasUnknown(plan)) return `what became of an order of plan ${plan.id} is being asked: try again`;
    }
    return undefined;
  }

  #reference(instrument: Instrument, given: Asset, shown: string | undefined): Ticks | string {
    if (shown !== undefined) return this.#givenReference(instrument, shown);
    const book = this.#deps.books.heardBook(instrument.index, this.#heardSinceNs());
    const bid = book?.bids.count === 0 ? undefined : book?.bids.priceTicks[0];
    const ask = book?.asks.count === 0 ? undefined : book?.asks.priceTicks[0];
    if (bid === undefined || ask === undefined) return `${instrument.symbol} has no valid book with two sides`;
    return middle(ticks(bid), ticks(ask), sideThatGives(instrument, given.index));
  }

  /** As a person saw it: when it does not fit the prices any more, they mean something else now. */
  #givenReference({ symbol, pricePrecision }: Instrument, shown: string): Ticks | string {
    const [, decimals = ''] = shown.split('.');
    const price = ticks(decimals.length > pricePrecision ? 0n : parseDecimal(shown, pricePrecision, 'reference price'));
    return price > 0n ? price : `${shown} is no price of ${symbol}: look at the preview again`;
  }

  #whyNothingNow({ trade: { instrument }, lossMaxBps }: FlattenTerms, { side, boundTicks }: Estimate): string {
    const bound = formatDecimal(boundTicks, instrument.pricePrecision);
    const than = side === BUY ? 'below' : 'above';
    return `no order of it fits the book of ${instrument.symbol} ${than} ${bound}, which a loss of ${lossMaxBps} bps allows`;
  }

  #home(to: string | undefined): Asset | undefined {
    const { books, context } = this.#deps;
    const name = to ?? context.config.strategy.start_assets[0];
    return name === undefined ? undefined : books.directory.assetNamed(name);
  }

  #feePpm(instrument: Instrument): number | undefined {
    const { config, feeTable } = this.#deps.context;
    const fees = takerFeesOf(config, feeTable);
    return usesKey(config.mode) ? fees.confirmed(instrument) : fees.of(instrument);
  }

  #heardSinceNs(): MonotonicNs {
    const { clock, config } = this.#deps.context;
    return monotonicNs(clock.nowNs() - bookAgeMaxNs(config));
  }

  #show({ stranded, terms, estimate: found }: Offered): FlattenOffer {
    const { asset, home } = stranded;
    const { trade, units: amount, referenceTicks, lossMaxBps } = terms;
    const { instrument } = trade;
    const { nowUnits, totalUnits, worthUnits, side, boundTicks } = found;
    const price = (value: bigint) => formatDecimal(value, instrument.pricePrecision);
    const lossUnits = amount < 0n ? totalUnits - worthUnits : worthUnits - totalUnits;
    const isOfBase = instrument.base === asset.index;
    const [base, quote] = isOfBase ? [nowUnits, totalUnits] : [totalUnits, nowUnits];
    const [baseAsset, quoteAsset] = isOfBase ? [asset, home] : [home, asset];
    const scale = baseAsset.precision - quoteAsset.precision + instrument.pricePrecision;
    const averageTicks = base === 0n ? 0n : scaled(quote, scale) / base;
    const bpsHundredths = worthUnits === 0n ? 0n : divideUp(lossUnits * BPS * 100n, worthUnits);
    return {
      asset: asset.id,
      to: home.id,
      amount: formatDecimal(largest(amount, negated(amount)), asset.precision),
      reference: price(referenceTicks),
      side: amount < 0n ? 'buy' : 'sell',
      pair: instrument.symbol,
      order: sideName(side),
      now: amountText(nowUnits, asset),
      price: price(averageTicks),
      total: amountText(totalUnits, home),
      loss: amountText(lossUnits, home),
      lossBps: formatDecimal(bpsHundredths, 2),
      lossMaxBps,
      bound: price(boundTicks),
    };
  }
}

const amountText = (units: bigint, { precision, id }: Asset): string => `${formatDecimal(units, precision)} ${id}`;

function scaled(value: bigint, exponent: number): bigint {
  return exponent >= 0 ? value * 10n ** BigInt(exponent) : value / 10n ** BigInt(-exponent);
}
