/** `arbitrade topology`: prints the map (actors, rings, tables) as the running process would build it. */

import { EXIT, type ExitCode } from '../engine/exit-codes.ts';
import type { Topology } from '../runtime/topology-spec.ts';
import type { Config } from '../settings/config.ts';
import { topologyOf } from '../topology.ts';
import { printAnswer } from './answers.ts';

export function printTopology(config: Config, json: boolean): ExitCode {
  const topology = topologyOf(config);
  printAnswer(`${json ? JSON.stringify(describe(topology), null, 2) : renderTopology(topology)}\n`);
  return EXIT.OK;
}

/** The topology as plain data. */
function describe(topology: Topology) {
  return {
    actors: topology.children.map((child) => ({
      id: child.id,
      restart: child.restart,
      ownBytes: child.ownBytes,
    })),
    rings: topology.rings,
    tables: topology.tables.map(({ kind, name, writers, readers }) => ({ kind, name, writers, readers })),
  };
}

function renderTopology(topology: Topology): string {
  const { actors, rings, tables } = describe(topology);
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
