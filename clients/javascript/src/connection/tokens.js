/** The token of the person: the app's `token` function makes it, REST and the socket share it. */

import { ChatError, noAnswer, sessionEnded } from "../errors.js";

/**
 * @typedef {(hint: {expired: boolean}) => Promise<string | null> | string | null} TokenFunction
 *   returns a token, or null if nobody is signed in; `expired` asks for another one than before. If it
 *   fails, or takes longer than 30 seconds, the client tries again later
 */

const TIMEOUT = 30_000;

export class Tokens {
  current = "";
  #make;
  /** The calls of the token function that run, by `expired`. A sign-out replaces this object: the tokens
   * and answers that were requested before it are not used. @type {Record<string, Promise<string>>} */
  calls = {};

  /** @param {TokenFunction} make */
  constructor(make) {
    this.#make = make;
  }

  /** Asks for a token. Requests at the same time share one call; a request for another token does not
   * share a call that may return the expired one. Rejects with a `ChatError`: with `not_authenticated`
   * if nobody is signed in.
   * @param {{expired?: boolean}} [options]
   * @returns {Promise<string>} */
  fresh({ expired = false } = {}) {
    const { calls } = this;
    const key = Number(expired);
    return (calls[key] ??= this.#ask(expired)
      .then((token) => (calls === this.calls ? (this.current = token) : Promise.reject(sessionEnded())))
      .finally(() => delete calls[key]));
  }

  /** Forgets the token after a sign-out: the next person has another one. */
  forget() {
    this.current = "";
    this.calls = {};
  }

  /** @param {boolean} expired @returns {Promise<string>} */
  async #ask(expired) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const late = new Promise((_, reject) => (timer = setTimeout(reject, TIMEOUT, "late")));
    let token;
    try {
      token = await Promise.race([this.#make({ expired }), late]);
    } catch (error) {
      console.warn("`token` failed:", error);
      throw noAnswer("`token` failed.");
    } finally {
      clearTimeout(timer);
    }
    token = token && String(token).trim();
    if (token) return token;
    throw new ChatError({ code: "not_authenticated", status: 401, detail: "Nobody is signed in." });
  }
}
