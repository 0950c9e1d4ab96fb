/** Which books to follow, and on which socket. Pure. */
import { findCycles, instrumentsOnCycles } from '../../../market/asset-graph.ts';
import type { Instrument, InstrumentDirectory, InstrumentIndex } from '../../../market/instrument.ts';
import type { Config } from '../../../settings/config.ts';

export interface SubscriptionPlan {
  /** Instruments to follow, ascending. */
  readonly wanted: readonly InstrumentIndex[];
  /** Configured symbols that the venue does not list. */
  readonly unknown: readonly string[];
}

/**
 * The configured symbols; or, when none are configured, every online pair on a cycle of the configured length through the
 * start assets. A book that is `followed` already stays while the venue has it: a pair that is `cancel_only` for a
 * minute keeps its book, and the books of its cycles theirs.
 */
export function planSubscriptions(
  directory: InstrumentDirectory,
  { venue, strategy }: Pick<Config, 'venue' | 'strategy'>,
  followed: Iterable<InstrumentIndex>,
): SubscriptionPlan {
  const named = venue.symbols.map((symbol) => ({ symbol, instrument: directory.instrumentNamed(symbol) }));
  const unknown = named.filter(({ instrument }) => instrument === undefined).map(({ symbol }) => symbol);
  const chosen =
    venue.symbols.length > 0
      ? named.flatMap(({ instrument }) => instrument?.index ?? [])
      : instrumentsOnCycles(
          findCycles(directory, { startAssets: strategy.start_assets, cycleLength: strategy.cycle_length }),
        );
  const kept = new Set([...chosen, ...followed]);
  const wanted = [...kept].filter((index) => isListed(directory.instruments[index])).sort((a, b) => a - b);
  return { wanted, unknown };
}

/** Whether the venue has a book of this pair at all, with or without orders allowed on it. */
function isListed(instrument: Instrument | undefined): boolean {
  return instrument !== undefined && instrument.status !== 'delisted' && instrument.status !== 'work_in_progress';
}

/** The socket to put one more book on: the first with room, or a new one after the last. `loads[i]` is -1 for a lost one. */
export function socketWithRoom(loads: readonly number[], perSocket: number): number {
  const index = loads.findIndex((load) => load >= 0 && load < perSocket);
  return index === -1 ? loads.length : index;
}
