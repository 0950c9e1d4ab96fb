/** Brings the drawings of `docs/architecture.md` up to date: `node tests/docs/redraw-machines.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { redraw } from './draw-machine.ts';

const FILE = new URL('../../docs/architecture.md', import.meta.url);
writeFileSync(FILE, redraw(readFileSync(FILE, 'utf8')));
