/** REST, under /api/v1. Failures are `ChatError`s. */

import { repeat } from "../delays.js";
import { ChatError, noAnswer, sessionEnded } from "../errors.js";

/** @typedef {{query?: Record<string, unknown>, body?: object}} RequestOptions */

const TIMEOUT = 15_000;
/** How many requests `persist` sends at the same time. More would wait in the browser, and the time of
 * each would pass. */
const MAX_AT_ONCE = 6;

export class Rest {
  #base;
  #tokens;
  #onRevoked;
  /** Requests of `persist` that are on their way. @type {Set<Promise<any>>} */
  #open = new Set();

  /**
   * @param {string} url where the server is, without a slash at its end
   * @param {import("./tokens.js").Tokens} tokens
   * @param {() => void} onRevoked the person was logged out or banned
   */
  constructor(url, tokens, onRevoked) {
    this.#base = `${url}/api/v1/`;
    this.#tokens = tokens;
    this.#onRevoked = onRevoked;
  }

  /** Sends one request. An expired token is replaced, and the request sent again, unless the session has
   * ended: the next token may be another person's.
   * @param {string} method
   * @param {string} path below /api/v1, without a slash at its beginning
   * @param {RequestOptions} [options]
   * @returns {Promise<any>} the answer; null after 204 */
  async request(method, path, options = {}) {
    const tokens = this.#tokens;
    const calls = tokens.calls;
    try {
      return await this.#send(tokens.current || (await tokens.fresh()), method, path, options);
    } catch (error) {
      if (calls !== tokens.calls) throw sessionEnded();
      const code = /** @type {ChatError} */ (error).code;
      if (code === "token_revoked" || code === "banned") this.#onRevoked();
      if (code !== "token_expired") throw error;
    }
    return this.#send(await tokens.fresh({ expired: true }), method, path, options);
  }

  /** Repeats an idempotent request until there is a final answer. Rejects if the session ends.
   * @param {string} method @param {string} path @param {RequestOptions} options
   * @param {(attempt: number) => boolean} isWanted whether to send it (again)
   * @returns {Promise<any>} the answer; undefined if it is not wanted any more */
  async persist(method, path, options, isWanted) {
    const calls = this.#tokens.calls;
    const isDue = (/** @type {number} */ attempt) => {
      if (calls !== this.#tokens.calls) throw sessionEnded();
      return isWanted(attempt);
    };
    const answer = await repeat(async () => {
      while (this.#open.size >= MAX_AT_ONCE) await Promise.race(this.#open).catch(() => {});
      if (!isDue(0)) return;
      const request = this.request(method, path, options).finally(() => this.#open.delete(request));
      this.#open.add(request);
      return request;
    }, isDue);
    return isDue(0) ? answer : undefined;
  }

  /** @param {string} token @param {string} method @param {string} path @param {RequestOptions} options */
  async #send(token, method, path, { query = {}, body }) {
    const url = new URL(path, this.#base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) url.searchParams.set(name, String(value));
    }
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    let response, answer;
    try {
      const signal = AbortSignal.timeout(TIMEOUT);
      response = await fetch(url, { method, headers, body: body && JSON.stringify(body), signal });
      if (response.status === 204) return null;
      answer = await response.json().catch((error) => {
        if (!(error instanceof SyntaxError)) throw error;
      });
    } catch {
      throw noAnswer();
    }
    if (response.ok && answer !== undefined) return answer;
    throw refusal(response, answer);
  }
}

/** @param {string} id */
export function conversationPath(id) {
  return `conversations/${encodeURIComponent(id)}`;
}

/** Reads problem+json. From any other answer, such as a proxy's page, it takes the status.
 * @param {Response} response @param {any} problem */
function refusal(response, problem) {
  return new ChatError({
    ...(problem?.code ? problem : { code: "unreadable", detail: "The answer cannot be read." }),
    status: response.ok ? 0 : response.status,
    retry_after: Number(response.headers.get("Retry-After")) || null,
  });
}
