/** Delays before the next attempt. A random part spreads the clients of a server that comes back. */

const LONGEST = 30_000;

/**
 * A random time of up to 1, 2, 4 … 30 seconds, in milliseconds.
 * @param {number} attempt from 0
 */
export function reconnectDelay(attempt) {
  return Math.random() * Math.min(LONGEST, 1000 * 2 ** Math.min(attempt, 16));
}

/**
 * How long to wait after a refusal: the server's `retry_after`, with a random part on top.
 * @param {{retryAfter: number | null}} error
 * @param {number} attempt from 0
 */
export function retryDelay(error, attempt) {
  const least = error.retryAfter === null ? 1000 : error.retryAfter * 1000;
  return least + Math.random() * Math.min(LONGEST, 250 * 2 ** Math.min(attempt, 16));
}

/** @param {number} milliseconds */
export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
