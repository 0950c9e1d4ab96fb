/** What `arbitrade status` answers: the gate, the threads, the books, and risk's own account. */

import { SYSTEM_STATUSES } from '../messages/market-messages.ts';
import type { Clock } from '../platform/clock.ts';
import type { Summary } from '../readings/summary.ts';
import type { RiskStatus } from '../runtime/control-calls.ts';
import { ACTOR_IDS } from '../runtime/counter-names.ts';
import { Counters } from '../runtime/memory/counters.ts';
import { RingGauge } from '../runtime/memory/ring.ts';
import type { SharedMemory } from '../runtime/memory/shared-memory.ts';
import { openTable } from '../runtime/memory/shared-tables.ts';
import type { Supervisor } from '../runtime/supervision/supervisor.ts';
import type { Config } from '../settings/config.ts';
import type { GateCause } from '../trading/gate-cause.ts';
import { outputReadings } from './output-watch.ts';

/** What the report needs of a running engine. */
export interface ReportedEngine {
  readonly config: Config;
  readonly memory: SharedMemory;
  readonly clock: Clock;
  readonly supervisor: Pick<Supervisor, 'causes' | 'threads'>;
  summary(): Summary;
}

/** Wall times as text, for readers of the answer who do not know this program. */
const causeReport = ({ firstMs, lastMs, ...cause }: GateCause) => ({
  ...cause,
  since: firstMs === 0 ? 'an earlier run' : new Date(firstMs).toISOString(),
  last: lastMs === 0 ? 'an earlier run' : new Date(lastMs).toISOString(),
});

export function statusReport(engine: ReportedEngine, { causes, ...risk }: RiskStatus): object {
  const { memory, clock, config } = engine;
  const gate = openTable(memory, 'trading_gate', 'readings');
  const feed = new Counters(memory.counters, 'feed');
  const { frames, checksums, instruments, cycles, opportunities, plans, trading, records, restarts } = engine.summary();
  const actor = (id: (typeof ACTOR_IDS)[number]) => {
    const counters = new Counters(memory.counters, id);
    const beatMs = (clock.nowNs() - counters.get('heartbeat_ns')) / 1e6;
    return [id, { heartbeatMsAgo: Math.round(beatMs), restarts: counters.get('restarts') }] as const;
  };
  return {
    mode: config.mode,
    trading: gate.state,
    gate: { risk: gate.risk, supervisor: gate.supervisor },
    causes: [...engine.supervisor.causes, ...causes].map(causeReport),
    venue: SYSTEM_STATUSES[feed.get('system_status')] ?? 'unknown',
    lastFrameMsAgo: Math.round((clock.nowNs() - feed.get('last_frame_ns')) / 1e6),
    threads: engine.supervisor.threads.map((thread) => ({ actors: thread.actors.join('+'), state: thread.state })),
    actors: Object.fromEntries(ACTOR_IDS.map(actor)),
    ringsUsed: Object.fromEntries(
      Object.entries(memory.rings).map(([name, ring]) => [name, new RingGauge(ring.memory).used]),
    ),
    frames,
    checksums,
    instruments,
    cycles,
    opportunities,
    plans,
    account: trading,
    records,
    restarts,
    log: outputReadings(),
    risk,
  };
}
