/** The topology of the default settings as tables of Markdown: what `docs/architecture.md` shows between its marks. */
import type { Topology } from '../../src/runtime/topology-spec.ts';
import { checkConfig } from '../../src/settings/read-config.ts';
import { topologyOf } from '../../src/topology.ts';

const FROM = '<!-- topology -->\n';
const TO = '\n<!-- end of topology -->';

/** `text` with the tables replaced by what the topology is now. @throws when they have no place in the text. */
export function withTopology(text: string): string {
  const begin = text.indexOf(FROM) + FROM.length;
  const end = text.indexOf(TO);
  if (begin < FROM.length || end < begin) throw new TypeError('the text has no marks for the topology');
  return text.slice(0, begin) + tablesOf(topologyOf(checkConfig({}))) + text.slice(end);
}

function tablesOf({ rings, tables }: Topology): string {
  const ringRows = rings.map(({ name, from, to, message, whenFull }) => [`\`${name}\``, from, to, message, whenFull]);
  const tableRows = tables.map(({ name, writers, readers }) => [`\`${name}\``, writers.join(', '), readers.join(', ')]);
  return [
    ...markdown(['ring', 'from', 'to', 'message', 'when full'], ringRows),
    '',
    ...markdown(['table', 'written by', 'read by'], tableRows),
  ].join('\n');
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
