/** An observable value: `subscribe` and `getSnapshot`, as React's `useSyncExternalStore` takes them.
 *
 * A snapshot never changes. The same snapshot is returned until the value changes. All changes of
 * one step of the event loop reach the listeners together.
 */

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
  /** @type {T | undefined} */
  #snapshot;
  #stale = true;
  #scheduled = false;

  /** @param {() => T} make makes a frozen snapshot */
  constructor(make) {
    this.#make = make;
  }

  /** @returns {T} */
  getSnapshot = () => {
    if (this.#stale) {
      this.#snapshot = this.#make();
      this.#stale = false;
    }
    return /** @type {T} */ (this.#snapshot);
  };

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
    this.#stale = true;
    if (this.#scheduled || !this.observed) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
