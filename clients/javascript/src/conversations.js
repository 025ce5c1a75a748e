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

export class Conversations {
  /** @type {Map<string, Followed>} */
  #all = new Map();
  #parts;
  #isLoaded = false;
  #store;

  /** @param {import("./parts.js").Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#store = new Store(() => this.#snapshot());
    this.subscribe = this.#store.subscribe;
    this.getSnapshot = this.#store.getSnapshot;
  }

  /** The conversation with this id, whether the person is in it or not. It stays the same object
   * while the app uses it. @param {string} id */
  get(id) {
    const conversation = this.#all.get(id) ?? new Followed(id, this.#parts);
    this.#all.set(id, conversation);
    return conversation;
  }

  /** The one that the person is in, as far as is known. @param {string} id */
  known(id) {
    const conversation = this.#all.get(id);
    return conversation?.model ? conversation : null;
  }

  /** The conversations in which the person is. */
  get all() {
    return [...this.#all.values()].filter((conversation) => conversation.model !== null);
  }

  /** The conversations that the app shows. */
  get shown() {
    return this.all.filter((conversation) => conversation.shows > 0);
  }

  /** The person is no longer in it. @param {Followed} conversation */
  end(conversation) {
    conversation.end();
    this.changed(conversation);
  }

  /** @param {Followed} [conversation] */
  changed(conversation) {
    conversation?.changed();
    this.#store.changed();
  }

  loaded() {
    this.#isLoaded = true;
    this.#store.changed();
  }

  /** @returns {ListSnapshot} */
  #snapshot() {
    for (const [id, conversation] of this.#all) {
      if (!conversation.model && !conversation.inUse) this.#all.delete(id);
    }
    const all = this.all.map((one) => ({ at: one.activeAt, item: one.getSnapshot().conversation }));
    // Times of the server are of one form.
    all.sort(({ at: one }, { at: other }) => Number(other > one) - Number(other < one));
    const items = all.flatMap(({ item }) => item ?? []);
    return Object.freeze({ isLoaded: this.#isLoaded, items: Object.freeze(items) });
  }
}
