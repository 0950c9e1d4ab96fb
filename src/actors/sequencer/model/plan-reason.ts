import type { PlanReason } from '../../../messages/execution-message.ts';
import type { Plan } from './plan.ts';
import type { PlanEventType } from './plan-machine.ts';
import { noteReason } from './plan-reasons.ts';

/** Notes why, and passes the event on. What went wrong first stays the plan's reason. */
export function because(plan: Plan, reason: PlanReason, event: PlanEventType): PlanEventType {
  noteReason(plan.reasons, reason);
  if (plan.reason === 'none') plan.reason = reason;
  return event;
}

/** Notes why it ends here, beside earlier reasons, and passes the event on. */
export function over(plan: Plan, reason: PlanReason, event: PlanEventType): PlanEventType {
  noteReason(plan.reasons, reason);
  plan.reason = reason;
  return event;
}
