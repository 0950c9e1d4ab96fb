import { defineConfig } from 'vitest/config';

/** `npm run test:quick` (under a minute): arithmetic, state machines, protocols. */
const QUICK = [
  'tests/{architecture,topology}.test.ts',
  'tests/{docs,platform,money,market,messages,settings,trading,net,captures,control}/**/*.test.ts',
  'tests/runtime/{control-calls,run-options,double-buffered-state}.test.ts',
  'tests/actors/{book,detector,feed,risk,sequencer}/*.test.ts',
  'tests/{venues/kraken,practice}/**/*.test.ts',
];

/** Not in it, wherever they lie: what starts threads or processes, opens a database, or counts for long. */
const NOT_QUICK = [
  'tests/{trading/approved-order,market/cycles/cycle-sizing,money/unmixable}.test.ts',
  'tests/net/tls.test.ts',
  'tests/actors/book/{allocation,captures,corruptions,kill}.test.ts',
  'tests/actors/detector/{actor,start-assets}.test.ts',
  'tests/actors/feed/{live-successor,recording-live,recording-source,replay,replay-heap,socket-source}.test.ts',
  'tests/actors/risk/{gate-causes,lasting-limits,unlisted-names}.test.ts',
  'tests/actors/sequencer/{account-death,deaths-in-a-row,recovery,sequencer-conservation,sequencer-death,unruly-days}.test.ts',
  'tests/venues/kraken/{frame-decoder,frame-decoder-heap,hostile-venue,nonce-file,practice-sockets,practice-venue}.test.ts',
  'tests/practice/{ccxt-client,market-dislocation,market-generator,market-tape,practice-exchange,practice-server}.test.ts',
  'tests/practice/{level3,v1}/*.test.ts',
  'tests/practice/rest/{asset-classes,rest-edge,rest-hostile}.test.ts',
  'tests/practice/trading/{catalogue-faults,exchange-properties,hostile-client,recorded-market}.test.ts',
];

export default defineConfig(({ mode }) => ({
  test: {
    include: mode === 'quick' ? QUICK : ['tests/**/*.test.ts'],
    exclude: mode === 'quick' ? NOT_QUICK : [],
    setupFiles: ['tests/support/clean-start.ts'],
    // Real threads and sockets: two files at a time is what two cores carry.
    maxWorkers: 2,
    // Only what hangs takes so long: on a busy machine a test may take many times as long as usual, and must not fail.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Files run as they are shipped: by Node itself, no transformation.
    pool: 'forks',
  },
}));
