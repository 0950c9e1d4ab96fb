/** What goes wrong between a client and the REST side: before a call is carried out, and after. */
import type { FaultDraws } from '../../../faults/fault-plan.ts';
import { cutShort } from '../../../faults/frame-damage.ts';
import { pageAnswer, type RestAnswer } from './rest-message.ts';

/** Nothing is done; `silence`: nor is it answered. */
export function beforeFault(faults: FaultDraws): RestAnswer | 'silence' | undefined {
  if (faults.strikes('rest-429')) return pageAnswer(429, 'Too Many Requests');
  if (faults.strikes('rest-502')) return pageAnswer(502, 'Bad Gateway');
  return faults.strikes('rest-timeout') ? 'silence' : undefined;
}

/** What was asked has been done. */
export function afterFault(faults: FaultDraws, answer: RestAnswer): RestAnswer | 'late' | undefined {
  if (faults.strikes('rest-520')) return pageAnswer(520, 'Web server is returning an unknown error');
  if (faults.strikes('rest-answer-lost')) return { kind: 'cut' };
  if (faults.strikes('rest-late')) return 'late';
  if (faults.strikes('rest-truncated') && answer.kind === 'answer') return { ...answer, body: cutShort(answer.body) };
  return undefined;
}
