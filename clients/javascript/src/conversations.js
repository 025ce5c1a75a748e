/** All conversations of the person, and the list of them. */

import { Followed } from "./followed.js";
import { Store } from "./store.js";

/**
 * @typedef {import("./model/conversation.js").ConversationData} ConversationData
 *
 * @typedef {object} ListSnapshot
 * @property {boolean} isLoaded whether the list was loaded once
 * @property {readonly ConversationData[]} items the latest activity first
 */

/** @extends {Store<ListSnapshot>} */
export class Conversations extends Store {
  /** @type {Map<string, Followed>} */
  #all = new Map();
  #parts;
  #isLoaded = false;

  /** @param {import("./parts.js").Parts} parts */
  constructor(parts) {
    super(() => this.#snapshot());
    this.#parts = parts;
  }

  /** The conversation with this id, whether the person is in it or not. It stays the same object
   * while the app uses it. @param {string} id */
  get(id) {
    const conversation = this.#all.get(id) ?? new Followed(id, this.#parts);
    this.#all.set(id, conversation);
    return conversation;
  }

  /** Returns a conversation in which the person is; null if it is not known. @param {string} id */
  known(id) {
    const conversation = this.#all.get(id);
    return conversation?.model ? conversation : null;
  }

  /** The conversations in which the person is. */
  get all() {
    return [...this.#all.values()].filter(({ model }) => model);
  }

  /** @param {Followed} [conversation] */
  changed(conversation) {
    conversation?.changed();
    super.changed();
  }

  loaded() {
    this.#isLoaded = true;
    this.changed();
  }

  /** @returns {ListSnapshot} */
  #snapshot() {
    for (const [id, conversation] of this.#all) {
      if (!conversation.model && !conversation.inUse) this.#all.delete(id);
    }
    // Times of the server are of one form.
    const all = this.all.sort(({ activeAt: one }, { activeAt: other }) => Number(other > one) - Number(other < one));
    const items = all.flatMap((one) => one.getSnapshot().conversation ?? []);
    return Object.freeze({ isLoaded: this.#isLoaded, items: Object.freeze(items) });
  }
}
