/** Events for callbacks, and for an async iterator. */

import { ChatError } from "./errors.js";

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
    for (const type of [event.type, "*"]) {
      for (const listener of [...(this.#listeners.get(type) ?? [])]) {
        try {
          listener(event);
        } catch (error) {
          // A mistake in an app must not stop the client.
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    }
  }

  /**
   * The events from now on. The iterator ends with `return`, as at the end of a `for await` loop.
   * @returns {AsyncGenerator<ChatEvent, void, void>}
   */
  events() {
    /** @type {ChatEvent[]} */
    const unread = [];
    let wake = () => {};
    let lost = false;
    const stop = this.on("*", (event) => {
      if (unread.length < MAX_UNREAD) unread.push(event);
      else lost = true;
      wake();
    });
    const read = async function* () {
      try {
        for (;;) {
          while (unread.length > 0) yield /** @type {ChatEvent} */ (unread.shift());
          if (lost) {
            throw new ChatError({ code: "events_lost", detail: "Events came faster than they were read." });
          }
          await new Promise((resolve) => (wake = () => resolve(undefined)));
        }
      } finally {
        stop();
      }
    };
    return read();
  }
}
