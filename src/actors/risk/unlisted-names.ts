/**
 * Names in the settings that the venue does not list, other than those of limits: they have no effect, which their author
 * should learn. Each is recorded and logged once, with the listed name that is nearest.
 */

import type { InstrumentDirectory } from '../../market/instrument.ts';
import { nearestName } from '../../platform/nearest-name.ts';
import type { ActorContext } from '../../runtime/actor.ts';
import type { Config } from '../../settings/config.ts';

export class UnlistedNames {
  readonly #context: ActorContext<'risk'>;
  readonly #noted = new Set<string>();

  constructor(context: ActorContext<'risk'>) {
    this.#context = context;
  }

  /** Looks at every name again. What finds no room among the records is noted at the next look. */
  note(directory: InstrumentDirectory): void {
    const { config, records, log } = this.#context;
    if (directory.assets.length === 0) return; // the venue has not said yet what it lists
    for (const text of unlistedNames(config, directory)) {
      if (this.#noted.has(text)) continue;
      if (!records.tryAudit('setting_unlisted', { severity: 1, text })) return;
      this.#noted.add(text);
      log('warn', 'setting_unlisted', text);
    }
  }
}

/** One text for each name that `directory` does not have. */
export function unlistedNames(
  { strategy, paper, fees }: Pick<Config, 'strategy' | 'paper' | 'fees'>,
  directory: InstrumentDirectory,
): string[] {
  const assets = directory.assets.map(({ id }) => id);
  const symbols = directory.instruments.map(({ symbol }) => symbol);
  return [
    ...unlisted('strategy.start_assets', strategy.start_assets, assets),
    ...unlisted('paper.inventory', Object.keys(paper.inventory), assets),
    ...unlisted('fees.pairs_taker_pct', Object.keys(fees.pairs_taker_pct), symbols),
  ];
}

function unlisted(setting: string, names: readonly string[], listed: readonly string[]): string[] {
  const known = new Set(listed);
  return names
    .filter((name) => !known.has(name))
    .map((name) => {
      const nearest = nearestName(name, listed);
      const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
      return `${setting}: the venue lists no ${name}, so it has no effect${hint}`;
    });
}
