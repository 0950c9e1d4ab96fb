/** Brings the drawings and the topology in `docs/architecture.md` up to date: `node tests/docs/redraw-machines.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { redraw } from './draw-machine.ts';
import { withTopology } from './topology-tables.ts';

const FILE = new URL('../../docs/architecture.md', import.meta.url);
writeFileSync(FILE, withTopology(redraw(readFileSync(FILE, 'utf8'))));
