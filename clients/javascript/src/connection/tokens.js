/** The token of the person: the app's `token` function makes it, REST and the socket share it. */

import { ChatError, noAnswer } from "../errors.js";

/**
 * @typedef {(hint: {expired: boolean}) => Promise<string | null> | string | null} TokenFunction
 *   returns a token, or null if nobody is signed in; `expired` asks for another one than before
 */

const TIMEOUT = 30_000;

export class Tokens {
  current = "";
  #make;
  /** @type {Promise<string> | null} */
  #making = null;

  /** @param {TokenFunction} make */
  constructor(make) {
    this.#make = make;
  }

  /** Asks for a token. Requests at the same time share one call.
   * Rejects with `not_authenticated` if nobody is signed in.
   * @param {{expired?: boolean}} [options]
   * @returns {Promise<string>} */
  fresh({ expired = false } = {}) {
    this.#making ??= this.#ask(expired).finally(() => (this.#making = null));
    return this.#making;
  }

  /** @param {boolean} expired @returns {Promise<string>} */
  async #ask(expired) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(noAnswer("`token` gave no token in time.")), TIMEOUT);
    });
    try {
      const token = await Promise.race([this.#make({ expired }), late]);
      if (!token) {
        throw new ChatError({ code: "not_authenticated", status: 401, detail: "Nobody is signed in." });
      }
      return (this.current = String(token));
    } finally {
      clearTimeout(timer);
    }
  }
}
