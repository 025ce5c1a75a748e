/** An observable value: `subscribe` and `getSnapshot`, as React's `useSyncExternalStore` takes them.
 *
 * A snapshot never changes. The same snapshot is returned until the value changes. All changes of
 * one step of the event loop reach the listeners together.
 */

import { tell } from "./errors.js";

/**
 * @template T
 * @typedef {{subscribe: (listener: () => void) => () => void, getSnapshot: () => T}} Observable
 */

/** @template T */
export class Store {
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** @type {() => T} */
  #make;
  /** Null: it must be made. @type {T | null} */
  #snapshot = null;
  #scheduled = false;

  /** @param {() => T} make makes a frozen snapshot */
  constructor(make) {
    this.#make = make;
  }

  /** @returns {T} */
  getSnapshot = () => (this.#snapshot ??= this.#make());

  /**
   * Calls `listener` after every change. Returns a function that ends this.
   * @param {() => void} listener
   * @returns {() => void}
   */
  subscribe = (listener) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  get observed() {
    return this.#listeners.size > 0;
  }

  changed() {
    this.#snapshot = null;
    if (this.#scheduled || !this.observed) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      tell(this.#listeners);
    });
  }
}
