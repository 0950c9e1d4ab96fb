/** What a person can do about a gate that is not active: said wherever the gate is shown. */
import type { GateState } from '../trading/trading-gate.ts';

export interface GateShown {
  readonly state: GateState;
  readonly reasons: readonly string[];
  /** Plans at work. */
  readonly plansActive: number;
}

const RESUME = 'arbitrade resume --reason TEXT';

/** Lines of at most 105 characters; none while trading is active. */
export function nextStep({ state, reasons, plansActive }: GateShown): readonly string[] {
  switch (state) {
    case 'active':
      return [];
    case 'paused':
      return reasons.includes('message_set_aside')
        ? [`look at the log for the message that was set aside, then: ${RESUME}`]
        : ['nothing: a pause ends by itself when its condition is gone'];
    case 'draining':
      return [`${plansActive} plans at work go on to their end, and no other is begun; to begin again: ${RESUME}`];
    case 'reducing':
      return [
        'no plan is begun, and only orders that shrink exposure leave. Look at the exposure here and at the venue;',
        '`arbitrade flatten` shows what bringing it home would come to, and does it after your yes. Then, or if',
        `you keep it or sold it there, answer for it: ${RESUME} (limits count from then on)`,
      ];
    case 'halted':
      return haltedStep(reasons);
    default:
      return state satisfies never;
  }
}

function haltedStep(reasons: readonly string[]): readonly string[] {
  if (reasons.includes('starting')) return ['nothing: it starts'];
  if (reasons.includes('stopping') || reasons.includes('escalation')) return ['nothing: it stops'];
  const first = [
    ...(reasons.includes('kill_switch') ? ['remove the kill-switch file'] : []),
    ...(reasons.includes('account_refused') ? ['correct the key and start anew'] : []),
  ];
  const before = first.length === 0 ? 'look at every cause above' : `${first.join(', ')}, look at every cause above`;
  return [`no order leaves until a person has answered: ${before}, then: ${RESUME}`];
}
