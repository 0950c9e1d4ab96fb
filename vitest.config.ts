import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/support/private-files.ts'],
    // Real threads and sockets: two files at a time is what two cores carry.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Files run as they are shipped: by Node itself, no transformation.
    pool: 'forks',
  },
});
