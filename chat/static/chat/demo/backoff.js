/** Delays between attempts: each longer than the last, with a random part. */

/** Milliseconds to wait after `attempt` (from 0) failed: 50 to 100 % of a step that doubles. */
export function backoff(attempt, { first = 500, longest = 15000 } = {}) {
  const step = Math.min(longest, first * 2 ** Math.min(attempt, 16));
  return step * (0.5 + Math.random() / 2);
}

/** How long to wait after `error`: the server's `retry_after` if there is one. */
export function waitAfter(error, attempt) {
  return error.retry_after ? error.retry_after * 1000 * (1 + Math.random() / 4) : backoff(attempt);
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
