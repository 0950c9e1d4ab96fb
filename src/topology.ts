/**
 * The map as data: every actor, every ring, every shared table. The supervisor builds the process from it,
 * `arbitrade topology` prints it, the tests walk it. Whoever wants to know how the system hangs together reads this.
 */

import { bookOwnBytes } from './actors/book/book-memory.ts';
import { riskMemoryBytes } from './actors/risk/risk-memory.ts';
import { sequencerMemoryBytes } from './actors/sequencer/journal/sequencer-memory.ts';
import { EXECUTION } from './messages/execution-message.ts';
import { DELTA, RESYNC, TOP } from './messages/market-messages.ts';
import { OPPORTUNITY } from './messages/opportunity-message.ts';
import { RECORD_BYTES } from './messages/record-messages.ts';
import type { ChildSpec, RingSpec, RingWriter, TableSpec, Topology } from './runtime/topology-spec.ts';
import type { Config } from './settings/config.ts';

const recordsRing = (from: RingWriter) =>
  ({
    name: `${from}_records`,
    from,
    to: 'persistence',
    message: 'record',
    slotBytes: RECORD_BYTES,
    capacity: (config: Config) => config.limits.records_ring,
    whenFull: 'wait',
  }) as const;

const RINGS = [
  {
    name: 'deltas',
    from: 'feed',
    to: 'book',
    message: 'delta, control',
    slotBytes: DELTA.SIZE,
    capacity: (config) => config.limits.deltas_ring,
    whenFull: 'lag',
  },
  {
    name: 'resyncs',
    from: 'book',
    to: 'feed',
    message: 'resync request',
    slotBytes: RESYNC.SIZE,
    capacity: (config) => Math.max(64, 2 ** Math.ceil(Math.log2(config.limits.instruments_max))),
    whenFull: 'wait',
  },
  {
    name: 'tops',
    from: 'book',
    to: 'detector',
    message: 'top of book, control',
    slotBytes: TOP.SIZE,
    capacity: (config) => config.limits.tops_ring,
    whenFull: 'wait',
  },
  {
    name: 'opportunities',
    from: 'detector',
    to: 'sequencer',
    message: 'opportunity',
    slotBytes: OPPORTUNITY.SIZE,
    capacity: (config) => config.limits.opportunities_ring,
    whenFull: 'refuse',
  },
  {
    name: 'executions',
    from: 'sequencer',
    to: 'risk',
    message: 'execution',
    slotBytes: EXECUTION.SIZE,
    capacity: (config) => config.limits.opportunities_ring,
    whenFull: 'wait',
  },
  recordsRing('feed'),
  recordsRing('book'),
  recordsRing('detector'),
  recordsRing('sequencer'),
  recordsRing('risk'),
  recordsRing('supervisor'),
] satisfies readonly RingSpec[];

/** Started top to bottom, stopped bottom to top: whoever consumes is there before whoever produces. */
const CHILDREN = [
  { id: 'persistence', entry: 'actors/persistence/actor.ts', restart: 'permanent', ownBytes: () => 4_096 },
  { id: 'risk', entry: 'actors/risk/actor.ts', restart: 'permanent', ownBytes: riskMemoryBytes },
  { id: 'sequencer', entry: 'actors/sequencer/actor.ts', restart: 'permanent', ownBytes: sequencerMemoryBytes },
  { id: 'detector', entry: 'actors/detector/actor.ts', restart: 'permanent', ownBytes: () => 4_096 },
  { id: 'book', entry: 'actors/book/actor.ts', restart: 'permanent', ownBytes: bookOwnBytes },
  { id: 'feed', entry: 'actors/feed/actor.ts', restart: 'permanent', ownBytes: () => 65_536 },
] satisfies readonly ChildSpec[];

const TABLES = [
  { name: 'book_table', writers: ['book'], readers: ['detector', 'sequencer', 'risk'] },
  {
    name: 'instrument_log',
    writers: ['feed'],
    readers: ['book', 'detector', 'sequencer', 'risk', 'persistence', 'status'],
  },
  { name: 'fee_table', writers: ['sequencer'], readers: ['detector'] },
  { name: 'funds_table', writers: ['sequencer'], readers: ['detector'] },
  { name: 'trading_gate', writers: ['risk', 'supervisor'], readers: ['sequencer', 'status'] },
] satisfies readonly TableSpec[];

export const TOPOLOGY: Topology = { rings: RINGS, children: CHILDREN, tables: TABLES };
