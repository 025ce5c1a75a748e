/** Waiting between attempts: longer each time, and never everybody at the same moment. */

/** Milliseconds to wait after the failure of `attempt` (from 0): half a doubling step or more. */
export function backoff(attempt, { first = 500, longest = 15000 } = {}) {
  const step = Math.min(longest, first * 2 ** Math.min(attempt, 16));
  return step * (0.5 + Math.random() / 2);
}

/** How long to wait after `error`: what the server asked for, if it asked. */
export function waitAfter(error, attempt) {
  return error.retry_after ? error.retry_after * 1000 * (1 + Math.random() / 4) : backoff(attempt);
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
