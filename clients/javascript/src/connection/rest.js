/** REST, under /api/v1. Failures are `ChatError`s. */

import { pause, retryDelay } from "../delays.js";
import { ChatError, noAnswer } from "../errors.js";

/** @typedef {{query?: Record<string, unknown>, body?: object}} RequestOptions */

const TIMEOUT = 15_000;

export class Rest {
  #base;
  #tokens;
  #onRevoked;

  /**
   * @param {object} options
   * @param {string} options.url where the server is
   * @param {import("./tokens.js").Tokens} options.tokens
   * @param {() => void} options.onRevoked the person was logged out or banned
   */
  constructor({ url, tokens, onRevoked }) {
    this.#base = `${url.replace(/\/+$/, "")}/api/v1/`;
    this.#tokens = tokens;
    this.#onRevoked = onRevoked;
  }

  /** Sends one request. An expired token is replaced, and the request sent again.
   * @param {string} method
   * @param {string} path below /api/v1, without a slash at its beginning
   * @param {RequestOptions} [options]
   * @returns {Promise<any>} the answer; null after 204 */
  async request(method, path, options = {}) {
    if (!this.#tokens.current) await this.#tokens.fresh();
    try {
      return await this.#send(method, path, options);
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      if (error.code === "token_revoked" || error.code === "banned") this.#onRevoked();
      if (error.code !== "token_expired") throw error;
    }
    await this.#tokens.fresh({ expired: true });
    return this.#send(method, path, options);
  }

  /** Repeats a request that a repetition cannot harm, until there is a final answer.
   * @param {string} method @param {string} path @param {RequestOptions} options
   * @param {(attempt: number) => boolean} isWanted whether to send it (again)
   * @returns {Promise<any>} the answer; undefined if it is not wanted any more */
  async persist(method, path, options, isWanted) {
    for (let attempt = 0; isWanted(attempt); attempt += 1) {
      try {
        const answer = await this.request(method, path, options);
        return isWanted(attempt) ? answer : undefined;
      } catch (error) {
        if (!(error instanceof ChatError) || !error.passing) throw error;
        await pause(retryDelay(error, attempt));
      }
    }
  }

  /** @param {string} method @param {string} path @param {RequestOptions} options */
  async #send(method, path, { query = {}, body }) {
    const url = new URL(path, this.#base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) url.searchParams.set(name, String(value));
    }
    /** @type {Record<string, string>} */
    const headers = { Authorization: `Bearer ${this.#tokens.current}`, Accept: "application/json" };
    if (body) headers["Content-Type"] = "application/json";
    let response, answer;
    try {
      const signal = AbortSignal.timeout(TIMEOUT);
      response = await fetch(url, { method, headers, body: body && JSON.stringify(body), signal });
      if (response.status === 204) return null;
      answer = await response.text();
    } catch {
      throw noAnswer("The server cannot be reached.");
    }
    const read = parsed(answer);
    if (response.ok && read !== undefined) return read;
    throw refusal(response, read);
  }
}

/** @param {string} id */
export function conversationPath(id) {
  return `conversations/${encodeURIComponent(id)}`;
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads problem+json. From any other answer, such as a proxy's page, it takes the status.
 * @param {Response} response @param {any} problem */
function refusal(response, problem) {
  const after = Number(response.headers.get("Retry-After"));
  const unreadable = { code: "unreadable", detail: "The server gave no readable answer." };
  return new ChatError({
    ...(problem?.code ? problem : unreadable),
    status: response.ok ? 0 : response.status,
    retry_after: after > 0 ? after : null,
  });
}
