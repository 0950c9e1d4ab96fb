/** What a refusal of the venue asks for: another attempt, or a person (protocol reference 1.2, 3.6). */
import type { RestFailure } from './rest-answer.ts';

/** Remedy for what the venue says of a key: rights that are missing only a person can give. */
export function remedyForKey(topic: RestFailure['topic']): 'retry' | 'stop' {
  return ['credentials', 'permission', 'unknown_method', 'key_lost'].includes(topic) ? 'stop' : 'retry';
}
