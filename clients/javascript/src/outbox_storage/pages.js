/** The pages of this browser that keep messages: each holds a lock for as long as it lives.
 *
 * A page that gets the lock of another page knows that the other one has ended. Outside of secure
 * contexts, browsers have no locks. A page then inherits once, as it opens, from all others: the
 * `client_id` keeps a message from being stored twice.
 */

import { randomId } from "../ids.js";

/** @typedef {(page: string) => Promise<void>} Inherit takes over the messages of a page that has ended */

export class Pages {
  /** The id of this page, for one run of it. */
  own = randomId();
  #name;
  #locks = globalThis.navigator?.locks;
  /** @type {BroadcastChannel | null} */
  #channel = null;
  /** The pages whose end is waited for. @type {Set<string>} */
  #followed = new Set();
  #closing = new AbortController();

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
  }

  /** Takes the lock of this page, until `close`. */
  async open() {
    const { signal } = this.#closing;
    const closed = new Promise((resolve) => signal.addEventListener("abort", resolve));
    await new Promise((resolve, reject) => {
      const held = this.#locks?.request(this.#lock(this.own), () => {
        resolve(null);
        return closed;
      });
      if (held) held.catch(reject);
      else resolve(null);
    });
  }

  /** Inherits from these pages, and from later ones, as each ends. Resolves when the first ones were
   * asked. @param {string[]} left @param {Inherit} inherit */
  async inherit(left, inherit) {
    const hears = this.#locks && typeof BroadcastChannel === "function";
    if (hears && !this.#closing.signal.aborted) {
      this.#channel = new BroadcastChannel(this.#name);
      this.#channel.onmessage = ({ data }) => void this.#follow(data, inherit);
    }
    this.tell(); // pages that looked before this one had stored anything
    await Promise.all(left.map((page) => this.#follow(page, inherit)));
  }

  /** Tells the other pages that there is something to inherit from this one. */
  tell() {
    this.#channel?.postMessage(this.own);
  }

  close() {
    this.#closing.abort();
    this.#channel?.close();
  }

  /** @param {string} page @param {Inherit} inherit */
  async #follow(page, inherit) {
    if (page === this.own || this.#followed.has(page)) return;
    this.#followed.add(page);
    const hasEnded = await this.#request(page, { ifAvailable: true }, inherit);
    if (hasEnded) this.#followed.delete(page);
    else this.#waitFor(page, inherit);
  }

  /** @param {string} page @param {Inherit} inherit */
  async #waitFor(page, inherit) {
    try {
      await this.#request(page, { signal: this.#closing.signal }, inherit);
    } catch {
      // Closed.
    }
    this.#followed.delete(page);
  }

  /** Returns whether the lock was given. @param {string} page
   * @param {LockOptions} options @param {Inherit} inherit @returns {Promise<boolean>} */
  async #request(page, options, inherit) {
    const granted = async (/** @type {unknown} */ lock) => {
      if (lock !== null) await inherit(page);
      return lock !== null;
    };
    return this.#locks ? this.#locks.request(this.#lock(page), options, granted) : granted(undefined);
  }

  /** @param {string} page */
  #lock(page) {
    return `${this.#name}.${page}`;
  }
}
