/** A folder that is removed when the test ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

export function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'arbitrade-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
