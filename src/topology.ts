/**
 * The map as data, for given settings: every actor, every ring, every shared table. The supervisor builds the process
 * from it, `arbitrade topology` prints it, the tests walk it. To know how the system hangs together, read this.
 */

import { bookOwnBytes } from './actors/book/book-memory.ts';
import { riskMemoryBytes } from './actors/risk/risk-memory.ts';
import { sequencerMemoryBytes } from './actors/sequencer/journal/sequencer-memory.ts';
import { createBookTableMemory } from './market/book-table.ts';
import { createFeeTableMemory } from './market/fee-table.ts';
import { createFundsTableMemory } from './market/funds-table.ts';
import { createInstrumentLogMemory } from './market/instrument-log.ts';
import { EXECUTION } from './messages/execution-message.ts';
import { DELTA, RESYNC, TOP } from './messages/market-messages.ts';
import { OPPORTUNITY } from './messages/opportunity-message.ts';
import { RECORD_BYTES } from './messages/record-messages.ts';
import { createCaptureTimeMemory } from './runtime/capture-time/capture-time.ts';
import {
  type ChildSpec,
  nameAt,
  type RingSpec,
  type RingWriter,
  type TableSpec,
  type Topology,
} from './runtime/topology-spec.ts';
import type { Config, VenueName } from './settings/config.ts';
import { createGateMemory } from './trading/trading-gate.ts';

/** Kind and name of what there is once, or of what one venue has. */
const named = <K extends string>(kind: K, venue?: VenueName) => ({
  kind,
  name: venue === undefined ? kind : nameAt(kind, venue),
});

const recordsRing = (from: RingWriter, { limits }: Config, venue?: VenueName): RingSpec => ({
  ...named(`${from}_records`, venue),
  from,
  to: 'persistence',
  message: 'record',
  slotBytes: RECORD_BYTES,
  capacity: limits.records_ring,
  whenFull: 'wait',
});

const venueRings = ({ limits }: Config, venue: VenueName): readonly RingSpec[] => [
  {
    ...named('deltas', venue),
    from: 'feed',
    to: 'book',
    message: 'delta, control',
    slotBytes: DELTA.SIZE,
    capacity: limits.deltas_ring,
    whenFull: 'lag',
  },
  {
    ...named('resyncs', venue),
    from: 'book',
    to: 'feed',
    message: 'resync request',
    slotBytes: RESYNC.SIZE,
    capacity: Math.max(64, 2 ** Math.ceil(Math.log2(limits.instruments_max))),
    whenFull: 'wait',
  },
  {
    ...named('tops', venue),
    from: 'book',
    to: 'detector',
    message: 'top of book, control',
    slotBytes: TOP.SIZE,
    capacity: limits.tops_ring,
    whenFull: 'wait',
  },
];

const ringsOf = (config: Config, venues: readonly VenueName[]): readonly RingSpec[] => [
  ...venues.flatMap((venue) => venueRings(config, venue)),
  {
    ...named('opportunities'),
    from: 'detector',
    to: 'sequencer',
    message: 'opportunity',
    slotBytes: OPPORTUNITY.SIZE,
    capacity: config.limits.opportunities_ring,
    whenFull: 'refuse',
  },
  {
    ...named('executions'),
    from: 'sequencer',
    to: 'risk',
    message: 'execution',
    slotBytes: EXECUTION.SIZE,
    capacity: config.limits.opportunities_ring,
    whenFull: 'wait',
  },
  ...venues.flatMap((venue) => [recordsRing('feed', config, venue), recordsRing('book', config, venue)]),
  recordsRing('detector', config),
  recordsRing('sequencer', config),
  recordsRing('risk', config),
  recordsRing('supervisor', config),
];

/** Started top to bottom, stopped bottom to top: consumers are there before their producers. */
const childrenOf = (config: Config): readonly ChildSpec[] => [
  { id: 'persistence', entry: 'actors/persistence/actor.ts', restart: 'permanent', ownBytes: 4_096 },
  { id: 'risk', entry: 'actors/risk/actor.ts', restart: 'permanent', ownBytes: riskMemoryBytes(config) },
  { id: 'sequencer', entry: 'actors/sequencer/actor.ts', restart: 'permanent', ownBytes: sequencerMemoryBytes(config) },
  { id: 'detector', entry: 'actors/detector/actor.ts', restart: 'permanent', ownBytes: 4_096 },
  { id: 'book', entry: 'actors/book/actor.ts', restart: 'permanent', ownBytes: bookOwnBytes(config) },
  { id: 'feed', entry: 'actors/feed/actor.ts', restart: 'permanent', ownBytes: 65_536 },
];

/** Levels a side that the book table keeps at most: a cycle's best size never reaches deeper than this in practice. */
const TABLE_LEVELS_MAX = 100;

const tablesOf = ({ limits, venue }: Config, venues: readonly VenueName[]): readonly TableSpec[] => [
  {
    ...named('book_table'),
    writers: ['book'],
    readers: ['detector', 'sequencer', 'risk'],
    create: () =>
      createBookTableMemory({
        instruments: limits.instruments_max,
        levels: Math.min(venue.depth, TABLE_LEVELS_MAX),
        versions: limits.book_versions,
      }),
  },
  ...venues.map(
    (at): TableSpec => ({
      ...named('instrument_log', at),
      writers: ['feed'],
      readers: ['book', 'detector', 'sequencer', 'risk', 'persistence', 'readings'],
      create: () => createInstrumentLogMemory(limits.instrument_log_bytes),
    }),
  ),
  {
    ...named('fee_table'),
    writers: ['sequencer'],
    readers: ['detector'],
    create: () => createFeeTableMemory(limits.instruments_max),
  },
  {
    ...named('funds_table'),
    writers: ['sequencer'],
    readers: ['detector'],
    create: () => createFundsTableMemory(limits.assets_max),
  },
  {
    ...named('trading_gate'),
    writers: ['risk', 'supervisor'],
    readers: ['feed', 'sequencer', 'readings'], // the feed in replays, whose time begins when the gate opens
    create: createGateMemory,
  },
  {
    ...named('capture_time'), // of a replay
    writers: ['feed', 'sequencer', 'risk'], // each in its turn
    readers: ['book', 'detector'],
    create: createCaptureTimeMemory,
  },
];

/** What a process with these settings consists of. @param venues that the settings name. */
export function topologyOf(config: Config, venues: readonly VenueName[] = [config.venue.name]): Topology {
  return { rings: ringsOf(config, venues), children: childrenOf(config), tables: tablesOf(config, venues) };
}
