/** Every strategy there is. A strategy is a folder beside this file, a row here, and its settings. */
import type { Config, StrategySettings } from '../settings/config.ts';
import { CycleStrategy } from './cycle/cycle-strategy.ts';
import type { MarketView, Strategy, StrategyName } from './strategy.ts';

/** A strategy before it is made. */
export interface StrategyRow {
  readonly name: StrategyName;
  /** Its section of the settings: whether it runs, how much it may do, and what is its own. */
  readonly settingsOf: (config: Config) => StrategySettings;
  readonly create: (market: MarketView, config: Config) => Strategy;
}

const STRATEGIES: Readonly<Record<StrategyName, StrategyRow>> = {
  cycle: {
    name: 'cycle',
    settingsOf: ({ strategy }) => strategy,
    create: (market, { strategy }) => new CycleStrategy(market, strategy),
  },
};

/** A strategy that runs, and how many candidates it may decide for one market message. */
export interface RunningStrategy {
  readonly strategy: Strategy;
  readonly exactEvaluationsMax: number;
}

/** The strategies that the settings switch on, in a fixed order. They know no market until their first `rebuild`. */
export function strategiesOf(market: MarketView, config: Config): readonly RunningStrategy[] {
  return Object.values(STRATEGIES).flatMap(({ settingsOf, create }) => {
    const { enabled, exact_evaluations_max: exactEvaluationsMax } = settingsOf(config);
    return enabled ? [{ strategy: create(market, config), exactEvaluationsMax }] : [];
  });
}
