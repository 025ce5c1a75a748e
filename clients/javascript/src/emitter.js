/** Events for callbacks, and for an async iterator. */

import { ChatError, tell } from "./errors.js";

/** An iterator that its reader does not follow ends with an error, rather than with a silent gap. */
const MAX_UNREAD = 10_000;

/** @typedef {import("./events.js").ChatEvent} ChatEvent */

export class Emitter {
  /** @type {Map<string, Set<(event: any) => void>>} */
  #listeners = new Map();

  /**
   * Calls `listener` at every event of a type; `*` stands for all. Returns a function that ends
   * this.
   * @template {ChatEvent["type"] | "*"} K
   * @param {K} type
   * @param {(event: import("./events.js").EventOf<K>) => void} listener
   * @returns {() => void}
   */
  on(type, listener) {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** @param {ChatEvent} event */
  emit(event) {
    for (const type of [event.type, "*"]) tell(this.#listeners.get(type) ?? [], event);
  }

  /**
   * The events from now on. The iterator ends with `return`, as at the end of a `for await` loop.
   * @returns {AsyncGenerator<ChatEvent, void, void>}
   */
  events() {
    /** The last entry is null if later events did not fit. @type {(ChatEvent | null)[]} */
    const unread = [];
    let wake = /** @type {any} */ (() => {});
    const stop = this.on("*", (event) => {
      if (unread.length <= MAX_UNREAD) unread.push(unread.length < MAX_UNREAD ? event : null);
      wake();
    });
    const read = async function* () {
      try {
        for (;;) {
          while (unread.length > 0) {
            const event = unread.shift();
            if (!event) throw new ChatError({ code: "events_lost" });
            yield event;
          }
          await new Promise((resolve) => (wake = resolve));
        }
      } finally {
        stop();
      }
    };
    return read();
  }
}
