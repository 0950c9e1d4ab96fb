import type { PlanReason } from '../../shared/execution-message.ts';
import type { Plan } from './plan.ts';
import type { PlanEventType } from './plan-machine.ts';

/** Notes why, unless something went wrong before already, and passes the event on. */
export function because(plan: Plan, reason: PlanReason, event: PlanEventType): PlanEventType {
  if (plan.reason === 'none') plan.reason = reason;
  return event;
}

/** Notes why it ends here, whatever went wrong before, and passes the event on. */
export function over(plan: Plan, reason: PlanReason, event: PlanEventType): PlanEventType {
  plan.reason = reason;
  return event;
}
