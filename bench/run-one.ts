/** Runs one bench in this process and sends its rows to the parent. Arguments: file URL, then `quick` or `full`. */
import type { Bench } from './harness.ts';

const [file, size] = process.argv.slice(2);
const { default: bench } = (await import(file ?? '')) as { default: Bench };
const rows = await bench.run({ quick: size === 'quick' });
process.send?.({ name: bench.name, question: bench.question, rows }, () => process.exit(0));
