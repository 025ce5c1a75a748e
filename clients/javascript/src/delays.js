/** Delays before the next attempt. A random part spreads the clients of a server that comes back. */

const LONGEST = 30_000;

/**
 * A random time of up to 1, 2, 4 … 30 seconds, in milliseconds.
 * @param {number} attempt from 0
 */
export function reconnectDelay(attempt) {
  return Math.random() * Math.min(LONGEST, 1000 * 2 ** attempt);
}

/**
 * How long to wait after a refusal: the server's `retry_after`, with a random part on top.
 * @param {{retryAfter: number | null}} error
 * @param {number} attempt from 0
 */
export function retryDelay(error, attempt) {
  return (error.retryAfter ?? 1) * 1000 + Math.random() * Math.min(LONGEST, 250 * 2 ** attempt);
}

/** @param {number} milliseconds */
export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Repeats idempotent work until there is a final answer. Rejects with a refusal.
 * @param {() => Promise<any>} work
 * @param {(attempt: number) => boolean} isWanted whether to work (again)
 * @returns {Promise<any>} the answer; undefined if it is not wanted any more */
export async function repeat(work, isWanted) {
  for (let attempt = 0; isWanted(attempt); attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const failure = /** @type {import("./errors.js").ChatError} */ (error);
      if (!failure.passing) throw error;
      if (isWanted(attempt)) await pause(retryDelay(failure, attempt));
    }
  }
}
