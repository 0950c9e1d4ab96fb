/** What a refused or lost connection asks for: another attempt, or a person (protocol reference 1.2). */
import type { RestFailure } from './rest-answer.ts';

export type Remedy = 'retry' | 'stop';

/** Answers to the upgrade that no repetition changes: a wrong address, a ban, missing rights. */
const UPGRADES_TO_STOP_AT: readonly number[] = [400, 401, 403, 404];
/** Policy violation: the venue says that reconnecting makes it worse. */
const CLOSE_POLICY_VIOLATION = 1008;

/** Remedy for an HTTP status other than 101 in answer to the upgrade. */
export function remedyForUpgrade(status: number): Remedy {
  return UPGRADES_TO_STOP_AT.includes(status) ? 'stop' : 'retry';
}

/** Remedy for a close code; 1006 stands for a connection that was cut without one. */
export function remedyForClose(code: number): Remedy {
  return code === CLOSE_POLICY_VIOLATION ? 'stop' : 'retry';
}

/** Remedy for what the venue says of a key: rights that are missing only a person can give. */
export function remedyForKey(topic: RestFailure['topic']): Remedy {
  return ['credentials', 'permission', 'unknown_method'].includes(topic) ? 'stop' : 'retry';
}

/** Refusals of a subscription that no repetition changes: the venue does not have what was asked for. */
export function isFinalRefusal(error: string): boolean {
  return /not supported|not found/i.test(error);
}
