/** Questions that one request can ask together. */

/** What one request may name. */
const MAX_IDS = 100;

/** @template T */
export class Batches {
  #ask;
  /** The next request. @type {{promises: Map<string, Promise<T | null>>, answers: Promise<Map<string, T>>} | null} */
  #next = null;
  /** Requests that were not answered. */
  #open = 0;

  /** @param {(ids: string[]) => Promise<Map<string, T>>} ask the answers by id */
  constructor(ask) {
    this.#ask = ask;
  }

  get isIdle() {
    return this.#open === 0;
  }

  /** Asks together with the others of this step of the event loop. Resolves to null if the answer does
   * not name it. @param {string} id @returns {Promise<T | null>} */
  ask(id) {
    const next = (this.#next ??= this.#begin());
    const asked = next.promises.get(id) ?? next.answers.then((answers) => answers.get(id) ?? null);
    next.promises.set(id, asked);
    if (next.promises.size === MAX_IDS) this.#next = null;
    return asked;
  }

  #begin() {
    const promises = /** @type {Map<string, Promise<T | null>>} */ (new Map());
    this.#open += 1;
    const answers = Promise.resolve()
      .then(() => {
        if (this.#next?.promises === promises) this.#next = null;
        return this.#ask([...promises.keys()]);
      })
      .finally(() => (this.#open -= 1));
    return { promises, answers };
  }
}
