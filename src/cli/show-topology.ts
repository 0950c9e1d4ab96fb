/** `arbitrade topology`: prints the map (actors, rings, tables) as the running process would build it. */

import { EXIT, type ExitCode } from '../engine/exit-codes.ts';
import type { Topology } from '../runtime/topology-spec.ts';
import type { Config } from '../settings/config.ts';
import { TOPOLOGY } from '../topology.ts';
import { printAnswer } from './answers.ts';

export function printTopology(config: Config, json: boolean): ExitCode {
  printAnswer(`${json ? JSON.stringify(describe(TOPOLOGY, config), null, 2) : renderTopology(TOPOLOGY, config)}\n`);
  return EXIT.OK;
}

/** The topology with its capacities worked out for `config`. */
export function describe(topology: Topology, config: Config) {
  return {
    actors: topology.children.map((child) => ({
      id: child.id,
      restart: child.restart,
      ownBytes: child.ownBytes(config),
    })),
    rings: topology.rings.map((ring) => ({ ...ring, capacity: ring.capacity(config) })),
    tables: topology.tables,
  };
}

export function renderTopology(topology: Topology, config: Config): string {
  const { actors, rings, tables } = describe(topology, config);
  const actorRows = actors.map((actor, index) => [`${index + 1}`, actor.id, actor.restart, bytes(actor.ownBytes)]);
  const ringRows = rings.map((ring) => [
    ring.name,
    `${ring.from} > ${ring.to}`,
    ring.message,
    `${ring.slotBytes} B`,
    `${ring.capacity}`,
    ring.whenFull,
  ]);
  const tableRows = tables.map((entry) => [entry.name, entry.writers.join(', '), entry.readers.join(', ')]);
  return [
    'Actors, in order of starting (stopped in reverse)',
    columns([['', 'actor', 'restart', 'own memory'], ...actorRows]),
    '',
    'Rings: one producer, one consumer each',
    columns([['ring', 'from > to', 'message', 'slot', 'slots', 'when full'], ...ringRows]),
    '',
    'Shared tables',
    columns([['table', 'written by', 'read by'], ...tableRows]),
  ].join('\n');
}

function bytes(count: number): string {
  return count >= 1_048_576 ? `${(count / 1_048_576).toFixed(1)} MiB` : `${(count / 1_024).toFixed(0)} KiB`;
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return rows.map((row) => `  ${line(row).trimEnd()}`).join('\n');
}
