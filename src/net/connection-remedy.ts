/** What a refused or lost connection asks for: another attempt, or a late one. */

/**
 * What to do about a connection that failed. `retry_late`: the venue or the edge before it refused, which may be a ban,
 * a rate limit, a challenge page or a wrong address. Attempts in quick succession make it worse, none at all would leave
 * the engine without market data for good.
 */
export type ConnectionRemedy = 'retry' | 'retry_late';

const HTTP_REQUEST_TIMEOUT = 408;
/** Policy violation: the other side says that reconnecting makes it worse. */
const CLOSE_POLICY_VIOLATION = 1008;

/** Remedy for an HTTP status other than 101 in answer to the upgrade: a 4xx refuses the client, all else is the server's trouble. */
export function remedyForUpgrade(status: number): ConnectionRemedy {
  return status >= 400 && status < 500 && status !== HTTP_REQUEST_TIMEOUT ? 'retry_late' : 'retry';
}

/** Remedy for a close code; 1006 stands for a connection that was cut without one. */
export function remedyForClose(code: number): ConnectionRemedy {
  return code === CLOSE_POLICY_VIOLATION ? 'retry_late' : 'retry';
}
