/** A supervisor over killable actors, with the test on the main thread playing feed and persistence. */

import { systemClock } from '../../src/platform/clock.ts';
import type { ActorId } from '../../src/runtime/counter-names.ts';
import type { RingProducer } from '../../src/runtime/memory/ring.ts';
import {
  createSharedMemory,
  openConsumer,
  openProducer,
  type SharedMemory,
} from '../../src/runtime/memory/shared-memory.ts';
import { openTable } from '../../src/runtime/memory/shared-tables.ts';
import { planPlacement } from '../../src/runtime/placement.ts';
import type { AuditEvent } from '../../src/runtime/records/audit-events.ts';
import type { Strategy } from '../../src/runtime/supervision/supervision-order.ts';
import { Supervisor } from '../../src/runtime/supervision/supervisor.ts';
import type { OwnOptions } from '../../src/runtime/threads/worker-messages.ts';
import type { RestartKind, Topology } from '../../src/runtime/topology-spec.ts';
import { checkConfig } from '../../src/settings/read-config.ts';
import { topologyOf } from '../../src/topology.ts';
import type { TradingGate } from '../../src/trading/trading-gate.ts';
import { type Killability, type KillableCalls, withMortality } from './killable-actor.ts';
import { type AuditRecord, readAudit } from './test-context.ts';

export interface SupervisedOptions {
  /** In order of starting. */
  readonly actors?: readonly ActorId[];
  readonly kinds?: Partial<Record<ActorId, RestartKind>>;
  readonly runtime?: Readonly<Record<string, unknown>>;
  readonly strategy?: Strategy;
  readonly killability?: Killability;
  readonly ownOptions?: OwnOptions;
}

export interface Supervised {
  readonly supervisor: Supervisor<KillableCalls>;
  readonly memory: SharedMemory;
  readonly gate: TradingGate;
  readonly deltas: RingProducer;
  readonly escalations: Error[];
  /** What was logged, as `actor event`. */
  readonly logged: string[];
  /** Audit records so far; each is given once. */
  audits(): AuditRecord[];
  /** Own memory of an actor, as the killable actor lays it out. */
  own(actor: ActorId): Float64Array;
  /** Publishes the numbers `from … to` to the book. */
  send(from: number, to: number): void;
}

export function supervise(given: SupervisedOptions = {}): Supervised {
  const children = (given.actors ?? ['detector', 'book']).map((id) => ({
    id,
    entry: withMortality(given.killability ?? {}),
    restart: given.kinds?.[id] ?? ('permanent' as const),
    ownBytes: 64,
  }));
  const config = checkConfig({
    runtime: {
      ...{ placement: 'threads', heartbeat_ms: 20, hang_limit_ms: 5_000, worker_heap_mb: 32 },
      ...{ restart_backoff_base_ms: 1, stop_within_ms: 3_000 },
      ...given.runtime,
    },
    limits: { instruments_max: 8, deltas_ring: 1_024 },
  });
  const topology: Topology = { ...topologyOf(config), children };
  const plan = planPlacement(topology, config.runtime, 2);
  const memory = createSharedMemory(topology, plan.placement);
  const escalations: Error[] = [];
  const logged: string[] = [];
  const supervisor = new Supervisor<KillableCalls>({
    ...{ topology, config, plan, memory, clock: systemClock, seed: 1 },
    log: (actor, _level, event) => void logged.push(`${actor} ${event}`),
    ownOptions: given.ownOptions ?? {},
    onEscalation: (error) => void escalations.push(error),
    ...(given.strategy === undefined ? {} : { strategy: given.strategy }),
  });
  const deltas = openProducer(memory, 'deltas', 'feed');
  const records = openConsumer(memory, 'supervisor_records', 'persistence');
  return {
    ...{ supervisor, memory, deltas, escalations, logged },
    gate: openTable(memory, 'trading_gate', 'supervisor'),
    audits: () => {
      const audits: AuditRecord[] = [];
      records.drain((view, offset) => audits.push(readAudit(view, offset)), 1_000);
      return audits;
    },
    own: (actor) => new Float64Array(memory.own[actor]),
    send: (from, to) => {
      for (let number = from; number <= to; number++) {
        if (!deltas.tryClaim(1)) throw new Error('deltas is full');
        deltas.view.setFloat64(deltas.offset(0), number, true);
        deltas.publish(1);
      }
    },
  };
}

/** The names of audit events, oldest first. */
export const eventsOf = (audits: readonly AuditRecord[]): AuditEvent[] => audits.map((audit) => audit.event);
