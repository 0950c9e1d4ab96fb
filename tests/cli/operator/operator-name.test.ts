/** A user whom the system has no name for, as in a container that runs as any number. */
import { expect, test, vi } from 'vitest';
import { operatorName } from '../../../src/cli/operator/ask-running-process.ts';

vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  userInfo: () => {
    throw new Error('ENOENT: no such file or directory, uv_os_get_passwd');
  },
}));

test('who asks is said by number where the system has no name', () => {
  expect(operatorName(undefined)).toBe(`user ${process.getuid?.()}`);
  expect(operatorName('ana')).toBe('ana');
});
