/** How far our knowledge of the venue's account is. Its machine is the sequencer's; risk and the status screen read it. */

/** The index is what the counter `account_state` shows. */
export const ACCOUNT_STATES = [
  'down',
  'connecting',
  'reading',
  'booking',
  'settling',
  'trading',
  'verifying',
  'checking',
  'draining',
  'stopped',
  'refused',
] as const;
export type AccountState = (typeof ACCOUNT_STATES)[number];

/** Whether orders may leave. */
export const isTradingState = (state: AccountState): boolean =>
  state === 'trading' || state === 'verifying' || state === 'checking';
